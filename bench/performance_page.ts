import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { packageFile } from '../easyrec/package_files.js';
import { betweenMarkers } from './markdown.js';
import { log } from './program.js';

/** One benchmark's part of `docs/performance.md`, and the file in which its results are kept beside it. */
export interface Section<T> {
  /** Of the markers in the page that it stands between. */
  readonly name: string;
  /** Of the results' file, `<file>.json`; and of the files that are written outside of docs/. */
  readonly file: string;
  markdown(results: T): string;
  chart?(results: T): string;
}

/** Where results go. */
export interface Target {
  /** Into docs/. */
  readonly docs?: boolean | undefined;
  /** Default: experiments/bench. */
  readonly out?: string | undefined;
}

/** The page with text between the markers of a name, formatted as all pages are. */
export async function filledPage(page: string, name: string, text: string): Promise<string> {
  const filepath = packageFile('docs/performance.md');
  const options = await resolveConfig(filepath);
  return format(betweenMarkers(page, name, text), { ...options, filepath });
}

/** Writes a section's part of docs/performance.md anew from the results that are kept there. */
export async function renderSection<T>(section: Section<T>): Promise<void> {
  const text = readFileSync(join(packageFile('docs'), `${section.file}.json`), 'utf8');
  await writePage(section, JSON.parse(text) as T);
}

/** Writes results as JSON, Markdown and, if the section has one, a chart. */
export async function writeSection<T>(section: Section<T>, results: T, { docs, out }: Target): Promise<void> {
  const directory = docs === true ? packageFile('docs') : resolve(out ?? packageFile('experiments/bench'));
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, `${section.file}.json`), `${JSON.stringify(results, null, 1)}\n`);
  if (docs === true) await writePage(section, results);
  else {
    writeFileSync(join(directory, `${section.file}.md`), `${section.markdown(results)}\n`);
    writeChart(section, results, directory);
  }
  log(`wrote ${section.file}.json in ${directory}`);
}

/** The text around the section stays. */
async function writePage<T>(section: Section<T>, results: T): Promise<void> {
  const path = packageFile('docs/performance.md');
  const page = await filledPage(readFileSync(path, 'utf8'), section.name, section.markdown(results));
  writeFileSync(path, page);
  writeChart(section, results, packageFile('docs'));
}

function writeChart<T>(section: Section<T>, results: T, directory: string): void {
  if (section.chart !== undefined) {
    writeFileSync(join(directory, `${section.file}.svg`), section.chart(results));
  }
}
