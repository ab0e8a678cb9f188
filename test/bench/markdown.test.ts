import assert from 'node:assert/strict';
import { test } from 'node:test';
import { betweenMarkers, resultsMarkdown, thousands, workloadTable } from '../../bench/markdown.js';
import { growthMarkdown, type GrowthPoint } from '../../bench/growth_table.js';
import { exampleResults } from './results_case.js';

test('rates are written in thousands with their spread', () => {
  assert.equal(thousands({ median: 118_400, least: 111_000, most: 121_499, runs: 3 }), '118 k (111–121)');
  assert.equal(thousands({ median: 3_400, least: 3_350, most: 9_900, runs: 3 }), '3.4 k (3.4–9.9)');
  assert.equal(thousands(null), '–');
});

test('a table compares systems run by run', () => {
  const table = workloadTable(exampleResults(), { workload: 'criteo', batch: 4096, threads: 2 });
  const [head = '', rule = '', ours = '', torch = '', ...rest] = table.split('\n');
  assert.deepEqual(rest, []);
  const cells = (line: string): string[] => line.split('|').map((cell) => cell.trim());
  assert.deepEqual(cells(head).slice(1, 6), [
    'system',
    'rows/s, model only',
    'ours / it',
    'rows/s, end to end',
    'ours / it',
  ]);
  assert.equal(cells(rule).length, cells(head).length);
  assert.deepEqual(cells(ours).slice(1, -1), [
    'this toolkit',
    '160 k (160–160)',
    '–',
    '95 k (90–100)',
    '–',
    '2.0 s',
    '2.00 GB',
    '0.7654',
  ]);
  // The ratios of the runs are 2 and 3; that of the medians would be 2.375.
  assert.deepEqual(cells(torch).slice(1, -1), [
    'PyTorch & co',
    '40 k (40–40)',
    '4.00×',
    '40 k (30–50)',
    '2.50×',
    '9.0 s',
    '6.00 GB',
    '0.7600',
  ]);
});

test('there is no table of a batch size that was not run', () => {
  assert.equal(workloadTable(exampleResults(), { workload: 'criteo', batch: 1024, threads: 2 }), '');
});

test('the page names machine, data, versions and commands', () => {
  const text = resultsMarkdown(exampleResults());
  for (const part of [
    'A CPU',
    '2 cores',
    'bench/run --rows 1000',
    '0.8000',
    'torch 2',
    'node main.js train',
  ]) {
    assert.ok(text.includes(part), `expected "${part}" in ${text}`);
  }
});

test('text between markers is replaced, the rest stays, and doing it twice changes nothing', () => {
  const page = 'above\n<!-- begin x -->\nold\n<!-- end x -->\nbelow\n';
  const once = betweenMarkers(page, 'x', 'new');
  assert.equal(once, 'above\n<!-- begin x -->\n\nnew\n\n<!-- end x -->\nbelow\n');
  assert.equal(betweenMarkers(once, 'x', 'new'), once);
});

test('a page without the markers is refused', () => {
  assert.throws(() => betweenMarkers('nothing', 'x', 'new'), /markers/);
  assert.throws(() => betweenMarkers('<!-- end x --> <!-- begin x -->', 'x', 'new'), /markers/);
});

test('growth is told in microseconds a row, against the smallest size', () => {
  const point = (size: number, run: number, rowsPerSecond: number): GrowthPoint => {
    return { kind: 'table rows', size, run, rowsPerSecond, peakRssMb: 1024 * run };
  };
  const points = [
    point(1000, 1, 100_000),
    point(10_000, 1, 80_000),
    point(1000, 2, 125_000),
    point(1000, 3, 50_000),
  ];
  const text = growthMarkdown({
    date: '2025-01-31',
    command: 'bench/growth',
    cpu: 'A CPU',
    points,
    commands: ['x'],
  });
  const cells = text
    .split('\n')
    .filter((line) => line.startsWith('| 1'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  assert.deepEqual(cells[0]?.slice(1, -1), ['1,000', '10.00 (8.00–20.00)', '+0 %', '2.00 GB']);
  assert.deepEqual(cells[1]?.slice(1, -1), ['10,000', '12.50 (12.50–12.50)', '+25 %', '1.00 GB']);
});
