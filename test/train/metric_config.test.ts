import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError } from '../../easyrec/errors.js';
import { batchesOf } from '../../easyrec/input/reader.js';
import { columnsOf, openReader, planInput } from '../../easyrec/train/input_plan.js';
import { type MetricFactory, planMetrics } from '../../easyrec/train/metric_config.js';
import { batchOf } from '../metrics/scored_rows.js';
import { temporaryFolder } from '../support/temporary.js';
import { recordingLog } from '../support/tower.js';
import { pipelineOf } from './pipeline_text.js';

interface Planned {
  readonly create: MetricFactory;
  readonly warnings: readonly string[];
}

function plan(sets: string, maxF1OnProbs = false): Planned {
  const { eval_config: config } = pipelineOf(`eval_config { ${sets} }`);
  const { log, warnings } = recordingLog();
  return { create: planMetrics(config, { log, maxF1OnProbs }), warnings };
}

/** Results by name over a few rows, of users a, b and sessions x, y. */
function results({ create }: Planned): Record<string, number> {
  const rows = { labels: [1, 0, 1, 0, 1], probs: [0.3, 0.1, 0.2, 0.4, 0.45] };
  const users = ['a', 'a', 'b', 'b', 'b'];
  const sessions = ['x', 'x', 'x', 'x', 'y'];
  const metrics = create();
  for (const metric of metrics.values()) {
    metric.update(batchOf(rows, { ids: (column) => (column === 'user' ? users : sessions) }));
  }
  return Object.fromEntries([...metrics].map(([name, metric]) => [name, metric.result()]));
}

test('all metrics of a rank model are named as in the config', () => {
  const names = ['auc', 'mean_absolute_error', 'mean_squared_error', 'root_mean_squared_error', 'max_f1'];
  const sets = names.map((name) => `metrics_set { ${name} { } }`).join(' ');
  const grouped =
    'metrics_set { gauc { uid_field: "user" } } metrics_set { session_auc { session_id_field: "session" } }';
  assert.deepEqual([...plan(`${sets} ${grouped}`).create().keys()], [...names, 'gauc', 'session_auc']);
});

test('fields and reductions reach the grouped metrics', () => {
  const users = results(plan('metrics_set { gauc { uid_field: "user" reduction: "mean_by_sample_num" } }'));
  // User a: its pair is right. User b: 1 of 2 pairs.
  assert.ok(Math.abs((users['gauc'] ?? NaN) - (2 * 1 + 3 * 0.5) / 5) < 1e-12);
  const sessions = results(plan('metrics_set { session_auc { session_id_field: "session" } }'));
  // Session x: 2 of 4 pairs; y has one class.
  assert.ok(Math.abs((sessions['session_auc'] ?? NaN) - 0.5) < 1e-12);
});

test('max_f1 compares logits and warns of it, or probabilities by an option', () => {
  const trap = plan('metrics_set { max_f1 { } }');
  // All probabilities are below 0.5, so all logits below 0: no row is ever called positive.
  assert.equal(results(trap)['max_f1'], 0);
  assert.equal(trap.warnings.length, 1);
  assert.match(trap.warnings[0] ?? '', /max_f1 compares logits.*--max_f1_on_probs/);
  const asked = plan('metrics_set { max_f1 { } }', true);
  assert.ok((results(asked)['max_f1'] ?? 0) > 0.7);
  assert.deepEqual(asked.warnings, []);
});

test('each evaluation gets metrics of its own', () => {
  const planned = plan('metrics_set { mean_absolute_error { } }');
  assert.ok((results(planned)['mean_absolute_error'] ?? 0) > 0);
  assert.equal(planned.create().get('mean_absolute_error')?.result(), 0);
});

test('an unknown reduction fails at its place, naming the nearest', () => {
  assert.throws(
    () => plan('metrics_set { gauc { uid_field: "user"\n reduction: "mean_by_sample" } }'),
    (error: unknown) =>
      error instanceof ConfigError &&
      /^a\.config:\d+:2: reduction: expected mean or .*, received "mean_by_sample"; did you mean "mean_by_sample_num"/.test(
        error.message,
      ),
  );
});

test('a metric that names no input field fails at its place', () => {
  assert.throws(
    () => planInput(pipelineOf('eval_config { metrics_set { gauc {\n uid_field: "usr" } } }')),
    (error: unknown) =>
      error instanceof ConfigError &&
      /^a\.config:\d+:2: metrics_set: no input field "usr"; did you mean "user"/.test(error.message),
  );
});

test('evaluation reads the columns that metrics group by, no model is fed them, training leaves them out', async (t) => {
  const config = pipelineOf('eval_config { metrics_set { gauc { uid_field: "user" } } }');
  const input = planInput(config);
  const fed = columnsOf(input).map(({ name }) => name);
  assert.deepEqual(fed.sort(), ['click', 'item']);
  const files = join(temporaryFolder(t), 'rows.csv');
  writeFileSync(files, '1,77,i,s,0.5,z\n0,78,j,s,0.5,z\n');
  const columns = async (training: boolean): Promise<string[]> => {
    for await (const batch of batchesOf(openReader(input, { files, training }))) {
      return [...batch.columns.keys()].sort();
    }
    return [];
  };
  assert.deepEqual(await columns(false), ['click', 'item', 'user']);
  assert.deepEqual(await columns(true), ['click', 'item']);
});
