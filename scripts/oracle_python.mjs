// node scripts/oracle_python.mjs VERSION   a Python environment in the cache folder with real TensorFlow VERSION, for
// tests to compare with. Prints the interpreter's path, or "skip: REASON" where no such TensorFlow is published for this
// machine's python3.
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  cacheDirectory,
  fetchInstallableWheel,
  transferLine,
  withLock,
} from '../dist/easyrec/setup/index.js';

const [version] = process.argv.slice(2);
const say = (message) => process.stderr.write(`${message}\n`);

function python(...args) {
  const { status, stdout, stderr, error } = spawnSync('python3', args, {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`python3 ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout.trim();
}

/** Complete or not there at all: `complete` is written last. */
async function install(wheel, environment) {
  say(`installing TensorFlow ${version} for Python, for tests to compare with, into ${environment}`);
  await rm(environment, { recursive: true, force: true });
  // Without pip in it: Debian's python3 cannot make that unless one more package is installed.
  python('-m', 'venv', '--without-pip', environment);
  const lib = join(environment, 'lib');
  const site = join(
    lib,
    (await readdir(lib)).find((name) => name.startsWith('python')) ?? '',
    'site-packages',
  );
  python('-m', 'pip', '--disable-pip-version-check', 'install', '--quiet', '--target', site, wheel);
  await writeFile(join(environment, 'complete'), '');
}

const name = python('-c', 'import sys; print("python%d.%d" % sys.version_info[:2])');
const folder = join(cacheDirectory(), 'oracles');
const environment = join(folder, `tensorflow-${version}-${name}`);
const interpreter = join(environment, 'bin', 'python');
await mkdir(folder, { recursive: true });
await withLock(`${environment}.lock`, async () => {
  if (!existsSync(join(environment, 'complete'))) {
    const log = { info: say, warn: say, debug: () => undefined };
    const wheel = await fetchInstallableWheel({ version, log, onProgress: transferLine(process.stderr) });
    if (wheel === undefined) {
      console.log(`skip: TensorFlow ${version} has no wheel for ${name} on ${process.arch}`);
      return;
    }
    await install(wheel, environment);
  }
  console.log(interpreter);
});
