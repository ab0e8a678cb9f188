import type { MessageTypes } from '../generated/types.js';

/** Whether, and for which values, a field of a config may be set. */
export type FieldRule<V> =
  | { readonly kind: 'honoured' }
  | { readonly kind: 'ignored'; readonly reason: string }
  | { readonly kind: 'when'; accepts(value: V): boolean; readonly expected: string };

type FieldNames<M> = Exclude<keyof M, `which_${string}`>;

/** The fields that may be set, by message; a field that is absent here may not, except to its default. */
export type SupportTable = {
  readonly [M in keyof MessageTypes]?: {
    readonly [F in FieldNames<MessageTypes[M]>]?: FieldRule<MessageTypes[M][F]>;
  };
};

/** The toolkit does what the field says. */
export const HONOURED: FieldRule<unknown> = { kind: 'honoured' };

/** The field may be set although it changes nothing, for the reason given. */
export function ignored(reason: string): FieldRule<unknown> {
  return { kind: 'ignored', reason };
}

/** Only these values are honoured. */
export function values<V extends string | number | boolean>(...allowed: readonly V[]): FieldRule<V> {
  return { kind: 'when', accepts: (value) => allowed.includes(value), expected: allowed.join(' or ') };
}

/**
 * Values that pass a test are honoured.
 * @param expected those values in words, for the error
 */
export function when<V>(accepts: (value: V) => boolean, expected: string): FieldRule<V> {
  return { kind: 'when', accepts, expected };
}

/** Many fields with one rule. */
export function all<K extends string>(
  rule: FieldRule<unknown>,
  ...names: readonly K[]
): Readonly<Record<K, FieldRule<unknown>>> {
  return Object.fromEntries(names.map((name) => [name, rule])) as Readonly<Record<K, FieldRule<unknown>>>;
}
