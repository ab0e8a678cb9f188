import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { NativeError } from '../errors.js';

/**
 * Runs `body` while holding the lock `file`, which only one process has at a time, and waits until it is free. The
 * file's folder must exist; the file itself stays, empty.
 * @param onWait called once if another process holds the lock
 */
export async function withLock<T>(file: string, body: () => Promise<T>, onWait?: () => void): Promise<T> {
  const release = (await acquire(file, ['--nonblock'])) ?? (onWait?.(), await acquire(file, []));
  if (!release) throw new NativeError(`${file}: could not be locked`);
  try {
    return await body();
  } finally {
    await release();
  }
}

/**
 * Node has no flock(2), so the command of that name holds the lock for us, as long as our end of its pipe is open: the
 * kernel frees the lock however this process ends, and no sign of life has to be judged.
 * @returns how to give the lock back, or undefined when another process holds it and `options` say not to wait
 */
async function acquire(file: string, options: readonly string[]): Promise<(() => Promise<void>) | undefined> {
  const holder = spawn('flock', [...options, file, 'sh', '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const closed = once(holder, 'close');
  let errors = '';
  holder.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  // Either the command says that it has the lock, or it ends.
  const locked = await Promise.race([
    once(holder.stdout, 'data').then(() => true),
    closed.then(() => false),
  ]).catch((error: unknown) => {
    throw new NativeError(`${file} could not be locked: flock, of util-linux, does not run`, {
      cause: error,
    });
  });
  if (locked) {
    return async () => {
      holder.stdin.end();
      await closed;
    };
  }
  if (errors !== '') throw new NativeError(`${file} could not be locked: ${errors.trim()}`);
  return undefined;
}
