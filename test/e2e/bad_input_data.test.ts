import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { runCli, runCliOk } from '../support/cli.js';
import { checkRefused, filesBelow } from '../support/refusal.js';
import type { Edit } from '../support/small_model.js';
import { SMALL, smallModel } from '../support/small_model.js';

/** A change of a file, given its lines. */
type Damage = (file: string, lines: string[]) => void;

function write(file: string, lines: readonly string[]): void {
  writeFileSync(file, `${lines.join('\n')}\n`);
}

/** Changes field `index` of line 3. */
function field(index: number, value: string): Damage {
  return (file, lines) => {
    const fields = (lines[2] ?? '').split(',');
    fields[index] = value;
    write(file, lines.with(2, fields.join(',')));
  };
}

interface DataCase {
  readonly title: string;
  readonly damage: Damage;
  readonly edits?: readonly Edit[];
  /** Whether only training minds, which reads labels. */
  readonly labelsOnly?: boolean;
  /** What the message must say, FILE being the damaged file. */
  readonly says: readonly string[];
}

const TEXT_LABEL: Edit = ['input_name: "label" input_type: INT32', 'input_name: "label" input_type: STRING'];

const CASES: readonly DataCase[] = [
  {
    title: 'a file that is not there',
    damage: (file) => rmSync(file),
    says: ['error: pipeline.config:', 'input "FILE": no such file'],
  },
  {
    title: 'an empty file',
    damage: (file) => writeFileSync(file, ''),
    says: ['error: FILE: expected rows, received an empty file'],
  },
  {
    title: 'text in an integer label',
    damage: field(0, 'yes'),
    labelsOnly: true,
    says: ['error: FILE:3: column "label" (field 1): expected a whole number', 'received "yes"'],
  },
  {
    title: 'text in a label that is a string of digits',
    damage: field(0, 'yes'),
    labelsOnly: true,
    edits: [TEXT_LABEL],
    says: ['error: FILE:3: column "label" (field 1): expected a number (string), received "yes"'],
  },
  {
    title: 'no text in a label that is a string of digits',
    damage: field(0, ''),
    labelsOnly: true,
    edits: [TEXT_LABEL],
    says: ['error: FILE:3: column "label" (field 1): expected a number (string), received ""'],
  },
  {
    title: 'text in a column of numbers',
    damage: field(3, 'old'),
    says: ['error: FILE:3: column "age" (field 4): expected a whole number', 'received "old"'],
  },
  {
    title: 'a row with too few columns',
    damage: (file, lines) => write(file, lines.with(2, '1,u1,m1')),
    says: ['error: FILE:3: expected 6 fields separated by ",", received 3: "1,u1,m1"'],
  },
  {
    title: 'a row with too many columns',
    damage: (file, lines) => write(file, lines.with(2, `${lines[2] ?? ''},more`)),
    says: ['error: FILE:3: expected 6 fields separated by ",", received 7'],
  },
  {
    title: 'text in Latin-1',
    damage: (file, lines) => {
      const row = Buffer.from('1,u1,m1,5,caf\u00e9,red\n', 'latin1');
      const [above, below] = [lines.slice(0, 2), lines.slice(2)].map((part) => `${part.join('\n')}\n`);
      writeFileSync(file, Buffer.concat([Buffer.from(above ?? ''), row, Buffer.from(below ?? '')]));
    },
    says: ['error: FILE:3: column "title" (field 5): expected UTF-8 text'],
  },
  {
    title: 'a gzip file that is cut off',
    damage: (file, lines) => {
      writeFileSync(file, gzipSync(lines.join('\n')).subarray(0, 40));
    },
    says: ['error: FILE: cannot read: unexpected end of file'],
  },
];

function damaged(folder: string, file: string, damage: Damage): void {
  const path = join(folder, file);
  damage(path, readFileSync(path, 'utf8').trimEnd().split('\n'));
}

describe('training data that does not fit is refused, and no model_dir is made', { concurrency: 2 }, () => {
  for (const { title, damage, edits = [], says } of CASES) {
    test(title, async (t) => {
      // Rows in order: the damaged one is in the first batch.
      const folder = smallModel(t, ...edits, ['shuffle: true', 'shuffle: false']);
      damaged(folder, 'train.csv', damage);
      const before = filesBelow(folder);
      const result = await runCli(['train', ...SMALL], { cwd: folder });
      checkRefused(result, ...says.map((part) => part.replace('FILE', 'train.csv')));
      assert.deepEqual(filesBelow(folder), before);
    });
  }
});

test('data to predict that does not fit is refused, and no output is left', async (t) => {
  const folder = smallModel(t);
  await runCliOk(['train', ...SMALL, '--train_config.num_steps', '1'], { cwd: folder });
  for (const { title, damage, says } of CASES.filter(({ labelsOnly }) => labelsOnly !== true)) {
    await t.test(title, async () => {
      writeFileSync(join(folder, 'in.csv'), readFileSync(join(folder, 'eval.csv')));
      damaged(folder, 'in.csv', damage);
      const before = filesBelow(folder);
      const paths = ['--saved_model_dir', 'model/export/final', '--input_path', 'in.csv'];
      const result = await runCli(['predict', ...paths, '--output_path', 'out.csv'], { cwd: folder });
      const [last = ''] = says.slice(-1);
      checkRefused(result, last.replace('FILE', 'in.csv'));
      assert.deepEqual(filesBelow(folder), before);
    });
  }
});

test('rows that do not fit are counted and shown where the config says to ignore them', async (t) => {
  const folder = smallModel(t, ['batch_size: 32', 'batch_size: 32 ignore_error: true']);
  damaged(folder, 'train.csv', (file, lines) =>
    write(file, lines.with(2, '1,u1,m1').with(4, 'no,u1,m1,1,a,b')),
  );
  const { stderr } = await runCliOk(['train', ...SMALL, '--train_config.num_steps', '0'], { cwd: folder });
  // Two rows, three epochs.
  assert.match(stderr, /^warning: 6 rows were left out:$/m);
  assert.match(stderr, /^ {2}train\.csv:3: expected 6 fields separated by ",", received 3/m);
  assert.match(stderr, /^ {2}train\.csv:5: column "label" \(field 1\): expected a whole number/m);
});

test('evaluation data that is missing is told before training begins', async (t) => {
  const folder = smallModel(t);
  rmSync(join(folder, 'eval.csv'));
  const before = filesBelow(folder);
  const result = await runCli(['train', ...SMALL], { cwd: folder });
  checkRefused(result, 'error: pipeline.config:2:1: input "eval.csv": no such file');
  assert.deepEqual(filesBelow(folder), before);
});

test('a bad row in the middle of training ends it, and leaves the checkpoints before it whole', async (t) => {
  const folder = smallModel(t, ['shuffle: true', 'shuffle: false']);
  damaged(folder, 'train.csv', (file, lines) => write(file, lines.with(-1, '1,u1')));
  const result = await runCli(['train', ...SMALL], { cwd: folder });
  checkRefused(result, 'error: train.csv:300: expected 6 fields');
  const parts = ['data-00000-of-00001', 'index', 'input.json', 'touched'];
  assert.deepEqual(
    filesBelow(join(folder, 'model')).filter((name) => /ckpt|partial|export/.test(name)),
    [0, 4, 8].flatMap((step) => parts.map((part) => `model.ckpt-${step}.${part}`)),
  );
});

test('a loss that is not a number ends training with what to do about it', async (t) => {
  const folder = smallModel(t, ['learning_rate: 0.01', 'learning_rate: 1e38']);
  const result = await runCli(['train', ...SMALL], { cwd: folder });
  checkRefused(result, 'the loss is NaN at step', 'try a smaller learning rate');
});
