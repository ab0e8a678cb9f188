import type { PlainData } from '../../config/index.js';

/** One parameter of a component: how its value is checked, and what applies when it is not given. */
export interface Param<T> {
  /** In error messages: `a whole number >= 1`. */
  readonly expected: string;
  /** Undefined for a parameter that must be given. */
  readonly fallback: { readonly value: T } | undefined;
  /** The value; undefined when it is not of the expected kind. */
  readonly read: (value: PlainData) => T | undefined;
}

/** Limits of a number, both included. */
export interface Range {
  readonly min?: number;
  readonly max?: number;
}

function isWithin(value: number, { min = -Infinity, max = Infinity }: Range): boolean {
  return value >= min && value <= max;
}

function rangeText({ min, max }: Range): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` >= ${min}`;
  return max === undefined ? '' : ` <= ${max}`;
}

function make<T>(expected: string, fallback: T | undefined, read: Param<T>['read']): Param<T> {
  return { expected, fallback: fallback === undefined ? undefined : { value: fallback }, read };
}

function readNumber(range: Range): (value: PlainData) => number | undefined {
  return (value) => (typeof value === 'number' && isWithin(value, range) ? value : undefined);
}

function readInteger(range: Range): (value: PlainData) => number | undefined {
  return (value) =>
    typeof value === 'number' && Number.isInteger(value) && isWithin(value, range) ? value : undefined;
}

function readBoolean(value: PlainData): boolean | undefined {
  if (typeof value === 'boolean') return value;
  return value === 0 || value === 1 ? value === 1 : undefined;
}

function readString(value: PlainData): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function readList<T>(
  readItem: (item: PlainData) => T | undefined,
): (value: PlainData) => readonly T[] | undefined {
  return (value) => {
    // A list with one element may be written without brackets, as in repeated fields.
    const items = Array.isArray(value) ? (value as readonly PlainData[]) : [value];
    const read = items.map(readItem).filter((item): item is NonNullable<typeof item> => item !== undefined);
    return read.length === items.length ? read : undefined;
  };
}

/**
 * The kinds of parameters; without a default a parameter must be given.
 *
 * `params: { units: param.integer(), use_bias: param.boolean(true) }`
 */
export const param = {
  number: (fallback?: number, range: Range = {}): Param<number> =>
    make(`a number${rangeText(range)}`, fallback, readNumber(range)),
  integer: (fallback?: number, range: Range = {}): Param<number> =>
    make(`a whole number${rangeText(range)}`, fallback, readInteger(range)),
  boolean: (fallback?: boolean): Param<boolean> => make('true or false', fallback, readBoolean),
  string: (fallback?: string): Param<string> => make('a string', fallback, readString),
  numbers: (fallback?: readonly number[], range: Range = {}): Param<readonly number[]> =>
    make(`a list of numbers${rangeText(range)}`, fallback, readList(readNumber(range))),
  integers: (fallback?: readonly number[], range: Range = {}): Param<readonly number[]> =>
    make(`a list of whole numbers${rangeText(range)}`, fallback, readList(readInteger(range))),
  strings: (fallback?: readonly string[]): Param<readonly string[]> =>
    make('a list of strings', fallback, readList(readString)),
  /** The same parameter, null when it is not given. */
  optional: <T>(required: Param<T>): Param<T | null> => ({ ...required, fallback: { value: null } }),
} as const;
