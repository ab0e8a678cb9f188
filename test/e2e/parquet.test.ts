import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { latestCheckpoint } from '../../easyrec/train/checkpoint_files.js';
import { writeParquet } from '../input/parquet_case.js';
import { differingTensors } from '../support/checkpoints.js';
import { runCli, runCliOk } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary.js';

const ROWS = 300;

function configText(inputType: string, paths: string): string {
  const id = (name: string): string =>
    `features { input_names: "${name}" feature_type: IdFeature hash_bucket_size: 20 embedding_dim: 3 }`;
  return `
    ${paths}
    train_config {
      optimizer_config { adam_optimizer { learning_rate { constant_learning_rate { learning_rate: 0.01 } } } }
      intra_op_parallelism_threads: 1 inter_op_parallelism_threads: 1
    }
    eval_config { metrics_set { auc {} } metrics_set { gauc { uid_field: "user" } } }
    data_config {
      input_type: ${inputType} batch_size: 40 num_epochs: 2 shuffle_buffer_size: 50 label_fields: "click"
      input_fields { input_name: "click" input_type: INT32 }
      input_fields { input_name: "user" input_type: INT64 }
      input_fields { input_name: "city" input_type: STRING }
      input_fields { input_name: "genres" input_type: STRING }
      input_fields { input_name: "sizes" input_type: STRING }
    }
    feature_config {
      ${id('user')} ${id('city')}
      features { input_names: "genres" feature_type: TagFeature separator: "|" hash_bucket_size: 20 embedding_dim: 3 }
      features { input_names: "sizes" feature_type: RawFeature separator: ";" raw_input_dim: 2 }
    }
    model_config {
      model_class: "RankModel"
      feature_groups { group_name: "all" feature_names: ["user", "city", "genres", "sizes"] wide_deep: DEEP }
      backbone { blocks {
        name: "mlp" inputs { feature_group_name: "all" } keras_layer { class_name: "MLP" mlp { hidden_units: [8] } }
      } }
    }`;
}

async function dataIn(folder: string): Promise<void> {
  const lines = Array.from({ length: ROWS }, (_, i) => {
    const genres = ['', 'a', 'a|b', 'c|a|b'][(i * 7) % 4] ?? '';
    const sizes = `${((i * 37) % 100) / 8};${((i * 11) % 50) / -16}`;
    return [(i * i) % 3 === 1 ? 1 : 0, i % 17, ['Rome', '', 'Łódź'][i % 3], genres, sizes].join(',');
  });
  const csv = join(folder, 'rows.csv');
  writeFileSync(csv, `${lines.join('\n')}\n`);
  const columns = `{'click': 'INTEGER', 'user': 'BIGINT', 'city': 'VARCHAR', 'genres': 'VARCHAR', 'sizes': 'VARCHAR'}`;
  await writeParquet(
    join(folder, 'rows.parquet'),
    `SELECT string_split(sizes, ';')::FLOAT[] AS sizes, string_split(genres, '|') AS genres, city, "user", click
     FROM read_csv('${csv}', header=false, nullstr='', auto_detect=false, delim=',', columns=${columns})`,
  );
}

test('Parquet files train, evaluate and predict as text files of the same values', async (t) => {
  const folder = temporaryFolder(t);
  await dataIn(folder);
  const paths = {
    CSVInput: 'train_input_path: "rows.csv" eval_input_path: "rows.csv"',
    ParquetInput: 'parquet_train_input: "rows.parquet" parquet_eval_input: "rows.parquet"',
  };
  for (const [type, text] of Object.entries(paths)) {
    writeFileSync(join(folder, `${type}.config`), configText(type, text));
    await runCliOk(['train', '--pipeline_config_path', `${type}.config`, '--model_dir', type], {
      cwd: folder,
    });
    await runCliOk(['eval', '--pipeline_config_path', `${type}.config`, '--model_dir', type], {
      cwd: folder,
    });
    const exported = ['--checkpoint_path', type, '--export_dir', `${type}_export`];
    await runCliOk(['export', '--pipeline_config_path', `${type}.config`, ...exported], { cwd: folder });
    const input = type === 'CSVInput' ? 'rows.csv' : 'rows.parquet';
    const files = ['--input_path', input, '--output_path', `${type}.csv`];
    await runCliOk(
      ['predict', '--saved_model_dir', `${type}_export`, ...files, '--reserved_cols', 'user,genres'],
      {
        cwd: folder,
      },
    );
  }
  const [csv, parquet] = ['CSVInput', 'ParquetInput'].map((type) => {
    const checkpoint = latestCheckpoint(join(folder, type));
    assert.equal(checkpoint?.step, (2 * ROWS) / 40);
    return checkpoint.prefix;
  });
  assert.ok(csv !== undefined && parquet !== undefined);
  assert.deepEqual(differingTensors(csv, parquet), []);
  const predictions = readFileSync(join(folder, 'CSVInput.csv'), 'utf8');
  assert.equal(predictions.split('\n').length, ROWS + 2);
  assert.equal(readFileSync(join(folder, 'ParquetInput.csv'), 'utf8'), predictions);
  const evaluated = ['CSVInput', 'ParquetInput'].map((type) =>
    readFileSync(join(folder, type, 'eval_result.txt'), 'utf8'),
  );
  assert.equal(evaluated[1], evaluated[0]);
});

test('a training on Parquet files that are not whole ends with their names', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'rows.parquet'), 'PAR1 and then nothing of use PAR1');
  writeFileSync(join(folder, 'a.config'), configText('ParquetInput', 'parquet_train_input: "rows.parquet"'));
  const args = ['train', '--pipeline_config_path', 'a.config', '--model_dir', 'model'];
  const { code, stderr } = await runCli(args, { cwd: folder });
  assert.equal(code, 2);
  assert.match(stderr, /^error: rows\.parquet: cannot read/m);
});
