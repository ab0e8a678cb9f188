import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pageSection } from '../../support/page_section.js';
import { parseTutorial } from '../../support/tutorial.js';

/** Writes the files that a section of docs/function.md shows, and returns their names. */
export function writeGuideFiles(section: string, folder: string): readonly string[] {
  const fences = /^```\w+ title=\S+\n[\s\S]*?^```$/gm;
  const text = [...pageSection('docs/function.md', section).matchAll(fences)].join('\n');
  return parseTutorial(text).flatMap((block) => {
    if (block.kind !== 'file') return [];
    mkdirSync(dirname(join(folder, block.name)), { recursive: true });
    writeFileSync(join(folder, block.name), block.text);
    return [block.name];
  });
}
