import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auc } from '../../easyrec/metrics/index.js';
import {
  meanAbsoluteError,
  meanSquaredError,
  rootMeanSquaredError,
} from '../../easyrec/metrics/mean_error.js';
import { ORACLE_VERSIONS, runPython, skipWithoutTensorflow } from '../support/python.js';
import { batchOf, drawnRows, type ScoredRows } from './scored_rows.js';

/** Prints, for each case, the metrics that TensorFlow streams over two batches of it. */
const PYTHON = `
import json, sys
import tensorflow.compat.v1 as tf
tf.disable_eager_execution()
results = []
for case in json.loads(sys.argv[1]):
  tf.reset_default_graph()
  labels = tf.placeholder(tf.float32, [None])
  probs = tf.placeholder(tf.float32, [None])
  whole = tf.to_int64(labels)
  made = {
    'auc': tf.metrics.auc(whole, probs, num_thresholds=200),
    'auc_7': tf.metrics.auc(whole, probs, num_thresholds=7),
    'mean_absolute_error': tf.metrics.mean_absolute_error(labels, probs),
    'mean_squared_error': tf.metrics.mean_squared_error(labels, probs),
    'root_mean_squared_error': tf.metrics.root_mean_squared_error(labels, probs),
  }
  with tf.Session() as session:
    session.run(tf.local_variables_initializer())
    half = len(case['labels']) // 2
    for part in (slice(0, half), slice(half, None)):
      feeds = {labels: case['labels'][part], probs: case['probs'][part]}
      session.run([update for _, update in made.values()], feeds)
    results.append({name: float(session.run(value)) for name, (value, _) in made.items()})
print(json.dumps(results))
`;

const uniform = drawnRows(250, 1, (u) => u);
const CASES: Readonly<Record<string, ScoredRows>> = {
  uniform,
  'heaped near 0': drawnRows(250, 2, (u) => u ** 6),
  'only values 0, 0.1, ... 1': drawnRows(250, 3, (u) => Math.round(u * 10) / 10),
  'exactly on thresholds': drawnRows(250, 4, (u) => Math.round(u * 199) / 199),
  'certain: 0 or 1': drawnRows(100, 5, (u) => Math.round(u)),
  'all the same': drawnRows(100, 6, () => 0.5),
  'all positive': { ...uniform, labels: uniform.labels.map(() => 1) },
  'all negative': { ...uniform, labels: uniform.labels.map(() => 0) },
  'labels that are no class': { ...uniform, labels: uniform.labels.map((_, i) => (i % 7) / 2 - 1) },
  'one row': { labels: [1], probs: [0.25] },
};

for (const version of ORACLE_VERSIONS) {
  test(`metrics are TensorFlow ${version}'s`, { skip: skipWithoutTensorflow(version) }, async () => {
    const printed = await runPython(version, PYTHON, [JSON.stringify(Object.values(CASES))]);
    const expected = JSON.parse(printed) as Readonly<Record<string, number>>[];
    assert.equal(expected.length, Object.keys(CASES).length);
    for (const [i, [title, rows]] of Object.entries(CASES).entries()) {
      const metrics = {
        auc: auc({ numThresholds: 200 }),
        auc_7: auc({ numThresholds: 7 }),
        mean_absolute_error: meanAbsoluteError(),
        mean_squared_error: meanSquaredError(),
        root_mean_squared_error: rootMeanSquaredError(),
      };
      const half = Math.floor(rows.labels.length / 2);
      for (const [name, metric] of Object.entries(metrics)) {
        for (const [from, to] of [[0, half] as const, [half, rows.labels.length] as const]) {
          metric.update(batchOf({ labels: rows.labels.slice(from, to), probs: rows.probs.slice(from, to) }));
        }
        const wanted = expected[i]?.[name] ?? NaN;
        const received = metric.result();
        assert.ok(Math.abs(received - wanted) <= 1e-6, `${title}, ${name}: ${received} is not ${wanted}`);
      }
    }
  });
}
