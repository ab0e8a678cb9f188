import assert from 'node:assert/strict';
import { planLayer } from '../../easyrec/components/backbone/layer_plan.js';
import { COMPONENTS } from '../../easyrec/components/index.js';
import type { BlockValue } from '../../easyrec/components/value.js';
import { expectTensor } from '../../easyrec/components/value.js';
import { parseMessage } from '../../easyrec/config/index.js';
import { gradients, IndexedSlices } from '../../easyrec/tf/grad/index.js';
import type { Gradient } from '../../easyrec/tf/grad/index.js';
import type { Operation, Variable } from '../../easyrec/tf/index.js';
import { Graph, ops, Output, Session, Variables } from '../../easyrec/tf/index.js';
import { evaluate, initialize, tower } from './tower.js';

/** An input column: the width of a float tensor `[B, ...]`, or texts `[B]`. */
export type InputSpec = readonly number[] | readonly string[];

export interface ComponentCase {
  /** A KerasLayer message in text format: `class_name: "FM" fm { use_variant: true }`. */
  readonly config: string;
  /** One is given as it is, several as a list. */
  readonly inputs: readonly InputSpec[];
  /** Without the batch dimension. */
  readonly outputShape: readonly number[];
  /** Shapes by name; the block is called `b`. */
  readonly variables: Readonly<Record<string, readonly number[]>>;
  /** Those of `variables` that no optimizer touches. Default: none. */
  readonly untrained?: readonly string[];
}

const BATCH = 6;

/** Numbers without a pattern, within ±1, none of them near 0 where many functions have a kink. */
function numbers(count: number, phase: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const x = Math.sin(12.9898 * (i + 1) + 78.233 * phase);
    return x + Math.sign(x) * 0.05;
  });
}

function isTexts(spec: InputSpec): spec is readonly string[] {
  return typeof spec[0] === 'string';
}

/** The inputs as tensors whose batch size is not known when the graph is built. */
function makeInputs(graph: Graph, specs: readonly InputSpec[]): Output[] {
  return specs.map((spec, i) => {
    const value = isTexts(spec)
      ? ops.constant(graph, 'string', [...spec])
      : ops.constant(graph, 'float32', numbers(BATCH * spec.reduce((a, b) => a * b, 1), i), [BATCH, ...spec]);
    const shape = isTexts(spec) ? [-1] : [-1, ...spec];
    return graph.op('PlaceholderWithDefault', [value], { shape }).output();
  });
}

interface Built {
  readonly output: Output;
  readonly updates: readonly Operation[];
  readonly inputs: readonly Output[];
}

function build(variables: Variables, { config, inputs }: ComponentCase, mode: 'train' | 'infer'): Built {
  const layer = { case: 'keras_layer', value: parseMessage('KerasLayer', config) } as const;
  const apply = planLayer(layer, COMPONENTS);
  const ctx = tower(variables, { mode });
  const tensors = makeInputs(variables.graph, inputs);
  const [first] = tensors;
  const input: BlockValue = tensors.length === 1 && first !== undefined ? first : tensors;
  return { output: expectTensor(apply(ctx, 'b', input)), updates: ctx.updates, inputs: tensors };
}

function lossOf(output: Output): Output {
  const size = BATCH * (output.shape ?? []).slice(1).reduce((a, b) => a * b, 1);
  const flat = ops.reshape(ops.cast(output, 'float32'), [-1]);
  const target = ops.constant(output.graph, 'float32', numbers(size, 99));
  return ops.reduceMean(ops.squaredDifference(flat, target));
}

function descend(variable: Variable, gradient: Gradient): Operation {
  const rate = 0.02;
  if (gradient instanceof IndexedSlices) {
    return ops.resourceScatterSub(variable.handle, gradient.indices, ops.mul(gradient.values, rate));
  }
  if (gradient instanceof Output) return ops.assignSub(variable.handle, ops.mul(gradient, rate));
  throw new Error(`${variable.name}: no gradient`);
}

function denseOf(gradient: Gradient): Output {
  if (gradient instanceof IndexedSlices) return gradient.toDense();
  assert.ok(gradient !== null);
  return gradient;
}

function checkVariables(variables: Variables, expected: ComponentCase): void {
  const shapes = Object.fromEntries(variables.all.map(({ name, shape }) => [name, shape]));
  assert.deepEqual(shapes, expected.variables);
  const untrained = variables.all.filter(({ trainable }) => !trainable).map(({ name }) => name);
  assert.deepEqual(untrained.sort(), [...(expected.untrained ?? [])].sort());
}

function checkGradients(session: Session, variables: Variables, found: readonly Gradient[]): void {
  const values = evaluate(session, found.map(denseOf));
  values.forEach((value, i) => {
    const name = variables.trainable[i]?.name ?? '';
    assert.ok(value.every(Number.isFinite), `${name}: its gradient is not finite`);
    assert.ok(
      value.some((x) => x !== 0),
      `${name}: its gradient is zero`,
    );
  });
}

/** A step along the gradients of all variables lowers the loss; without variables the inputs must have gradients. */
function checkLearning(session: Session, variables: Variables, built: Built): void {
  const loss = lossOf(built.output);
  const trained = variables.trainable;
  if (trained.length === 0) {
    const inputs = built.inputs.filter(({ dtype }) => dtype === 'float32');
    const found = gradients(loss, inputs);
    assert.ok(
      found.every((gradient) => gradient !== null),
      'an input has no gradient',
    );
    return;
  }
  const found = gradients(
    loss,
    trained.map(({ handle }) => handle),
  );
  trained.forEach(({ name }, i) => assert.ok(found[i], `${name}: no gradient`));
  checkGradients(session, variables, found);
  const step = trained.map((variable, i) => descend(variable, found[i] ?? null));
  const [[before = NaN] = []] = evaluate(session, [loss]);
  for (let i = 0; i < 3; i++) evaluate(session, [], step);
  const [[after = NaN] = []] = evaluate(session, [loss]);
  assert.ok(after < before, `loss: expected below ${before} after three steps, received ${after}`);
}

/**
 * Checks what every component owes: its static and run-time shape, the names and number of its variables, a gradient
 * for each, a loss that falls, and weights that a second tower shares.
 */
export async function checkComponent(expected: ComponentCase): Promise<void> {
  using graph = new Graph();
  const variables = new Variables(graph, 1);
  const train = build(variables, expected, 'train');
  assert.deepEqual(train.output.shape, [-1, ...expected.outputShape]);
  checkVariables(variables, expected);

  const infer = build(variables, expected, 'infer');
  assert.deepEqual(infer.output.shape, [-1, ...expected.outputShape]);
  assert.equal(infer.updates.length, 0, 'inference must not update anything');
  checkVariables(variables, expected);

  await using session = Session.create(graph);
  initialize(session, variables);
  const runTimeShape = evaluate(session, [ops.shapeOf(train.output), ops.shapeOf(infer.output)]);
  assert.deepEqual(runTimeShape, [
    [BATCH, ...expected.outputShape],
    [BATCH, ...expected.outputShape],
  ]);
  checkLearning(session, variables, train);
  checkWeightsAreShared(session, variables, infer);
}

/** Other weights must change what the inference tower says. */
function checkWeightsAreShared(session: Session, variables: Variables, infer: Built): void {
  const [before = []] = evaluate(session, [infer.output]);
  const shifts = variables.trainable.map((variable) => {
    const shift = ops.constant(variables.graph, 'float32', 0.25, variable.shape);
    return ops.assignAdd(variable.handle, shift);
  });
  if (shifts.length === 0) return;
  evaluate(session, [], shifts);
  const [after = []] = evaluate(session, [infer.output]);
  assert.notDeepEqual(after, before, 'inference does not use the trained weights');
}
