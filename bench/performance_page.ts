import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { packageFile } from '../easyrec/package_files.js';
import { ratesChart } from './chart.js';
import { betweenMarkers, resultsMarkdown } from './markdown.js';
import type { Results } from './results.js';

/** The page with text between the markers of a name, formatted as all pages are. */
export async function filledPage(page: string, name: string, text: string): Promise<string> {
  const filepath = packageFile('docs/performance.md');
  const options = await resolveConfig(filepath);
  return format(betweenMarkers(page, name, text), { ...options, filepath });
}

/** Writes `performance.md`, whose text around the results stays, and `performance.svg`. */
export async function writePage(directory: string, results: Results): Promise<void> {
  const path = join(directory, 'performance.md');
  writeFileSync(path, await filledPage(readFileSync(path, 'utf8'), 'results', resultsMarkdown(results)));
  writeFileSync(join(directory, 'performance.svg'), ratesChart(results));
}

/** Writes the results alone, as `performance.md` and `performance.svg`. */
export function writeResults(directory: string, results: Results): void {
  writeFileSync(join(directory, 'performance.md'), `${resultsMarkdown(results)}\n`);
  writeFileSync(join(directory, 'performance.svg'), ratesChart(results));
}
