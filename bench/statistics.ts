/** What is quoted of several runs. */
export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly runs: number;
}

/** The middle value, or the mean of the two middle ones; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** Median and spread of the values that are numbers; null of none. */
export function summarize(values: readonly (number | null | undefined)[]): Summary | null {
  const known = values.filter((value): value is number => typeof value === 'number' && !Number.isNaN(value));
  if (known.length === 0) return null;
  return { median: median(known), least: Math.min(...known), most: Math.max(...known), runs: known.length };
}

/**
 * The ratios of two systems' values run by run, which a machine whose speed drifts disturbs less than the ratio of their
 * medians.
 */
export function ratios(
  ours: ReadonlyMap<number, number>,
  theirs: ReadonlyMap<number, number>,
): readonly number[] {
  return [...ours].flatMap(([run, value]) => {
    const other = theirs.get(run);
    return other === undefined || other === 0 ? [] : [value / other];
  });
}
