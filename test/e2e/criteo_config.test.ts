import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Random } from '../../easyrec/input/random.js';
import { packageFile } from '../../easyrec/package_files.js';
import { runCliOk } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary.js';

const CONFIG = packageFile('configs/deepfm_backbone_on_criteo.config');

/** Rows as the config reads them, labels that follow from one category; about one value in ten is missing. */
function rows(random: Random, count: number): string {
  const value = (text: string): string => (random.below(10) === 0 ? '' : text);
  return Array.from({ length: count }, () => {
    const categories = Array.from({ length: 26 }, (_, c) => random.below(4 + 5 * c));
    const label = (categories[0] ?? 0) % 2;
    const numbers = Array.from({ length: 13 }, () => value(String(random.below(40))));
    return [label, ...numbers, ...categories.map((category) => value(category.toString(16)))].join('\t');
  }).join('\n');
}

test('the config on Criteo learns from rows of its shape, with smaller tables', async (t) => {
  const folder = temporaryFolder(t);
  const text = readFileSync(CONFIG, 'utf8');
  const small = text.replaceAll('hash_bucket_size: 1000000', 'hash_bucket_size: 500');
  assert.equal(small.match(/hash_bucket_size: 500 /g)?.length, 26);
  writeFileSync(join(folder, 'small.config'), small);
  const random = new Random(4);
  for (const [name, count] of [
    ['train', 20_000],
    ['test', 2000],
  ] as const) {
    writeFileSync(join(folder, name), `${rows(random, count)}\n`);
  }
  const flags = [
    '--train_input_path',
    'train',
    '--eval_input_path',
    'test',
    '--model_dir',
    'model',
    '--json',
  ];
  const edits = ['--data_config.batch_size', '128', '--export_config.exporter_type', 'none'];
  const { stdout } = await runCliOk(['train', '--pipeline_config_path', 'small.config', ...flags, ...edits], {
    cwd: folder,
  });
  const result = JSON.parse(stdout) as Readonly<Record<string, number>>;
  assert.equal(result['global_step'], 157);
  assert.ok((result['auc'] ?? NaN) > 0.95, `AUC: expected above 0.95, received ${result['auc']}`);
});
