import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SILENT_LOG } from '../../easyrec/log.js';
import type { Metric, MetricKey } from '../../easyrec/metrics/index.js';
import { makeStep, Session } from '../../easyrec/tf/index.js';
import { runEvaluation } from '../../easyrec/train/evaluator.js';
import { openReader } from '../../easyrec/train/input_plan.js';
import { planModel } from '../../easyrec/train/model_plan.js';
import { learningOf } from '../../easyrec/train/optimizer_config.js';
import { buildTrainingGraph } from '../../easyrec/train/training_graph.js';
import { temporaryFolder } from '../support/temporary.js';
import { pipelineOf } from './pipeline_text.js';

const TEXT = `
  train_config { optimizer_config { adam_optimizer { learning_rate { constant_learning_rate { } } } } }
  eval_config { metrics_set { gauc { uid_field: "user" } } metrics_set { session_auc { session_id_field: "session" } } }
  model_config {
    model_class: "RankModel"
    feature_groups { group_name: "all" feature_names: "item" wide_deep: DEEP }
    backbone { blocks {
      name: "mlp" inputs { feature_group_name: "all" }
      keras_layer { class_name: "MLP" mlp { hidden_units: [4] } }
    } }
  }`;

interface Seen {
  readonly labels: number[];
  readonly probs: number[];
  readonly logits: number[];
  readonly ids: MetricKey[];
  readonly sessions: MetricKey[];
}

/** A metric that remembers what it was given. */
function witness(seen: Seen): Metric {
  return {
    update({ labels, probs, logits, ids }) {
      seen.labels.push(...labels);
      seen.probs.push(...probs);
      seen.logits.push(...logits);
      seen.ids.push(...Array.from(ids('user')));
      seen.sessions.push(...Array.from(ids('session')));
    },
    result: () => 0.125,
    reset: () => undefined,
  };
}

test('metrics are given labels, probabilities, logits and ids of the same rows', async (t) => {
  const plan = planModel(pipelineOf(TEXT), { log: SILENT_LOG });
  assert.ok(plan.config.train_config);
  const { graph, evaluate, initialize } = buildTrainingGraph(
    plan,
    learningOf(plan.config.train_config).optimizer,
  );
  const files = join(temporaryFolder(t), 'rows.csv');
  const rows = Array.from({ length: 10 }, (_, i) => [i % 2, 2n ** 60n + BigInt(i), `item${i}`, `s${i % 3}`]);
  writeFileSync(files, rows.map((row) => `${row.join(',')},1,x\n`).join(''));
  const seen: Seen = { labels: [], probs: [], logits: [], ids: [], sessions: [] };
  await using session = Session.create(graph);
  await session.run(makeStep({ targets: initialize }));
  const evaluation = await runEvaluation({
    session,
    evaluate,
    reader: openReader(plan.input, { files, training: false }),
    metrics: new Map([['witness', witness(seen)]]),
  });
  assert.deepEqual([evaluation.rows, evaluation.batches, evaluation.values['witness']], [10, 3, 0.125]);
  assert.deepEqual(
    seen.labels,
    rows.map(([label]) => label),
  );
  assert.deepEqual(
    seen.ids,
    rows.map(([, user]) => user),
  );
  assert.deepEqual(
    seen.sessions,
    rows.map(([, , , sessionId]) => sessionId),
  );
  assert.equal(seen.logits.length, 10);
  assert.ok(new Set(seen.logits).size >= 5, 'the rows have all the same logit');
  seen.logits.forEach((logit, i) => {
    assert.ok(Math.abs(1 / (1 + Math.exp(-logit)) - (seen.probs[i] ?? NaN)) < 1e-6);
  });
});
