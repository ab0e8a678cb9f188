import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { type PipelineConfig, pipelineConfigFromText } from '../../easyrec/config/load.js';
import { disposeBatch } from '../../easyrec/input/columns.js';
import { batchesOf } from '../../easyrec/input/reader.js';
import { SILENT_LOG } from '../../easyrec/log.js';
import { Graph, makeStep, Session, Variables } from '../../easyrec/tf/index.js';
import { batchTensors, placeholders } from '../../easyrec/train/feeds.js';
import { hashWhileReading } from '../../easyrec/train/hash_while_reading.js';
import { columnsOf, openReader } from '../../easyrec/train/input_plan.js';
import { planModel, type ModelPlan } from '../../easyrec/train/model_plan.js';
import { buildTower } from '../../easyrec/train/tower.js';
import { temporaryFolder } from '../support/temporary.js';

const FEATURES = ['city', 'city_again', 'city_less', 'shop', 'tags', 'whole_tags', 'number', 'small', 'kept'];

function config(): PipelineConfig {
  const id = (name: string, field: string, buckets: number): string =>
    `features { feature_name: "${name}" input_names: "${field}" feature_type: IdFeature hash_bucket_size: ${buckets} embedding_dim: 3 }`;
  return pipelineConfigFromText(
    `data_config {
      input_type: CSVInput label_fields: "click" batch_size: 7 num_epochs: 1 shuffle: false
      input_fields { input_name: "click" input_type: FLOAT }
      input_fields { input_name: "city" input_type: STRING }
      input_fields { input_name: "shop" input_type: STRING default_val: "none" }
      input_fields { input_name: "tags" input_type: STRING }
      input_fields { input_name: "number" input_type: INT64 default_val: "7" }
      input_fields { input_name: "small" input_type: INT32 }
      input_fields { input_name: "kept" input_type: STRING }
    }
    feature_config {
      ${id('city', 'city', 50)} ${id('city_again', 'city', 50)} ${id('city_less', 'city', 5)}
      ${id('shop', 'shop', 20)} ${id('whole_tags', 'tags', 30)} ${id('number', 'number', 40)}
      ${id('small', 'small', 40)} ${id('kept', 'kept', 40)}
      features { input_names: "tags" feature_type: TagFeature separator: "|" hash_bucket_size: 30 embedding_dim: 3 }
    }
    model_config {
      model_class: "RankModel"
      feature_groups { group_name: "all" feature_names: [${FEATURES.map((name) => `"${name}"`).join()}] wide_deep: DEEP }
      feature_groups { group_name: "raw" feature_names: ["kept"] wide_deep: DEEP }
      backbone {
        blocks { name: "kept" inputs { feature_group_name: "raw" } raw_input {} }
        blocks {
          name: "mlp" inputs { feature_group_name: "all" }
          keras_layer { class_name: "MLP" mlp { hidden_units: [4] } }
        }
        concat_blocks: "mlp"
      }
    }`,
    'a.config',
  );
}

/** Probabilities of every row. */
async function predictions(plan: ModelPlan, files: string): Promise<number[][]> {
  using graph = new Graph();
  const variables = new Variables(graph, 5);
  const columns = columnsOf(plan.input);
  const inputs = placeholders(graph, columns);
  const tower = buildTower(plan, { graph, variables, mode: 'infer', columns: inputs });
  const probs = tower.predictions.get('probs');
  assert.ok(probs);
  await using session = Session.create(graph);
  await session.run(makeStep({ targets: variables.all.map(({ initialize }) => initialize) }));
  const step = makeStep({ feeds: [...inputs.values()], fetches: [probs] });
  const seen: number[][] = [];
  for await (const batch of batchesOf(openReader(plan.input, { files, training: true }))) {
    const [result] = await session.run(step, batchTensors(batch, columns));
    assert.ok(result);
    using values = result;
    seen.push([...values.data('float32')]);
    disposeBatch(batch);
  }
  return seen;
}

function dataIn(t: TestContext): string {
  const pick = (i: number, texts: readonly string[]): string => texts[i % texts.length] ?? '';
  const rows = Array.from({ length: 40 }, (_, i) => [
    i % 2,
    pick(i, ['', 'Paris', 'Łódź', 'x'.repeat(70), ' ', 'Rome', '']),
    pick(i, ['a', '', 'b', 'none']),
    pick(i, ['r|g', '', 'r', 'g|r|b', '|']),
    pick(i, ['-1', '', '007', '9007199254740993', '0']),
    pick(i, ['-1', '3', '', ' 5 ']),
    pick(i, ['1', '', '3']),
  ]);
  const files = join(temporaryFolder(t), 'rows.csv');
  writeFileSync(files, rows.map((row) => `${row.join(',')}\n`).join(''));
  return files;
}

test('ids made while reading give the predictions that texts give, bit for bit', async (t) => {
  const plan = planModel(config(), { log: SILENT_LOG });
  const hashed = hashWhileReading(plan);
  const files = dataIn(t);
  const expected = await predictions(plan, files);
  assert.equal(expected.flat().length, 40);
  assert.ok(new Set(expected.flat()).size > 20);
  assert.deepEqual(await predictions(hashed, files), expected);
});

test('only texts that something needs are read', () => {
  const plan = planModel(config(), { log: SILENT_LOG });
  assert.deepEqual(
    hashWhileReading(plan).input.features.map(({ name, type }) => `${name}:${type}`),
    [
      'tags:string',
      'kept:string',
      'city#50:int64',
      'city#5:int64',
      'shop#20:int64',
      'tags#30:int64',
      'number#40:int64',
      'small#40:int64',
    ],
  );
});
