import { ConfigError, type SourceLocation } from '../errors.js';
import { locationOf, oneofCase } from './message.js';

/** The row of a case that EasyRec has and this toolkit has not, so far. */
export const UNSUPPORTED = 'unsupported';

/** The names of a oneof's members. */
export type CaseName<M, O extends string> =
  M extends Readonly<Record<`which_${O}`, infer K>> ? Extract<K, keyof M & string> : never;

/** What each member of a oneof turns into: a table without a row for one of them does not compile. */
export type CaseTable<M, O extends string, R> = {
  readonly [K in CaseName<M, O>]: ((message: NonNullable<M[K]>) => R) | typeof UNSUPPORTED;
};

/** What a table's rows give. */
export type CaseResult<T> = T[keyof T] extends infer Row
  ? Row extends (message: never) => infer R
    ? R
    : never
  : never;

/**
 * What the table makes of the member of a oneof that is set.
 *
 * @param at where an error points to; default: the message's own place
 * @throws ConfigError when none is set, or one that is not supported yet
 */
export function fromCase<
  O extends string,
  M extends Readonly<Record<`which_${O}`, string | null>>,
  T extends CaseTable<M, O, unknown>,
>(
  message: M | null,
  oneof: O,
  table: T,
  at: SourceLocation | undefined = message === null ? undefined : locationOf(message),
): CaseResult<T> {
  const chosen = message === null ? null : oneofCase(message, oneof);
  // The table is typed against the oneof, so that each row takes what its member holds.
  const rows: Readonly<Record<string, ((value: never) => unknown) | typeof UNSUPPORTED>> = table;
  const make = chosen === null ? undefined : rows[chosen.case];
  if (chosen !== null && typeof make === 'function') return make(chosen.value as never) as CaseResult<T>;
  const known = Object.keys(rows).filter((name) => rows[name] !== UNSUPPORTED);
  const received = chosen === null ? 'none' : `${chosen.case}, which is not supported yet`;
  throw new ConfigError(`${oneof}: expected ${known.join(' or ')}, received ${received}`, { at });
}
