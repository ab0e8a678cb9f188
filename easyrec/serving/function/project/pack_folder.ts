import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What stays at home: it is made anew where the function runs, or is none of its business. */
export const LEFT_OUT = ['.git', '.venv', 'node_modules', '__pycache__', '*.pyc', '.*.partial-*'] as const;

/**
 * A function's folder as a .tar.gz; links are followed, so that a model that lies elsewhere comes along.
 * @param handler the folder, and the handler's file in it.
 * @throws whatever `problem` makes of the message, when one of them is missing or the folder cannot be read.
 */
export async function packFolder(
  { folder, file }: { readonly folder: string; readonly file: string },
  problem: (message: string) => Error,
): Promise<Uint8Array> {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw problem(`expected the function's folder, there is none at ${folder}`);
  }
  if (!existsSync(join(folder, file)))
    throw problem(`expected the handler, there is none at ${join(folder, file)}`);
  const exclude = LEFT_OUT.map((name) => `--exclude=${name}`);
  const order = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner'];
  try {
    return await outputOf('tar', ['-czf', '-', '--dereference', ...order, ...exclude, '-C', folder, '.']);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw problem(`${folder} cannot be packed: ${reason}`);
  }
}

function outputOf(command: string, args: readonly string[]): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    let complaint = '';
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(chunks));
      else reject(new Error(complaint.trim() || `${command} ended with ${code ?? 'a signal'}`));
    });
  });
}
