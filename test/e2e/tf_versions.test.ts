import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import test from 'node:test';
import { globSync } from 'tinyglobby';
import { packageFile, packageRoot } from '../../easyrec/package_files.js';
import { cacheDirectory } from '../../easyrec/setup/cache.js';
import { cachedVersions } from '../../easyrec/setup/locate.js';

/** The other end of the supported range; the unit tests themselves run with the newest version. */
const OLDEST = '2.12.0';
const TIMEOUT_MS = 600_000;

const skip = cachedVersions(cacheDirectory()).includes(OLDEST)
  ? false
  : `libtensorflow ${OLDEST} is not in the cache: run bash scripts/test, which fetches it`;

interface Outcome {
  readonly status: number | null;
  readonly output: string;
}

/** Node on the given arguments, with `version` from the cache and no other libtensorflow. */
async function runNode(args: readonly string[], version: string): Promise<Outcome> {
  const env: NodeJS.ProcessEnv = { ...process.env, EASYREC_TF_VERSION: version };
  delete env['EASYREC_LIBTENSORFLOW'];
  // The runner tells its child processes that they are tests; these are a run of their own.
  delete env['NODE_TEST_CONTEXT'];
  const child = spawn(process.execPath, args, { cwd: packageRoot(), env, timeout: TIMEOUT_MS });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { status, output: Buffer.concat(chunks).toString('utf8') };
}

test(`the binding is that of libtensorflow ${OLDEST}`, { skip }, async () => {
  const module = JSON.stringify(packageFile('dist/easyrec/tf/index.js'));
  const script = `import { loadLibtensorflow } from ${module}; console.log(loadLibtensorflow().version);`;
  const { status, output } = await runNode(['--input-type=module', '-e', script], OLDEST);
  assert.equal(status, 0, output);
  assert.match(output, new RegExp(`^${OLDEST}$`, 'm'));
});

test(
  `every test of the binding and of the gradients passes with libtensorflow ${OLDEST}`,
  { skip, timeout: TIMEOUT_MS },
  async () => {
    const files = globSync('dist/test/tf/**/*.test.js', { cwd: packageRoot() }).sort();
    const { status, output } = await runNode(['--test', '--test-reporter=tap', ...files], OLDEST);
    const failures = output.split('\n').filter((line) => /^\s*not ok /.test(line));
    assert.deepEqual(failures, []);
    assert.equal(status, 0, output.slice(-4000));
    const passed = Number(/^# pass (\d+)$/m.exec(output)?.[1]);
    assert.ok(passed > 800, `expected more than 800 tests to pass, received ${passed}`);
  },
);
