import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InferenceRecord } from '../../../easyrec/serving/inference/index.js';
import { ServerMetrics } from '../../../easyrec/serving/monitoring/server_metrics.js';

const CALL = {
  method: 'predict' as const,
  modelName: 'm',
  version: 1n,
  signatureName: 'serving_default',
  entrypoint: 'REST' as const,
  status: 'OK' as const,
  latencyMs: 0.02,
} satisfies InferenceRecord;

function linesOf(metrics: ServerMetrics, start: string): readonly string[] {
  return metrics
    .text()
    .split('\n')
    .filter((line) => line.startsWith(start));
}

test('calls are counted by model and status under the name of the original', () => {
  const metrics = new ServerMetrics();
  for (let i = 0; i < 5; i++) metrics.finished(CALL);
  metrics.finished({ ...CALL, status: 'INVALID_ARGUMENT' });
  assert.deepEqual(linesOf(metrics, ':tensorflow:serving:request_count'), [
    ':tensorflow:serving:request_count{model_name="m",status="OK"} 5',
    ':tensorflow:serving:request_count{model_name="m",status="INVALID_ARGUMENT"} 1',
  ]);
  assert.deepEqual(linesOf(metrics, '# TYPE :tensorflow:serving:request_count'), [
    '# TYPE :tensorflow:serving:request_count counter',
  ]);
});

test('latencies are histograms in microseconds with the limits of the original', () => {
  const metrics = new ServerMetrics();
  metrics.finished(CALL);
  metrics.finished({ ...CALL, latencyMs: 1e9 });
  metrics.finished({ ...CALL, status: 'INTERNAL', latencyMs: 5 });
  const lines = linesOf(metrics, ':tensorflow:serving:request_latency');
  const labels = 'model_name="m",API="predict",entrypoint="REST"';
  assert.deepEqual(lines.slice(0, 6), [
    `:tensorflow:serving:request_latency_bucket{${labels},le="10"} 0`,
    `:tensorflow:serving:request_latency_bucket{${labels},le="18"} 0`,
    `:tensorflow:serving:request_latency_bucket{${labels},le="32.4"} 1`,
    `:tensorflow:serving:request_latency_bucket{${labels},le="58.32"} 1`,
    `:tensorflow:serving:request_latency_bucket{${labels},le="104.976"} 1`,
    `:tensorflow:serving:request_latency_bucket{${labels},le="188.957"} 1`,
  ]);
  assert.deepEqual(lines.slice(32), [
    `:tensorflow:serving:request_latency_bucket{${labels},le="1.47476e+09"} 1`,
    `:tensorflow:serving:request_latency_bucket{${labels},le="+Inf"} 2`,
    `:tensorflow:serving:request_latency_sum{${labels}} 1000000000020`,
    `:tensorflow:serving:request_latency_count{${labels}} 2`,
  ]);
});

test('the API has the name that its protocol gives it, and the runtime part is counted for itself', () => {
  const metrics = new ServerMetrics();
  metrics.finished({ ...CALL, method: 'classify', entrypoint: 'GRPC', runtimeMs: 0.01, examples: 3 });
  metrics.finished({ ...CALL, method: 'get_model_metadata', entrypoint: 'GRPC' });
  assert.deepEqual(
    metrics
      .text()
      .split('\n')
      .filter((line) => /(_count|total)\{/.test(line)),
    [
      ':tensorflow:serving:request_count{model_name="m",status="OK"} 1',
      ':tensorflow:serving:request_example_count_total{model="m"} 3',
      ':tensorflow:serving:request_example_counts_count{model="m"} 1',
      ':tensorflow:serving:request_latency_count{model_name="m",API="Classify",entrypoint="GRPC"} 1',
      ':tensorflow:serving:runtime_latency_count{model_name="m",API="Classify",runtime="TF1"} 1',
    ],
  );
});

test('a value without labels still has braces, as the original writes it', () => {
  const metrics = new ServerMetrics();
  metrics.processedBatch(4, 1);
  metrics.dequeued('threads', 250.4);
  assert.deepEqual(linesOf(metrics, ':tensorflow:serving:batching_session:wrapped_run_count'), [
    ':tensorflow:serving:batching_session:wrapped_run_count{} 1',
  ]);
  assert.deepEqual(
    linesOf(metrics, ':tensorflow:serving:batching_session:processed_batch_size_bucket{le="4"}'),
    [':tensorflow:serving:batching_session:processed_batch_size_bucket{le="4"} 1'],
  );
  assert.deepEqual(linesOf(metrics, ':tensorflow:serving:batching_session:queuing_latency_sum'), [
    ':tensorflow:serving:batching_session:queuing_latency_sum{thread_pool_name="threads"} 250',
  ]);
});

test('names that callers invent are escaped, and cannot fill the memory', () => {
  const metrics = new ServerMetrics();
  metrics.finished({ ...CALL, modelName: 'a"b\\c\nd', status: 'NOT_FOUND' });
  assert.match(metrics.text(), /model_name="a\\"b\\\\c\\nd"/);
  for (let i = 0; i < 5000; i++) metrics.finished({ ...CALL, modelName: `model ${i}`, status: 'NOT_FOUND' });
  const lines = linesOf(metrics, ':tensorflow:serving:request_count');
  assert.equal(lines.length, 2001);
  assert.equal(lines.at(-1), ':tensorflow:serving:request_count{model_name="(other)",status="(other)"} 3001');
});

test('metrics are served only where the config says so', async () => {
  const metrics = new ServerMetrics({ prometheusPath: '/metrics' });
  metrics.finished(CALL);
  assert.equal(metrics.accepts('/metrics'), true);
  assert.equal(metrics.accepts('/monitoring/prometheus/metrics'), false);
  const response = await metrics.handle();
  assert.deepEqual(
    [response.status, response.contentType, response.body],
    [200, 'text/plain', metrics.text()],
  );
  assert.equal(new ServerMetrics().accepts('/monitoring/prometheus/metrics'), false);
});
