import { UserError } from '../../errors.js';

/** Timers take no more milliseconds. */
export const MAX_MS = 2 ** 31 - 1;

/**
 * The integer that was given, if one was.
 * @param what such as `--port`, for the message.
 * @throws UserError when it is not from `least` to `most`.
 */
export function checkInteger(
  what: string,
  value: number | undefined,
  least: number,
  most: number,
): number | undefined {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return value;
  throw new UserError(`${what}: expected an integer from ${least} to ${most}, received ${value}`);
}
