import assert from 'node:assert/strict';
import test from 'node:test';
import { evaluateLambda } from '../../easyrec/components/lambda/evaluate.js';
import { TF_FUNCTIONS } from '../../easyrec/components/lambda/functions.js';
import type { BlockValue } from '../../easyrec/components/value.js';
import { elementsOf, expectTensor, Tuple } from '../../easyrec/components/value.js';
import { parseLambda, parseSlice } from '../../easyrec/config/index.js';
import { ConfigError } from '../../easyrec/errors.js';
import type { Output } from '../../easyrec/tf/index.js';
import { Graph, ops, Session } from '../../easyrec/tf/index.js';
import { evaluate } from '../support/tower.js';

type MakeInput = (graph: Graph) => BlockValue;

const constant = (graph: Graph, values: readonly number[], shape: readonly number[]): Output =>
  ops.constant(graph, 'float32', [...values], shape);

/** [[1, 2, 3], [4, 5, 6]] */
const table: MakeInput = (graph) => constant(graph, [1, 2, 3, 4, 5, 6], [2, 3]);
/** Two of [2, 2]. */
const pair: MakeInput = (graph) => [
  constant(graph, [1, 2, 3, 4], [2, 2]),
  constant(graph, [5, 6, 7, 8], [2, 2]),
];
const tuple: MakeInput = (graph) => new Tuple([table(graph), pair(graph)]);

async function run(
  text: string,
  input: MakeInput,
  parse = parseLambda,
): Promise<{ readonly values: number[][]; readonly shapes: (readonly number[] | null)[] }> {
  using graph = new Graph();
  const value = evaluateLambda(parse(text), graph, [input(graph)]);
  const tensors = (elementsOf(value) ?? [value]).map((item) => expectTensor(item));
  await using session = Session.create(graph);
  return { values: evaluate(session, tensors), shapes: tensors.map(({ shape }) => shape) };
}

interface Case {
  readonly text: string;
  readonly input: MakeInput;
  readonly values: readonly (readonly number[])[];
  readonly shape?: readonly number[];
}

const CASES: readonly Case[] = [
  { text: 'lambda x: x[1]', input: pair, values: [[5, 6, 7, 8]] },
  { text: 'lambda x: x[-1]', input: pair, values: [[5, 6, 7, 8]] },
  {
    text: 'lambda x: x[::-1]',
    input: pair,
    values: [
      [5, 6, 7, 8],
      [1, 2, 3, 4],
    ],
  },
  {
    text: 'lambda x: [x, x]',
    input: table,
    values: [
      [1, 2, 3, 4, 5, 6],
      [1, 2, 3, 4, 5, 6],
    ],
  },
  { text: 'lambda x: x[1][0]', input: tuple, values: [[1, 2, 3, 4]] },
  {
    text: 'lambda x: x + x[:1]',
    input: pair,
    values: [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [1, 2, 3, 4],
    ],
  },
  {
    text: 'lambda x: [x] * 2',
    input: table,
    values: [
      [1, 2, 3, 4, 5, 6],
      [1, 2, 3, 4, 5, 6],
    ],
  },
  { text: 'lambda x: tf.add_n(x)', input: pair, values: [[6, 8, 10, 12]] },
  {
    text: 'lambda x: tf.reduce_sum(x, axis=1, keepdims=True)',
    input: table,
    values: [[6, 15]],
    shape: [2, 1],
  },
  { text: 'lambda x: tf.reduce_sum(x, axis=1)', input: table, values: [[6, 15]], shape: [2] },
  { text: 'lambda x: tf.reduce_mean(x, 1, keep_dims=True)', input: table, values: [[2, 5]], shape: [2, 1] },
  { text: 'lambda x: tf.reduce_max(x)', input: table, values: [[6]], shape: [] },
  { text: 'lambda x: tf.reduce_min(x, axis=[0])', input: table, values: [[1, 2, 3]] },
  { text: 'lambda x: tf.reduce_prod(x, axis=-1)', input: table, values: [[6, 120]] },
  {
    text: 'lambda x: tf.unstack(tf.reshape(x, [-1, 3, 1]), axis=1)',
    input: table,
    values: [
      [1, 4],
      [2, 5],
      [3, 6],
    ],
    shape: [2, 1],
  },
  {
    text: 'lambda x: tf.stack(x, axis=1)',
    input: pair,
    values: [[1, 2, 5, 6, 3, 4, 7, 8]],
    shape: [2, 2, 2],
  },
  { text: 'lambda x: tf.concat(x, axis=1)', input: pair, values: [[1, 2, 5, 6, 3, 4, 7, 8]], shape: [2, 4] },
  {
    text: 'lambda x: tf.math.log1p(x)',
    input: (graph) => constant(graph, [0, Math.E - 1], [2]),
    values: [[0, 1]],
  },
  { text: 'lambda x: 1 - 2 * x / 4 + -x', input: table, values: [[-0.5, -2, -3.5, -5, -6.5, -8]] },
  { text: 'lambda x: x ** 2 // 2 % 5', input: table, values: [[0, 2, 4, 3, 2, 3]] },
  { text: 'lambda x: x[0] - x[1]', input: pair, values: [[-4, -4, -4, -4]] },
  { text: 'lambda x: x[:, 1]', input: table, values: [[2, 5]], shape: [2] },
  { text: 'lambda x: x[:, 1:]', input: table, values: [[2, 3, 5, 6]], shape: [2, 2] },
  { text: 'lambda x: x[-1, ::-1]', input: table, values: [[6, 5, 4]] },
  { text: 'lambda x: x[..., -1]', input: table, values: [[3, 6]], shape: [2] },
  { text: 'lambda x: x[:, tf.newaxis, 0]', input: table, values: [[1, 4]], shape: [2, 1] },
  { text: 'lambda x: tf.expand_dims(x, -1)', input: table, values: [[1, 2, 3, 4, 5, 6]], shape: [2, 3, 1] },
  { text: 'lambda x: tf.squeeze(x[:, :1], axis=1)', input: table, values: [[1, 4]], shape: [2] },
  {
    text: 'lambda x: tf.transpose(x, perm=[1, 0])',
    input: table,
    values: [[1, 4, 2, 5, 3, 6]],
    shape: [3, 2],
  },
  { text: 'lambda x: tf.transpose(x)', input: table, values: [[1, 4, 2, 5, 3, 6]], shape: [3, 2] },
  { text: 'lambda x: tf.tile(x[:1], [2, 1])', input: table, values: [[1, 2, 3, 1, 2, 3]] },
  {
    text: 'lambda x: tf.split(x, 3, axis=1)',
    input: table,
    values: [
      [1, 4],
      [2, 5],
      [3, 6],
    ],
    shape: [2, 1],
  },
  { text: 'lambda x: tf.split(x, [1, 2], axis=1)[1]', input: table, values: [[2, 3, 5, 6]], shape: [2, 2] },
  { text: 'lambda x: tf.slice(x, [0, 1], [-1, 1])', input: table, values: [[2, 5]], shape: [2, 1] },
  { text: 'lambda x: tf.gather(x, [2, 0], axis=1)', input: table, values: [[3, 1, 6, 4]] },
  { text: 'lambda x: tf.matmul(x[0], x[1], transpose_b=True)', input: pair, values: [[17, 23, 39, 53]] },
  { text: 'lambda x: tf.where(x > 2, x, 0)', input: table, values: [[0, 0, 3, 4, 5, 6]] },
  { text: 'lambda x: tf.cast((x > 1) & (x < 4), tf.float32)', input: table, values: [[0, 1, 1, 0, 0, 0]] },
  { text: 'lambda x: tf.clip_by_value(x, 2, 5)', input: table, values: [[2, 2, 3, 4, 5, 5]] },
  { text: 'lambda x: tf.nn.relu(3 - x)', input: table, values: [[2, 1, 0, 0, 0, 0]] },
  { text: 'lambda x: tf.maximum(x, 4) - tf.minimum(x, 4)', input: table, values: [[3, 2, 1, 0, 1, 2]] },
  { text: 'lambda x: tf.reshape(x, [tf.shape(x)[0], 3])', input: table, values: [[1, 2, 3, 4, 5, 6]] },
  { text: 'lambda x: x * len([1, 2])', input: table, values: [[2, 4, 6, 8, 10, 12]] },
  { text: 'lambda x: tf.add(x=x, y=1, name="sum")', input: table, values: [[2, 3, 4, 5, 6, 7]] },
];

for (const { text, input, values, shape } of CASES) {
  test(`evaluates ${text}`, async () => {
    const result = await run(text, input);
    assert.equal(result.values.length, values.length);
    result.values.flat().forEach((x, i) => {
      const expected = values.flat()[i] ?? NaN;
      assert.ok(Math.abs(x - expected) <= 1e-6, `element ${i}: ${x}, expected ${expected}`);
    });
    assert.deepEqual(
      result.values.map(({ length }) => length),
      values.map(({ length }) => length),
    );
    assert.deepEqual(result.shapes[0], shape ?? result.shapes[0]);
  });
}

test('evaluates the text of an input_slice', async () => {
  const { values } = await run('[1][0]', tuple, (text) => parseSlice(text));
  assert.deepEqual(values, [[1, 2, 3, 4]]);
});

test('keeps tuples apart from lists', () => {
  using graph = new Graph();
  assert.ok(evaluateLambda(parseLambda('lambda x: (x, x)'), graph, [table(graph)]) instanceof Tuple);
  assert.ok(Array.isArray(evaluateLambda(parseLambda('lambda x: [x]'), graph, [table(graph)])));
});

interface Mistake {
  readonly text: string;
  readonly message: RegExp;
  /** Where the caret stands, 0-based. */
  readonly caret: number;
}

const MISTAKES: readonly Mistake[] = [
  { text: 'lambda x: tf.reduce_smu(x)', message: /tf\.reduce_smu.*did you mean "tf\.reduce_sum"/, caret: 10 },
  {
    text: 'lambda x: tf.reduce_sum(x, axs=1)',
    message: /unknown argument "axs"; did you mean "axis"/,
    caret: 27,
  },
  { text: 'lambda x: y + 1', message: /y: unknown name/, caret: 10 },
  { text: 'lambda x: x[7]', message: /\[7\]: expected an index of a list of 2/, caret: 10 },
  { text: 'lambda x: tf.concat(x)', message: /axis: expected a whole number, received nothing/, caret: 10 },
  { text: 'lambda x: x + "a"', message: /\+: cannot be applied to a list of 2 and "a"/, caret: 10 },
  { text: 'lambda x: 5', message: /expected a tensor or a list of tensors, received 5/, caret: 10 },
  { text: 'lambda x: tf.matmul(x[0], tf.reshape(x[1], [4, 1]))', message: /MatMul/, caret: 10 },
  { text: 'lambda x: os.system(x)', message: /os\.system: no function/, caret: 10 },
  { text: 'lambda x: x[0].__class__', message: /\.__class__/, caret: 10 },
];

for (const { text, message, caret } of MISTAKES) {
  test(`says what is wrong in ${text}`, () => {
    using graph = new Graph();
    const at = { file: 'pipeline.config', line: 3, column: 5 };
    assert.throws(
      () => evaluateLambda(parseLambda(text, at), graph, [pair(graph)]),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, message);
        assert.match(error.message, /^pipeline\.config:3:5: /);
        const lines = error.message.split('\n');
        assert.equal(lines.at(-2), `  ${text}`);
        assert.equal(lines.at(-1)?.indexOf('^'), caret + 2);
        return true;
      },
    );
  });
}

test('every function can be called by its name in tf', () => {
  const names = Object.keys(TF_FUNCTIONS);
  assert.ok(
    names.includes('tf.reduce_sum') && names.includes('tf.math.reduce_sum') && names.includes('tf.nn.relu'),
  );
  assert.ok(names.every((name) => /^tf(\.(math|nn|linalg))?\.\w+$/.test(name)));
});
