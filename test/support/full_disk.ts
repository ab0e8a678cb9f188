import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * Runs a script in a process that may write no file above 64 KiB, so that a larger one fails as on a full disk, at any
 * user's hands. The script finds `folder` and, to import, `tf`.
 *
 * @returns What came of it: `done`, or the error's class and message.
 */
export async function runOnFullDisk(script: string, folder: string): Promise<string> {
  const tf = new URL('../../easyrec/tf/index.js', import.meta.url).href;
  const program = `
    const [tf, folder] = [${JSON.stringify(tf)}, process.argv[1]];
    try {
      ${script}
      console.log('done');
    } catch (error) {
      console.log(error.name, error.message);
    }
    process.exit();`;
  const { stdout } = await promisify(execFile)('sh', [
    '-c',
    `trap '' XFSZ; ulimit -f 64; exec "$0" --input-type=module -e "$1" "$2"`,
    process.execPath,
    program,
    folder,
  ]);
  return stdout.trim();
}
