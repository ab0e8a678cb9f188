import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ratesChart } from '../../bench/chart.js';
import { barChart } from '../../bench/svg.js';
import { exampleResults } from './results_case.js';

const summary = (median: number) => ({ median, least: median / 2, most: median * 2, runs: 3 });

/** Fails unless every element is closed in turn. */
function checkWellFormed(svg: string): void {
  const open: string[] = [];
  for (const [, slash, name = '', , selfClosing] of svg.matchAll(/<(\/?)(\w+)((?:"[^"]*"|[^">])*?)(\/?)>/g)) {
    if (slash === '/') assert.equal(open.pop(), name);
    else if (selfClosing !== '/') open.push(name);
  }
  assert.deepEqual(open, []);
}

test('bars are as long as their medians', () => {
  const bar = (median: number) => ({ label: 'b', value: summary(median), isOurs: false });
  const svg = barChart('t', [{ title: 'p', bars: [bar(10), bar(30)] }], String);
  const [first = NaN, second = NaN] = [...svg.matchAll(/<rect x="\d+" .*?width="([\d.]+)"/g)].map(
    ([, width]) => Number(width),
  );
  assert.ok(Math.abs(second / first - 3) < 0.01, `expected a ratio of 3, received ${first} and ${second}`);
  checkWellFormed(svg);
});

test('what XML takes for itself is escaped', () => {
  const bars = [{ label: 'a < b & "c"', value: summary(1), isOurs: true }];
  const svg = barChart('<t>', [{ title: '&', bars }], () => '<');
  checkWellFormed(svg);
  assert.ok(svg.includes('a &#60; b &#38; &#34;c&#34;'));
});

test('a chart without values is still one', () => {
  checkWellFormed(
    barChart('t', [{ title: 'p', bars: [{ label: 'x', value: summary(0), isOurs: true }] }], String),
  );
});

test('the rates of each kind of job stand in a panel of their own', () => {
  const svg = ratesChart(exampleResults());
  checkWellFormed(svg);
  assert.equal(svg.match(/<path /g)?.length, 4);
  assert.equal(svg.match(/font-weight="600"/g)?.length, 2);
});
