import type { ChildProcess } from 'node:child_process';
import { NativeError } from '../errors.js';

/**
 * A process that `spawn` has just returned. Without file descriptors for it, Node makes no streams, whatever their types
 * say, and tells of the error later, by an event that ends this process where nobody listens.
 *
 * @param what Is started, for the message.
 * @throws NativeError when no file descriptors are left.
 */
export function withStreams<Child extends ChildProcess>(what: string, child: Child): Child {
  if ((child.stdio as unknown) !== undefined) return child;
  child.on('error', () => undefined);
  throw new NativeError(`no file descriptors are left for ${what}`);
}
