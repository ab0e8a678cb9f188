import { lstatSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { UserError } from '../../errors.js';

/** What an address of a Unix socket can be long, its final 0 included. */
const MAX_PATH_BYTES = 108;

/**
 * Makes way for a Unix socket: removes the one that a server left behind which is no more.
 * @throws UserError when something else is there, or a server that answers.
 */
export async function clearSocketPath(path: string): Promise<void> {
  if (Buffer.byteLength(path) >= MAX_PATH_BYTES) {
    throw new UserError(
      `cannot listen on ${path}: the path of a socket has at most ${MAX_PATH_BYTES - 1} bytes, this one has ${Buffer.byteLength(path)}`,
    );
  }
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new UserError(`cannot listen on ${path}: it exists and is no socket`);
  if (await answers(path)) {
    throw new UserError(`cannot listen on ${path}: the socket is in use by another process`);
  }
  rmSync(path, { force: true });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
