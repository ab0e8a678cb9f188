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

/** What the table makes of the member of a oneof that is set; null where none is, or one that is not supported. */
export function findCase<
  O extends string,
  M extends Readonly<Record<`which_${O}`, string | null>>,
  T extends CaseTable<M, O, unknown>,
>(message: M, oneof: O, table: T): CaseResult<T> | null {
  const make = makerOf(message, oneof, table);
  return make === null ? null : (make() as CaseResult<T>);
}

/**
 * As `findCase`, for a member that must be there.
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
  const make = message === null ? null : makerOf(message, oneof, table);
  if (make !== null) return make() as CaseResult<T>;
  const rows: readonly (readonly [string, unknown])[] = Object.entries(table);
  const known = rows.filter(([, row]) => row !== UNSUPPORTED).map(([name]) => name);
  const chosen: string | null = message?.[`which_${oneof}`] ?? null;
  const received = chosen === null ? 'none' : `${chosen}, which is not supported yet`;
  throw new ConfigError(`${oneof}: expected ${known.join(' or ')}, received ${received}`, { at });
}

function makerOf<O extends string, M extends Readonly<Record<`which_${O}`, string | null>>>(
  message: M,
  oneof: O,
  table: CaseTable<M, O, unknown>,
): (() => unknown) | null {
  const chosen = oneofCase(message, oneof);
  // The table is typed against the oneof, so that each row takes what its member holds.
  const rows: Readonly<Record<string, ((value: never) => unknown) | typeof UNSUPPORTED>> = table;
  const make = chosen === null ? undefined : rows[chosen.case];
  return chosen === null || typeof make !== 'function' ? null : () => make(chosen.value as never);
}
