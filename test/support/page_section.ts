import { readFileSync } from 'node:fs';
import { packageFile } from '../../easyrec/package_files.js';

/** The text of a page's section, from its heading of two `#` to the next such heading. */
export function pageSection(page: string, heading: string): string {
  const [, rest] = readFileSync(packageFile(page), 'utf8').split(`\n## ${heading}\n`);
  if (rest === undefined) throw new Error(`${page}: no section "${heading}"`);
  const [text = ''] = rest.split('\n## ');
  return text;
}
