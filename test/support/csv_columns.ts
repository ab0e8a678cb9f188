import { readFileSync } from 'node:fs';

/** The columns of a file with a header line, as texts by name. */
export function readColumns(file: string, separator: string): ReadonlyMap<string, readonly string[]> {
  const [header = [], ...rows] = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(separator));
  return new Map(header.map((name, i) => [name, rows.map((row) => row[i] ?? '')]));
}

/** The largest difference between two columns of numbers; infinite where they differ in length, NaN where one is no number. */
export function largestDifference(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length || a.length === 0) return Infinity;
  return a.reduce((worst, value, i) => {
    const difference = Math.abs(value - (b[i] ?? NaN));
    return difference > worst || Number.isNaN(difference) ? difference : worst;
  }, 0);
}
