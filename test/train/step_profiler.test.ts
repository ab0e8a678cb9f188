import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunMetadata } from '../../easyrec/tf/index.js';
import { StepProfiler, tracedOps } from '../../easyrec/train/step_profiler.js';

const METADATA: RunMetadata = {
  step_stats: {
    dev_stats: [
      {
        device: '/device:CPU:0',
        node_stats: [
          {
            node_name: 'deep/MatMul',
            all_start_micros: 1_700_000_000_000_000,
            all_end_rel_micros: 900,
            timeline_label: 'deep/MatMul = _FusedMatMul(a = b(c), d)',
            op_start_rel_nanos: 2_500,
            op_end_rel_nanos: 802_500,
          },
          { node_name: 'old', op_start_rel_micros: 3, op_end_rel_micros: 7, timeline_label: 'unlike others' },
        ],
      },
    ],
  },
};

/** Runs steps as a trainer does. */
function profile(steps: number): { readonly profiler: StepProfiler; readonly traced: readonly number[] } {
  const profiler = new StepProfiler();
  const traced: number[] = [];
  for (let step = 1; step <= steps; step++) {
    profiler.begin(step);
    const { onTrace } = profiler.runSettings();
    if (onTrace !== undefined) {
      traced.push(step);
      onTrace(METADATA);
    }
    profiler.beside('reading', performance.now());
    profiler.part('running');
    profiler.part('metrics');
    profiler.end();
  }
  return { profiler, traced };
}

test('a trace says when an op computed, and what ran for a node', () => {
  assert.deepEqual(tracedOps(METADATA), [
    {
      name: 'deep/MatMul',
      type: '_FusedMatMul',
      device: '/device:CPU:0',
      startUs: 1_700_000_000_000_002.5,
      durationUs: 800,
    },
    { name: 'old', type: 'old', device: '/device:CPU:0', startUs: 3, durationUs: 4 },
  ]);
  assert.deepEqual(tracedOps({}), []);
});

test("an op that oneDNN computes counts as TensorFlow's", () => {
  const label = 'deep/MatMul = _MklMatMul(a, b)';
  const nodes = [{ node_name: 'deep/MatMul', timeline_label: label }];
  const [op] = tracedOps({ step_stats: { dev_stats: [{ node_stats: nodes }] } });
  assert.equal(op?.type, 'MatMul');
});

test('a long run is traced after a warm-up and then left alone', () => {
  const { profiler, traced } = profile(50);
  assert.equal(traced.length, 20);
  const result = profiler.result();
  assert.deepEqual(result?.steps, [11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  assert.ok(result.untracedStepMs !== null && result.untracedStepMs >= 0);
});

test('a short run is profiled without its first step', () => {
  const { profiler } = profile(4);
  const result = profiler.result();
  assert.deepEqual(result?.steps, [2, 3, 4]);
  assert.equal(result.untracedStepMs, null);
  assert.deepEqual(profile(15).profiler.result()?.steps, [6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
});

test('a run of one step is profiled, one of none is not', () => {
  assert.deepEqual(profile(1).profiler.result()?.steps, [1]);
  assert.equal(profile(0).profiler.result(), null);
});

test('the parts fill the step, in their order', () => {
  const [step] = profile(1).profiler.steps;
  assert.ok(step);
  const names = step.phases.map(({ name }) => name);
  assert.deepEqual(names, ['running', 'metrics']);
  assert.deepEqual(
    step.beside.map(({ name }) => name),
    ['reading'],
  );
  const filled = step.phases.reduce((sum, { durationUs }) => sum + durationUs, 0);
  assert.ok(filled <= step.durationUs && filled > 0, `${filled} of ${step.durationUs} µs`);
  const [running, metrics] = step.phases;
  const end = (running?.startUs ?? 0) + (running?.durationUs ?? 0);
  // The clock is read in microseconds since 1970, of which a double holds quarters.
  assert.ok(Math.abs(end - (metrics?.startUs ?? 0)) <= 1);
});

test('what happens outside a step is not counted', () => {
  const profiler = new StepProfiler();
  profiler.beside('reading', performance.now());
  profiler.part('running');
  profiler.end();
  assert.equal(profiler.result(), null);
});
