import assert from 'node:assert/strict';
import { cpSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli, runCliOk } from '../support/cli.js';
import { checkRefused, filesBelow } from '../support/refusal.js';
import { SMALL, smallModel } from '../support/small_model.js';
import { temporaryFolder } from '../support/temporary.js';

interface DamageCase {
  readonly title: string;
  /** Damages the checkpoint with this prefix. */
  readonly damage: (prefix: string) => void;
  readonly says: readonly string[];
}

const DATA = '.data-00000-of-00001';

const CASES: readonly DamageCase[] = [
  {
    title: 'data that is cut off',
    damage: (prefix) => truncateSync(`${prefix}${DATA}`, 100),
    says: ['damaged or incomplete', 'use another checkpoint'],
  },
  {
    title: 'data with other bytes',
    damage: (prefix) => {
      const bytes = readFileSync(`${prefix}${DATA}`);
      writeFileSync(
        `${prefix}${DATA}`,
        bytes.map((byte) => byte ^ 1),
      );
    },
    says: ['damaged or incomplete', 'use another checkpoint'],
  },
  {
    title: 'an index of garbage',
    damage: (prefix) => writeFileSync(`${prefix}.index`, 'garbage'.repeat(50)),
    says: ['damaged or incomplete', 'use another checkpoint'],
  },
  {
    title: 'an index that is cut off',
    damage: (prefix) => truncateSync(`${prefix}.index`, 50),
    says: ['damaged or incomplete', 'use another checkpoint'],
  },
];

test('a damaged checkpoint is refused by every command, and left as it is', async (t) => {
  const base = smallModel(t);
  await runCliOk(['train', ...SMALL], { cwd: base });
  for (const { title, damage, says } of CASES) {
    await t.test(title, async (tt) => {
      const folder = temporaryFolder(tt);
      cpSync(base, folder, { recursive: true });
      damage(join(folder, 'model', 'model.ckpt-12'));
      const before = filesBelow(folder);
      for (const command of [
        ['train', '--continue_train', '--train_config.num_steps', '16'],
        ['eval'],
        ['export', '--export_dir', 'export'],
      ]) {
        const result = await runCli([...command, ...SMALL], { cwd: folder });
        checkRefused(result, 'error: checkpoint model/model.ckpt-12: ', ...says);
        assert.deepEqual(filesBelow(folder), before);
      }
      const earlier = ['--checkpoint_path', 'model/model.ckpt-8'];
      await runCliOk(['eval', ...SMALL, ...earlier], { cwd: folder });
    });
  }
});

test('a damaged input position is refused with the file to remove', async (t) => {
  const folder = smallModel(t);
  await runCliOk(['train', ...SMALL, '--train_config.num_steps', '4'], { cwd: folder });
  writeFileSync(join(folder, 'model', 'model.ckpt-4.input.json'), '{');
  const result = await runCli(['train', ...SMALL, '--continue_train'], { cwd: folder });
  checkRefused(result, 'model/model.ckpt-4.input.json: damaged', 'remove it, or use another checkpoint');
});

test('a checkpoint of another model is refused with the variables that do not fit', async (t) => {
  const folder = smallModel(t);
  await runCliOk(['train', ...SMALL, '--train_config.num_steps', '4'], { cwd: folder });
  const text = readFileSync(join(folder, 'pipeline.config'), 'utf8');
  writeFileSync(join(folder, 'pipeline.config'), text.replace('[16, 8]', '[16, 6]'));
  const result = await runCli(['train', ...SMALL, '--continue_train'], { cwd: folder });
  checkRefused(
    result,
    'error: checkpoint model/model.ckpt-4: does not fit this model',
    '"backbone/deep/layer_1/dense/kernel": expected float32[16, 6], received float32[16, 8]',
  );
});

test('a model_dir with checkpoints is not trained into without --continue_train', async (t) => {
  const folder = smallModel(t);
  await runCliOk(['train', ...SMALL, '--train_config.num_steps', '4'], { cwd: folder });
  const before = filesBelow(folder);
  const result = await runCli(['train', ...SMALL], { cwd: folder });
  checkRefused(result, 'model_dir model: expected a folder without checkpoints', '--continue_train');
  assert.deepEqual(filesBelow(folder), before);
});

test('an evaluation without any checkpoint is refused, naming what was looked for', async (t) => {
  const folder = smallModel(t);
  const result = await runCli(['eval', ...SMALL], { cwd: folder });
  checkRefused(result, 'checkpoint: expected a folder, or files model.index', 'no such checkpoint');
});
