// node scripts/run_tests.mjs SUITE...   run compiled tests: unit (everything but the other two), e2e, stress
// Further words are passed on: node scripts/run_tests.mjs unit -- --test-name-pattern=csv
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { globSync } from 'tinyglobby';

const words = process.argv.slice(2);
const split = words.indexOf('--');
const suites = split < 0 ? words : words.slice(0, split);
const options = split < 0 ? [] : words.slice(split + 1);
// What was compiled from a test that is gone stays in dist/ and is left out.
const sourceOf = (file) => file.replace(/^dist\//, '').replace(/\.js$/, '.ts');
const all = globSync('dist/test/**/*.test.js')
  .filter((file) => existsSync(sourceOf(file)))
  .sort();
const suiteOf = (file) => /^dist\/test\/(e2e|stress)\//.exec(file)?.[1] ?? 'unit';
const files = all.filter((file) => suites.includes(suiteOf(file)));
if (files.length === 0) {
  console.error(`no compiled test of ${suites.join(', ') || '(no suite named)'}; run npm run build first`);
  process.exit(1);
}
const settings = ['--test', '--test-reporter=spec', `--test-concurrency=${availableParallelism()}`];
const result = spawnSync(process.execPath, [...settings, ...options, ...files], { stdio: 'inherit' });
process.exit(result.status ?? 1);
