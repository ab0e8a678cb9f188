import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdirSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Random } from '../../easyrec/input/random.js';
import { latestCheckpoint, listCheckpoints } from '../../easyrec/train/checkpoint_files.js';
import { differingTensors, tensorsOf } from '../support/checkpoints.js';
import { type CliResult, runCli, runCliOk } from '../support/cli.js';
import { filesBelow } from '../support/refusal.js';
import { SMALL, smallModel } from '../support/small_model.js';

/** No export at the end: it is not what is tested here. */
const TRAIN = ['train', ...SMALL, '--export_config.exporter_type', 'none'];

/** Steps enough for all of three epochs. */
const STEPS = 28;
const EVERY_STEP = [
  ...['--train_config.num_steps', String(STEPS)],
  ...['--train_config.save_checkpoints_steps', '1'],
  ...['--train_config.keep_checkpoint_max', '3'],
];

/** Runs a training, calling `onChange` whenever something changes in its folder. */
async function trainWatched(folder: string, onChange: (child: ChildProcess) => void): Promise<CliResult> {
  const directory = join(folder, 'model');
  mkdirSync(directory, { recursive: true });
  const watcher = watch(directory);
  try {
    return await runCli([...TRAIN, ...EVERY_STEP, '--continue_train'], {
      cwd: folder,
      onStart: (child) => watcher.on('change', () => onChange(child)),
    });
  } finally {
    watcher.close();
  }
}

/** The first step that a run logged. */
function firstStep(stderr: string): number {
  return Number(/^global step (\d+):/m.exec(stderr)?.[1]);
}

test('a training killed at many moments, also while it saves, ends as one that was never killed', async (t) => {
  const reference = smallModel(t);
  await runCliOk([...TRAIN, ...EVERY_STEP], { cwd: reference });
  const folder = smallModel(t);
  const model = join(folder, 'model');
  const random = new Random(1, 0, 0);
  let kills = 0;
  for (let round = 0; round < 6; round++) {
    const before = latestCheckpoint(model);
    // A checkpoint makes some ten changes: this falls into the first ones of a run, at any point of them.
    let left = 1 + random.below(60);
    const { code, stderr } = await trainWatched(folder, (child) => {
      if (--left === 0) child.kill('SIGKILL');
    });
    kills += code === null ? 1 : 0;
    assert.ok(code === null || code === 0, stderr);
    if (before !== undefined && before.step < STEPS && stderr.includes('global step')) {
      assert.match(
        stderr,
        new RegExp(`^going on from model/model\\.ckpt-${before.step}, step ${before.step}$`, 'm'),
      );
      assert.equal(firstStep(stderr), before.step + 1);
    }
    // Whatever has an index is whole.
    for (const { prefix } of listCheckpoints(model)) assert.ok(tensorsOf(prefix).size > 0);
  }
  assert.ok(kills > 0, 'no run was killed before its end');
  await runCliOk([...TRAIN, ...EVERY_STEP, '--continue_train'], { cwd: folder });
  const last = `model/model.ckpt-${STEPS}`;
  assert.deepEqual(differingTensors(join(folder, last), join(reference, last)), []);
  assert.deepEqual(
    filesBelow(model).filter((name) => name.includes('partial')),
    [],
  );
  assert.equal(listCheckpoints(model).length, 3);
});

test('a training goes on from whatever a killed one can leave, and clears it away', async (t) => {
  const folder = smallModel(t);
  const model = join(folder, 'model');
  await runCliOk(TRAIN, { cwd: folder });
  const reference = join(folder, 'reference');
  cpSync(model, reference, { recursive: true });
  const data = 'data-00000-of-00001';

  // Killed between the data of step 12 and its index, ...
  rmSync(join(model, 'model.ckpt-12.index'));
  // ... while step 0 was being removed, ...
  rmSync(join(model, 'model.ckpt-0.index'));
  // ... in the middle of a checkpoint and of the files beside it, ...
  const partial = join(model, '.model.ckpt-16.partial-0123456789ab');
  mkdirSync(join(partial, 'model.ckpt-16_temp'), { recursive: true });
  writeFileSync(join(partial, 'model.ckpt-16_temp', `part-00000-of-00001.${data}`), 'half');
  writeFileSync(join(model, 'model.ckpt-16.input.json'), '{"position": 512, "finished": false}');
  writeFileSync(join(model, '.checkpoint.partial-0123456789ab'), 'model_ch');
  // ... and before the list of checkpoints was written.
  rmSync(join(model, 'checkpoint'));

  await runCliOk([...TRAIN, '--continue_train'], { cwd: folder });
  assert.deepEqual(differingTensors(join(model, 'model.ckpt-12'), join(reference, 'model.ckpt-12')), []);
  const parts = (step: number): string[] =>
    [data, 'index', 'input.json', 'touched'].map((part) => `model.ckpt-${step}.${part}`);
  assert.deepEqual(
    filesBelow(model).filter((name) => /ckpt|partial/.test(name)),
    [12, 4, 8].flatMap(parts),
  );
  assert.ok(existsSync(join(model, 'checkpoint')));
});

test('the end of the data is reached with every row trained on once, in one run or in three', async (t) => {
  // Lazy: Adam that moves every row at every step sums up what a row missed when it is looked up and when it is saved,
  // so runs that save at other steps differ in the last bits.
  const folder = smallModel(t, ['adam_optimizer', 'lazy_adam_optimizer']);
  const train = (name: string, steps: number): Promise<CliResult> => {
    const flags = [
      '--model_dir',
      name,
      '--train_config.num_steps',
      String(steps),
      // Rows that Adam moves by their momentum alone are brought up to date, and rounded, at every checkpoint.
      '--train_config.save_checkpoints_steps',
      '1',
      '--continue_train',
      '--json',
    ];
    return runCliOk([...TRAIN, ...flags], { cwd: folder });
  };
  const whole = JSON.parse((await train('whole', 0)).stdout) as { global_step: number; end: string };
  // 900 rows in batches of 32.
  assert.equal(whole.global_step, 29);
  assert.equal(whole.end, 'end of data');
  await train('parts', 3);
  await train('parts', 20);
  const parts = JSON.parse((await train('parts', 0)).stdout) as { global_step: number; end: string };
  assert.equal(parts.global_step, 29);
  const last = 'model.ckpt-29';
  assert.deepEqual(differingTensors(join(folder, 'whole', last), join(folder, 'parts', last)), []);

  // All rows were used: going on begins them anew.
  const again = JSON.parse((await train('parts', 35)).stdout) as { global_step: number };
  assert.equal(again.global_step, 35);
});

test('Ctrl-C ends training after the step that runs, with a checkpoint to go on from', async (t) => {
  // Lazy: it stops where no other run saves, see above.
  const folder = smallModel(t, ['num_epochs: 3', 'num_epochs: 0'], ['adam_optimizer', 'lazy_adam_optimizer']);
  const endless = ['--train_config.num_steps', '1000000', '--train_config.save_checkpoints_steps', '1000000'];
  const { code, stderr } = await runCli([...TRAIN, ...endless], {
    cwd: folder,
    onStart: (child) => {
      // Once only: a second signal ends the process at once.
      let asked = false;
      child.stderr?.on('data', (chunk: Buffer) => {
        if (!asked && chunk.includes('global step')) asked = child.kill('SIGINT');
      });
    },
  });
  assert.equal(code, 130, stderr);
  const model = join(folder, 'model');
  const stopped = latestCheckpoint(model)?.step ?? 0;
  assert.ok(stopped > 0, stderr);
  assert.match(stderr, new RegExp(`^stopped at step ${stopped}, .*--continue_train$`, 'm'));

  const steps = ['--train_config.num_steps', String(stopped + 5)];
  await runCliOk([...TRAIN, ...steps, '--continue_train'], { cwd: folder });
  await runCliOk([...TRAIN, ...steps, '--model_dir', 'reference'], { cwd: folder });
  const last = `model.ckpt-${stopped + 5}`;
  assert.deepEqual(differingTensors(join(model, last), join(folder, 'reference', last)), []);
});

test('an event file that a killed run cut off does not keep training from going on', async (t) => {
  const folder = smallModel(t);
  const model = join(folder, 'model');
  await runCliOk([...TRAIN, '--train_config.num_steps', '4'], { cwd: folder });
  const events = filesBelow(model).find((name) => name.startsWith('events.')) ?? '';
  appendFileSync(join(model, events), Buffer.from([7, 0, 0]));
  const { stdout } = await runCliOk([...TRAIN, '--continue_train', '--json'], { cwd: folder });
  assert.equal((JSON.parse(stdout) as { global_step: number }).global_step, 12);
});

test('an export that is killed leaves no model that a server would find, and none in the way of the next', async (t) => {
  const folder = smallModel(t);
  await runCliOk([...TRAIN, '--train_config.num_steps', '1'], { cwd: folder });
  const args = ['export', ...SMALL, '--export_dir', 'export'];
  mkdirSync(join(folder, 'export'));
  const watcher = watch(join(folder, 'export'));
  const killed = await runCli(args, {
    cwd: folder,
    onStart: (child) => watcher.once('change', () => child.kill('SIGKILL')),
  });
  watcher.close();
  assert.ok(killed.code === null || killed.code === 0, killed.stderr);
  // Whatever is there under a version's name, should the signal have come late, is whole.
  const files = filesBelow(join(folder, 'export'));
  for (const version of files.filter((name) => /^\d+\/$/.test(name))) {
    const parts = [
      'saved_model.pb',
      'variables/variables.index',
      'assets/liboverlap.so',
      'assets/pipeline.config',
    ];
    assert.deepEqual(
      parts.filter((part) => !files.includes(`${version}${part}`)),
      [],
    );
  }

  const { stdout } = await runCliOk(args, { cwd: folder });
  assert.match(stdout, /^export\/\d+\n$/);
  const paths = ['--saved_model_dir', 'export', '--input_path', 'eval.csv', '--output_path', 'out.csv'];
  await runCliOk(['predict', ...paths], { cwd: folder });
  assert.ok(existsSync(join(folder, 'out.csv')));
});
