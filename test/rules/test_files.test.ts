import assert from 'node:assert/strict';
import { test } from 'node:test';
import { projectFiles } from './project_files.js';
import { repeatedTitles, testsWithoutAssertion } from './test_files.js';

const files = projectFiles('test/**/*.test.ts');

test('no two tests of a suite have one title', () => {
  assert.ok(files.length > 10, 'expected to find the tests');
  assert.deepEqual(repeatedTitles(files), []);
});

test('a title that is there twice is found, one in another suite is not', () => {
  const text = `
    describe('a', () => { test('x', () => {}); test('y', () => {}); test('x', () => {}); });
    describe('b', () => { test('x', () => {}); });
    for (const n of [1, 2]) test(\`row \${n}\`, () => {});`;
  assert.deepEqual(repeatedTitles([{ path: 'x.test.ts', text }]), ["x.test.ts:2: 'a' > x"]);
});

test('every test asserts something', () => {
  assert.deepEqual(testsWithoutAssertion(files), []);
});

test('a test that cannot fail is found, one that asserts through a function is not', () => {
  const text = `
    function same(a) { assert.equal(a, 1); }
    const both = (a) => { same(a); };
    test('direct', () => { assert.ok(f()); });
    test('through two functions', () => { both(1); });
    test('through an imported check', () => { checkComponent(x); });
    test('idle', () => { run(); });
    describe('suite', () => { test('idle too', async () => { await run(); }); });`;
  assert.deepEqual(
    testsWithoutAssertion([
      { path: 'x.test.ts', text },
      { path: 'y.test.ts', text: 'run();' },
    ]),
    ['x.test.ts:7: idle', 'x.test.ts:8: idle too', 'y.test.ts: no test'],
  );
});
