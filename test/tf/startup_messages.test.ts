import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const NATIVE = new URL('../../easyrec/tf/native.js', import.meta.url).href;

/** What a process says on standard error; `text` is its program, after the toolkit's binding has been imported. */
function errorsOf(text: string, env: NodeJS.ProcessEnv = {}): string {
  const program = `const { native, loadLibtensorflowAhead } = await import(${JSON.stringify(NATIVE)});\n${text}`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return stderr;
}

test('libtensorflow says nothing of itself while it is loaded', () => {
  assert.equal(errorsOf('native();'), '');
  assert.equal(errorsOf('loadLibtensorflowAhead(); native();'), '');
  assert.equal(errorsOf('loadLibtensorflowAhead();'), '');
});

test('it may speak where TF_CPP_MIN_LOG_LEVEL lets it', () => {
  const found = errorsOf('native();', { TF_CPP_MIN_LOG_LEVEL: '0', TF_ENABLE_ONEDNN_OPTS: '1' });
  assert.match(found, /oneDNN custom operations are on/);
});

test('what the program says meanwhile is kept, in its order', () => {
  const ahead = `
    console.error('before');
    loadLibtensorflowAhead();
    console.error('beside');
    native();
    console.error('after');
  `;
  assert.equal(errorsOf(ahead), 'before\nbeside\nafter\n');
});

test('what it says last is kept, where it ends before libtensorflow is there', () => {
  assert.equal(errorsOf(`loadLibtensorflowAhead(); console.error('wrong'); process.exit(2);`), 'wrong\n');
  assert.match(errorsOf(`loadLibtensorflowAhead(); throw new Error('broken');`), /Error: broken/);
});

test('a process that is started meanwhile gets none of the files that are open for it', () => {
  const found = errorsOf(`
    const { spawnSync } = await import('node:child_process');
    const files = () => spawnSync('sh', ['-c', 'ls /proc/$$/fd'], { encoding: 'utf8' }).stdout.split('\\n').join(' ');
    console.error(files());
    loadLibtensorflowAhead();
    console.error(files());
  `);
  const [before, meanwhile] = found.split('\n');
  assert.match(before ?? '', /^0 1 (\d+ )*2 /);
  assert.equal(meanwhile, before);
});
