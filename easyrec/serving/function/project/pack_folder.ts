import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { withStreams } from '../../with_streams.js';

/** What stays at home: it is made anew where the function runs, or is none of its business. */
export const LEFT_OUT = ['.git', '.venv', 'node_modules', '__pycache__', '*.pyc', '.*.partial-*'] as const;

/**
 * A function's folder as a .tar.gz, in pieces; links are followed, so that a model that lies elsewhere comes along.
 * @param handler the folder, and the handler's file in it.
 * @throws whatever `problem` makes of the message, when one of them is missing; the pieces do when the folder cannot be
 *   read.
 */
export function packFolder(
  { folder, file }: { readonly folder: string; readonly file: string },
  problem: (message: string) => Error,
): AsyncIterable<Uint8Array> {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw problem(`expected the function's folder, there is none at ${folder}`);
  }
  if (!existsSync(join(folder, file))) {
    throw problem(`expected the handler, there is none at ${join(folder, file)}`);
  }
  return pieces(folder, problem);
}

async function* pieces(
  folder: string,
  problem: (message: string) => Error,
): AsyncGenerator<Uint8Array, void, undefined> {
  const exclude = LEFT_OUT.map((name) => `--exclude=${name}`);
  const order = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner'];
  const args = ['-czf', '-', '--dereference', ...order, ...exclude, '-C', folder, '.'];
  const child = withStreams('tar', spawn('tar', args, { stdio: ['ignore', 'pipe', 'pipe'] }));
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) =>
      resolve(code === 0 ? '' : complaint.trim() || `tar ended with ${code ?? 'a signal'}`),
    );
  });
  try {
    yield* child.stdout as AsyncIterable<Uint8Array>;
    const reason = await ended;
    if (reason !== '') throw problem(`${folder} cannot be packed: ${reason}`);
  } finally {
    child.kill();
  }
}
