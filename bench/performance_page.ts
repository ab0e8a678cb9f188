import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ratesChart } from './chart.js';
import { betweenMarkers, resultsMarkdown } from './markdown.js';
import type { Results } from './results.js';

/** The page with the results between its markers. */
export function performancePage(page: string, results: Results): string {
  return betweenMarkers(page, 'results', resultsMarkdown(results));
}

/** Writes `performance.md`, whose text around the results stays, and `performance.svg`. */
export function writePage(directory: string, results: Results): void {
  const path = join(directory, 'performance.md');
  writeFileSync(path, performancePage(readFileSync(path, 'utf8'), results));
  writeFileSync(join(directory, 'performance.svg'), ratesChart(results));
}

/** Writes the results alone, as `performance.md` and `performance.svg`. */
export function writeResults(directory: string, results: Results): void {
  writeFileSync(join(directory, 'performance.md'), `${resultsMarkdown(results)}\n`);
  writeFileSync(join(directory, 'performance.svg'), ratesChart(results));
}
