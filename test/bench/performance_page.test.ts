import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ratesChart } from '../../bench/chart.js';
import { type Growth, growthMarkdown } from '../../bench/growth_table.js';
import { resultsMarkdown } from '../../bench/markdown.js';
import { filledPage } from '../../bench/performance_page.js';
import type { Results } from '../../bench/results.js';
import { packageFile } from '../../easyrec/package_files.js';

const read = (name: string): string => readFileSync(packageFile(`docs/${name}`), 'utf8');

test('docs/performance.md and .svg say what docs/performance.json holds', async () => {
  const results = JSON.parse(read('performance.json')) as Results;
  const page = read('performance.md');
  assert.equal(await filledPage(page, 'results', resultsMarkdown(results)), page, 'run bench/run --render');
  assert.equal(ratesChart(results), read('performance.svg'), 'run bench/run --render');
});

test('docs/performance.md says what docs/growth.json holds', async () => {
  const growth = JSON.parse(read('growth.json')) as Growth;
  const page = read('performance.md');
  assert.equal(await filledPage(page, 'growth', growthMarkdown(growth)), page, 'run bench/growth --render');
});
