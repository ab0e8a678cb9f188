/** What an overlap method computes from the terms of a query and a title, neither empty. */
const METHODS = {
  query_common_ratio: (query: readonly string[], title: readonly string[]) =>
    Math.floor((10 * common(query, title)) / query.length),
  title_common_ratio: (query: readonly string[], title: readonly string[]) =>
    Math.min(100, Math.floor((100 * common(query, title)) / title.length)),
  is_contain: (query: readonly string[], title: readonly string[]) => Number(isSubsequence(query, title)),
  is_equal: (query: readonly string[], title: readonly string[]) =>
    Number(JSON.stringify(query) === JSON.stringify(title)),
};

export type OverlapMethod = keyof typeof METHODS;

export const OVERLAP_METHODS = Object.keys(METHODS) as OverlapMethod[];

export interface OverlapOptions {
  readonly methods: readonly OverlapMethod[];
  readonly separator: string;
  readonly defaultValue: number;
  readonly boundaries?: readonly number[];
}

/** The row of OverlapFgOp for one query and one title. */
export function overlapReference(query: Uint8Array, title: Uint8Array, options: OverlapOptions): number[] {
  const { methods, separator, defaultValue, boundaries = [] } = options;
  // latin1: one character a byte, so that comparing text compares bytes.
  const [a, b] = [query, title].map((text) =>
    Buffer.from(text)
      .toString('latin1')
      .split(Buffer.from(separator).toString('latin1'))
      .filter((term) => term !== ''),
  ) as [string[], string[]];
  const values = methods.map((method) =>
    a.length === 0 || b.length === 0 ? defaultValue : METHODS[method](a, b),
  );
  return boundaries.length === 0
    ? values
    : values.map((value) => boundaries.filter((boundary) => boundary <= value).length);
}

function common(query: readonly string[], title: readonly string[]): number {
  return query.filter((term) => title.includes(term)).length;
}

function isSubsequence(query: readonly string[], title: readonly string[]): boolean {
  if (query.length === 0) return true;
  const at = title.indexOf(query[0] ?? '');
  return at >= 0 && isSubsequence(query.slice(1), title.slice(at + 1));
}
