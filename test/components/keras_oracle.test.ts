import assert from 'node:assert/strict';
import test from 'node:test';
import { planLayer } from '../../easyrec/components/backbone/layer_plan.js';
import { COMPONENTS } from '../../easyrec/components/index.js';
import { expectTensor } from '../../easyrec/components/value.js';
import { parseMessage } from '../../easyrec/config/index.js';
import { Graph, ops, Session, Variables } from '../../easyrec/tf/index.js';
import { runPython, skipWithoutTensorflow } from '../support/python.js';
import { evaluate, initialize, matrix, tower } from '../support/tower.js';

const CONFIG = `class_name: "MLP" mlp { hidden_units: [5, 4, 3] activation: "%" final_activation: "tanh" use_bias: true }`;

const INPUT = Array.from({ length: 8 }, (_, row) =>
  Array.from({ length: 6 }, (__, column) => Math.sin(1 + 3 * row + 7 * column)),
);

// Reads a list of {activation, input, weights} and prints what Keras computes for each: two training steps' outputs, the
// moving averages after them, and an inference.
const SCRIPT = `
import json, sys
import numpy as np, tensorflow as tf
acts = {'relu': tf.nn.relu, 'leaky_relu': tf.nn.leaky_relu, 'elu': tf.nn.elu, 'selu': tf.nn.selu, 'swish': tf.nn.swish,
        'sigmoid': tf.nn.sigmoid, 'gelu': lambda v: tf.nn.gelu(v, approximate=True), 'prelu': tf.nn.leaky_relu}
def answer(case):
  x = tf.constant(case['input'], tf.float32)
  layers = []
  for i in range(3):
    get = lambda name: np.array(case['weights']['backbone/b/layer_%d/%s' % (i, name)], np.float32)
    last = i == 2
    dense = tf.keras.layers.Dense(case['units'][i], use_bias=not last)
    dense.build((None, case['sizes'][i]))
    dense.set_weights([get('dense/kernel').reshape(case['sizes'][i], -1)] + ([] if last else [get('dense/bias')]))
    bn = tf.keras.layers.BatchNormalization()
    bn.build((None, case['units'][i]))
    layers.append((dense, bn, tf.tanh if last else acts[case['activation']]))
  def run(training):
    y = x
    for dense, bn, act in layers:
      y = act(bn(dense(y), training=training))
    return y.numpy().ravel().tolist()
  outputs = [run(True), run(True)]
  averages = [[v.numpy().tolist() for v in (bn.moving_mean, bn.moving_variance)] for _, bn, _ in layers]
  return {'train': outputs, 'averages': averages, 'infer': run(False)}
print(json.dumps([answer(case) for case in json.loads(sys.argv[1])]))
`;

interface Expected {
  readonly train: readonly (readonly number[])[];
  readonly averages: readonly (readonly (readonly number[])[])[];
  readonly infer: readonly number[];
}

function assertClose(actual: readonly number[], expected: readonly number[] = []): void {
  assert.equal(actual.length, expected.length);
  assert.ok(actual.length > 0);
  actual.forEach((x, i) =>
    assert.ok(Math.abs(x - (expected[i] ?? NaN)) <= 1e-5, `element ${i}: ${x}, expected ${expected[i]}`),
  );
}

const ACTIVATIONS = ['relu', 'leaky_relu', 'prelu', 'elu', 'selu', 'swish', 'sigmoid', 'gelu'];

interface Answer extends Expected {
  readonly question: unknown;
}

/** What ours computes, with the question that makes Keras compute the same. */
async function ours(activation: string): Promise<Answer> {
  using graph = new Graph();
  const variables = new Variables(graph, 3);
  const config = parseMessage('KerasLayer', CONFIG.replace('%', activation));
  const apply = planLayer({ case: 'keras_layer', value: config }, COMPONENTS);
  const training = tower(variables);
  const train = expectTensor(apply(training, 'b', matrix(variables, INPUT)));
  const infer = expectTensor(apply(tower(variables, { mode: 'infer' }), 'b', matrix(variables, INPUT)));
  await using session = Session.create(graph);
  initialize(session, variables);
  const read = (): number[][] =>
    evaluate(
      session,
      variables.all.map((variable) => ops.identity(variable.read())),
    );
  const weights = Object.fromEntries(read().map((values, i) => [variables.all[i]?.name ?? '', values]));
  const step = (): number[] => evaluate(session, [train], training.updates)[0] ?? [];
  const steps = [step(), step()];
  const after = new Map(read().map((values, i) => [variables.all[i]?.name ?? '', values]));
  const averages = [0, 1, 2].map((i) =>
    ['moving_mean', 'moving_variance'].map((name) => after.get(`backbone/b/layer_${i}/bn/${name}`) ?? []),
  );
  const question = { activation, input: INPUT, weights, units: [5, 4, 3], sizes: [6, 5, 4] };
  return { train: steps, averages, infer: evaluate(session, [infer])[0] ?? [], question };
}

test(
  'MLP trains and infers as Keras does, with each activation',
  { skip: skipWithoutTensorflow('2.12') },
  async () => {
    const answers = await Promise.all(ACTIVATIONS.map(ours));
    const questions = JSON.stringify(answers.map(({ question }) => question));
    const expected = JSON.parse(await runPython('2.12', SCRIPT, [questions])) as readonly Expected[];
    assert.equal(expected.length, ACTIVATIONS.length);
    for (const [i, { train, averages, infer }] of answers.entries()) {
      assertClose(train.flat(), expected[i]?.train.flat());
      assertClose(averages.flat(2), expected[i]?.averages.flat(2));
      assertClose(infer, expected[i]?.infer);
    }
  },
);
