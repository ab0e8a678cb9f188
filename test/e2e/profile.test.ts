import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { generateMovielensLike } from '../../easyrec/data/movielens_like.js';
import { packageFile } from '../../easyrec/package_files.js';
import type { ChromeTrace } from '../../easyrec/report/profile/chrome_trace.js';
import type { StepProfile } from '../../easyrec/report/profile/step_profile.js';
import { differingTensors } from '../support/checkpoints.js';
import { runCliOk } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary.js';

const CONFIG = packageFile('configs/deepfm_backbone_on_movielens.config');

function flagsOf(folder: string, modelDir: string): string[] {
  return [
    ...['train', '--pipeline_config_path', CONFIG, '--model_dir', modelDir],
    ...[
      '--train_input_path',
      join(folder, 'movies_train_data'),
      '--eval_input_path',
      join(folder, 'movies_test_data'),
    ],
    ...['--data_config.batch_size', '128', '--export_config.exporter_type', 'none'],
    ...[
      '--train_config.intra_op_parallelism_threads',
      '1',
      '--train_config.inter_op_parallelism_threads',
      '1',
    ],
  ];
}

function checkProfile(profile: StepProfile, traced: readonly number[]): void {
  assert.deepEqual(profile.steps, traced);
  const sum = (rows: readonly { readonly share: number }[]): number =>
    rows.reduce((total, { share }) => total + share, 0);
  assert.ok(Math.abs(sum(profile.ops) - 1) < 1e-9, `shares of ops add up to ${sum(profile.ops)}`);
  assert.ok(profile.ops.some(({ type, ms }) => type === 'MatMul' && ms > 0));
  // The parts are all of the step, but for the clock being read between them.
  const parts = sum(profile.phases);
  assert.ok(parts > 0.95 && parts <= 1 + 1e-9, `parts add up to ${parts}`);
  assert.deepEqual(
    profile.phases.map(({ name }) => name),
    ['running', 'waiting for data'],
  );
  assert.deepEqual(profile.beside.map(({ name }) => name).sort(), [
    'feeding',
    'metrics and reporting',
    'reading',
  ]);
}

test('--profile writes a table and a trace, and changes no result', async (t) => {
  const folder = temporaryFolder(t);
  generateMovielensLike({ directory: folder, trainRows: 128 * 14, testRows: 256, seed: 1 });
  const run = (...words: string[]) =>
    runCliOk([...flagsOf(folder, words[0] ?? ''), ...words.slice(1)], { cwd: folder });
  const plain = await run('a', '--json');
  const profiled = await run('b', '--json', '--profile', 'traces');
  const { profile, ...result } = JSON.parse(profiled.stdout) as Record<string, unknown> & {
    profile: StepProfile;
  };
  const { loss } = JSON.parse(plain.stdout) as Record<string, unknown>;
  assert.equal(result['loss'], loss);
  assert.deepEqual(differingTensors(join(folder, 'a/model.ckpt-14'), join(folder, 'b/model.ckpt-14')), []);
  checkProfile(profile, [5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  const files = ['profile.json', 'trace.json'].map((name) =>
    readFileSync(join(folder, 'traces', name), 'utf8'),
  );
  assert.deepEqual(JSON.parse(files[0] ?? ''), profile);
  const { traceEvents: events } = JSON.parse(files[1] ?? '') as ChromeTrace;
  assert.equal(events.filter(({ cat }) => cat === 'step').length, 10);
  const calls = profile.ops.reduce((sum, row) => sum + row.calls, 0);
  assert.equal(events.filter(({ cat }) => cat === 'op').length, Math.round(calls * 10));
  // Both clocks are that of the system: ops lie within the time that JavaScript waited for them.
  const running = events.filter(({ name }) => name === 'running');
  const ops = events.filter(({ cat }) => cat === 'op');
  const within = ops.filter(({ ts = 0, dur = 0 }) =>
    running.some(({ ts: from = 0, dur: time = 0 }) => ts >= from - 2000 && ts + dur <= from + time + 2000),
  );
  assert.equal(within.length, ops.length);
});

test('without a folder the profile goes into model_dir, and its tables onto the screen', async (t) => {
  const folder = temporaryFolder(t);
  generateMovielensLike({ directory: folder, trainRows: 128 * 2, testRows: 128, seed: 1 });
  const { stdout } = await runCliOk([...flagsOf(folder, 'm'), '--profile'], { cwd: folder });
  assert.match(stdout, /^profile of step 2: /m);
  assert.match(stdout, /^MatMul +\d/m);
  assert.ok(existsSync(join(folder, 'm/profile/trace.json')));
  assert.ok(existsSync(join(folder, 'm/profile/profile.json')));
});
