import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOSSES } from '../../easyrec/losses/index.js';
import { gradients } from '../../easyrec/tf/grad/index.js';
import { Graph, makeStep, ops, Output, Session, tensor } from '../../easyrec/tf/index.js';

interface LossCase {
  readonly labels: readonly number[];
  readonly logits: readonly number[];
  readonly weights?: readonly number[];
}

interface LossResult {
  readonly loss: number;
  /** By the logits. */
  readonly gradient: readonly number[];
}

/** The loss of one batch and its gradient. */
function lossOf({ labels, logits, weights }: LossCase): LossResult {
  using graph = new Graph();
  const columns = [labels, logits, ...(weights === undefined ? [] : [weights])];
  const [z, x, w = null] = columns.map((_, i) => ops.placeholder(graph, 'float32', [-1], `column_${i}`));
  assert.ok(z && x);
  const loss = LOSSES.CLASSIFICATION.build({ labels: z, logits: x, weights: w });
  const [slope] = gradients(loss, [x]);
  assert.ok(slope instanceof Output);
  const session = Session.create(graph);
  const feeds = columns.map((values) => tensor('float32', [values.length], values));
  const placeholders = [z, x, ...(w === null ? [] : [w])];
  const results = session.runSync(makeStep({ feeds: placeholders, fetches: [loss, slope] }), feeds);
  const [value, gradient] = results.map((result) => [...result.data('float32')]);
  for (const each of [...feeds, ...results]) each.dispose();
  return { loss: value?.[0] ?? NaN, gradient: gradient ?? [] };
}

/** `-z ln s - (1 - z) ln(1 - s)`, s being the sigmoid, with logarithms that keep their digits at both ends. */
function closedForm(z: number, x: number): number {
  const lnSigmoid = (t: number): number => (t < 0 ? t - Math.log1p(Math.exp(t)) : -Math.log1p(Math.exp(-t)));
  return -z * lnSigmoid(x) - (1 - z) * lnSigmoid(-x);
}

function assertNear(received: readonly number[], expected: readonly number[], tolerance: number): void {
  assert.equal(received.length, expected.length);
  received.forEach((value, i) => {
    const wanted = expected[i] ?? NaN;
    assert.ok(
      Math.abs(value - wanted) <= tolerance * Math.max(1, Math.abs(wanted)),
      `[${i}]: ${value} is not ${wanted}`,
    );
  });
}

const LOGITS = [-300, -88, -20, -3, -1e-4, 0, 1e-4, 3, 20, 88, 300];

for (const label of [0, 1, 0.25]) {
  test(`cross-entropy and its gradient are exact from logit -300 to 300, label ${label}`, () => {
    for (const logit of LOGITS) {
      const { loss, gradient } = lossOf({ labels: [label], logits: [logit] });
      assertNear([loss], [closedForm(label, logit)], 1e-6);
      assertNear(gradient, [1 / (1 + Math.exp(-logit)) - label], 1e-6);
    }
  });
}

test('tiny losses of confident rows keep their digits', () => {
  const { loss } = lossOf({ labels: [1], logits: [20] });
  assert.ok(Math.abs(loss / closedForm(1, 20) - 1) < 1e-5);
});

test('the gradient at logit 0 is that of the sigmoid: 0.5 - label', () => {
  const { gradient } = lossOf({ labels: [1, 0], logits: [0, -0] });
  assertNear(gradient, [-0.25, 0.25], 1e-7);
});

test('rows are averaged; with weights, their weighted sum is divided by the number of weights other than 0', () => {
  const labels = [1, 0, 1, 0];
  const logits = [0.5, -1, 2, 3];
  const losses = labels.map((label, i) => closedForm(label, logits[i] ?? NaN));
  const [a = NaN, b = NaN, c = NaN, d = NaN] = losses;
  assertNear([lossOf({ labels, logits }).loss], [(a + b + c + d) / 4], 1e-6);
  const { loss, gradient } = lossOf({ labels, logits, weights: [2, 0, 0.5, 0] });
  assertNear([loss], [(2 * a + 0.5 * c) / 2], 1e-6);
  const slope = (x: number): number => 1 / (1 + Math.exp(-x)) - 1;
  assertNear(gradient, [(2 * slope(0.5)) / 2, 0, (0.5 * slope(2)) / 2, 0], 1e-6);
});

test('an empty batch and weights that are all 0 give 0, and gradients of 0', () => {
  assert.deepEqual(lossOf({ labels: [], logits: [] }), { loss: 0, gradient: [] });
  assert.equal(lossOf({ labels: [], logits: [], weights: [] }).loss, 0);
  const { loss, gradient } = lossOf({ labels: [1, 0], logits: [5, 5], weights: [0, 0] });
  assert.equal(loss, 0);
  assertNear(gradient, [0, 0], 0);
});
