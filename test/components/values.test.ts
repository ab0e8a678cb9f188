import assert from 'node:assert/strict';
import test from 'node:test';
import { planLayer } from '../../easyrec/components/backbone/layer_plan.js';
import { COMPONENTS } from '../../easyrec/components/index.js';
import type { BlockValue } from '../../easyrec/components/value.js';
import { expectTensor } from '../../easyrec/components/value.js';
import { parseMessage } from '../../easyrec/config/index.js';
import type { Output } from '../../easyrec/tf/index.js';
import { Graph, ops, Session, Variables } from '../../easyrec/tf/index.js';
import { evaluate, initialize, matrix, tower } from '../support/tower.js';

type Rows = readonly (readonly number[])[];

interface Given {
  readonly config: string;
  readonly input: (variables: Variables) => BlockValue;
  /** Values instead of initial ones, by name of the variable. */
  readonly weights?: Readonly<Record<string, readonly number[]>>;
}

/** What a component computes in an inference tower. */
async function outputOf({ config, input, weights = {} }: Given): Promise<number[]> {
  using graph = new Graph();
  const variables = new Variables(graph);
  const layer = { case: 'keras_layer', value: parseMessage('KerasLayer', config) } as const;
  const ctx = tower(variables, { mode: 'infer' });
  const output = expectTensor(planLayer(layer, COMPONENTS)(ctx, 'b', input(variables)));
  await using session = Session.create(graph);
  initialize(session, variables);
  const assigns = Object.entries(weights).map(([name, values]) => {
    const variable = variables.find(name);
    assert.ok(variable, `no variable ${name}`);
    return ops.assign(variable.handle, ops.constant(graph, 'float32', [...values], variable.shape));
  });
  evaluate(session, [], assigns);
  return evaluate(session, [output])[0] ?? [];
}

const list =
  (...all: readonly Rows[]) =>
  (variables: Variables): BlockValue =>
    all.map((rows) => matrix(variables, rows));

const texts =
  (...all: readonly (readonly string[])[]) =>
  (variables: Variables): Output[] =>
    all.map((column) => ops.constant(variables.graph, 'string', [...column]));

function assertClose(actual: readonly number[], expected: readonly number[], tolerance = 1e-6): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((x, i) => {
    const y = expected[i] ?? NaN;
    assert.ok(Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(y)), `element ${i}: ${x}, expected ${y}`);
  });
}

const A = [[1, 2]];
const B = [[3, -1]];
const C = [[0.5, 4]];

test('FM adds up the products of all pairs of fields', async () => {
  // a.b = 1, a.c = 8.5, b.c = -2.5
  assertClose(await outputOf({ config: 'class_name: "FM"', input: list(A, B, C) }), [7]);
});

test('FM with use_variant keeps one sum of products for each element of a field', async () => {
  const config = 'class_name: "FM" fm { use_variant: true }';
  const expected = [1 * 3 + 1 * 0.5 + 3 * 0.5, 2 * -1 + 2 * 4 + -1 * 4];
  assertClose(await outputOf({ config, input: list(A, B, C) }), expected);
  const stacked = (variables: Variables): Output =>
    ops.reshape(matrix(variables, [[1, 2, 3, -1, 0.5, 4]]), [1, 3, 2]);
  assertClose(await outputOf({ config, input: stacked }), expected);
});

test('DotInteraction goes through the lower triangle row by row', async () => {
  const flag = (name: string): string =>
    `class_name: "DotInteraction" st_params { fields { key: "${name}" value { bool_value: true } } }`;
  assertClose(
    await outputOf({ config: 'class_name: "DotInteraction"', input: list(A, B, C) }),
    [1, 8.5, -2.5],
  );
  assertClose(
    await outputOf({ config: flag('self_interaction'), input: list(A, B, C) }),
    [5, 1, 10, 8.5, -2.5, 16.25],
  );
  assertClose(
    await outputOf({ config: flag('skip_gather'), input: list(A, B, C) }),
    [0, 0, 0, 1, 0, 0, 8.5, -2.5, 0],
  );
});

test('Cross multiplies its first input by a dense layer of the second', async () => {
  const weights = { 'backbone/b/dense/kernel': [1, 2, 3, 4], 'backbone/b/dense/bias': [10, 20] };
  // x W + b = [3 - 3 + 10, 6 - 4 + 20]
  const expected = [1 * 10 + 3, 2 * 22 - 1];
  assertClose(await outputOf({ config: 'class_name: "Cross"', input: list(A, B), weights }), expected);
  const config = 'class_name: "Cross" st_params { fields { key: "diag_scale" value { number_value: 0.5 } } }';
  assertClose(await outputOf({ config, input: list(A, B), weights }), [1 * 11.5 + 3, 2 * 21.5 - 1]);
});

test('Add and Concatenate join tensors', async () => {
  assertClose(await outputOf({ config: 'class_name: "Add"', input: list(A, B, [[10]]) }), [14, 11]);
  assertClose(
    await outputOf({ config: 'class_name: "Concatenate"', input: list(A, [[7]], B) }),
    [1, 2, 7, 3, -1],
  );
});

test('Dense adds its bias before the activation', async () => {
  const config = `class_name: "Dense" st_params {
    fields { key: "units" value { number_value: 2 } } fields { key: "activation" value { string_value: "relu" } } }`;
  const weights = { 'backbone/b/kernel': [1, -1, 2, -2], 'backbone/b/bias': [0.5, 0.5] };
  assertClose(await outputOf({ config, input: (variables) => matrix(variables, A), weights }), [5.5, 0]);
});

test('MLP normalizes before the activation and after the product', async () => {
  const config = 'class_name: "MLP" mlp { hidden_units: 2 }';
  const weights = {
    'backbone/b/layer_0/dense/kernel': [1, 0, 0, 1],
    'backbone/b/layer_0/bn/gamma': [2, 2],
    'backbone/b/layer_0/bn/beta': [1, -10],
    'backbone/b/layer_0/bn/moving_mean': [0.5, 0],
    'backbone/b/layer_0/bn/moving_variance': [4 - 1e-3, 1],
  };
  const input = (variables: Variables): Output => matrix(variables, A);
  assertClose(await outputOf({ config, input, weights }), [((1 - 0.5) / 2) * 2 + 1, 0]);
});

test('OverlapFeature compares terms of a query and a title', async () => {
  const config = `class_name: "OverlapFeature" overlap { separator: ","
    methods: ["query_common_ratio", "title_common_ratio", "is_contain", "is_equal"] }`;
  const input = texts(
    ['high,high2,fiberglass,abc', '', 'a,b'],
    ['high,quality,fiberglass,tube,for,golf,bag', 'a', 'a,b'],
  );
  const expected = [...[5, 28, 0, 0], ...[-1, -1, -1, -1], ...[10, 100, 1, 1]];
  assertClose(await outputOf({ config, input }), expected);
});

test('OverlapFeature looks each method up in rows of its own', async () => {
  const config = `class_name: "OverlapFeature" overlap { separator: "," boundaries: [4.5] embedding_dim: 2
    methods: ["is_equal", "query_common_ratio"] }`;
  const weights = { 'b/overlap_emb_table': [1, 2, 3, 4, 5, 6, 7, 8] };
  const input = texts(['a,b', 'a,b'], ['a', 'x']);
  assertClose(await outputOf({ config, input, weights }), [1, 2, 7, 8, 1, 2, 5, 6]);
});

test('OverlapFeature applies normalize_fn', async () => {
  const config = `class_name: "OverlapFeature" overlap { separator: "," methods: "query_common_ratio"
    normalize_fn: "lambda x: x / 10" }`;
  assertClose(await outputOf({ config, input: texts(['a,b'], ['a']) }), [0.5]);
});

test('OverlapFeature that prints computes the same', async () => {
  const config = `class_name: "OverlapFeature" overlap { separator: "," methods: "query_common_ratio"
    print_first_n: 1 summarize: 2 }`;
  assertClose(await outputOf({ config, input: texts(['a,b'], ['a']) }), [5]);
});

test('EditDistance counts characters and stops at the end of its table', async () => {
  const config = `class_name: "EditDistance" st_params {
    fields { key: "embedding_size" value { number_value: 3 } } fields { key: "embedding_dim" value { number_value: 1 } } }`;
  const weights = { 'b/embedding_table': [0, 10, 20] };
  const input = texts(['kätzchen', 'ab', 'abcdef'], ['kitzchen', 'ab', '']);
  assertClose(await outputOf({ config, input, weights }), [10, 0, 20]);
});
