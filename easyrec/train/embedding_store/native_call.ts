import { NativeError } from '../../errors.js';

/** Room for what a function of the library says when it fails. */
export const MESSAGE_BYTES = 4096;

/**
 * Runs a function of the library on a thread of its own, and gives what it gives.
 *
 * @throws NativeError with its message when that is a negative number
 */
export async function finished(
  what: string,
  call: (message: Uint8Array, done: (error: unknown, result: number) => void) => void,
): Promise<number> {
  const message = new Uint8Array(MESSAGE_BYTES);
  const result = await new Promise<number>((resolve, reject) => {
    call(message, (error, code) => {
      if (error === null || error === undefined) resolve(code);
      else reject(error instanceof Error ? error : new Error(`embedding store: ${what} failed`));
    });
  });
  if (result < 0) throw new NativeError(`embedding store: ${what}: ${textOf(message)}`);
  return result;
}

/** What a function wrote into its message. */
export function textOf(message: Uint8Array): string {
  return Buffer.from(message.subarray(0, message.indexOf(0))).toString('utf8');
}
