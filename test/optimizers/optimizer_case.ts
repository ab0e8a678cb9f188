import { Random } from '../../easyrec/input/random.js';
import type { Optimizer, VariableGradient } from '../../easyrec/optimizers/index.js';
import { IndexedSlices } from '../../easyrec/tf/grad/index.js';
import type { ConfigProto } from '../../easyrec/tf/protos.js';
import { Graph, makeStep, ops, scalar, Session, tensor, Variables } from '../../easyrec/tf/index.js';

/** The gradient of one step: of rows `[n]`, which may repeat, values `[n, width]`. */
export interface GradientRows {
  readonly rows: readonly number[];
  readonly values: readonly number[];
}

/** A variable of `height` rows, its initial value, and the steps to take. */
export interface OptimizerCase {
  /** Its name. Default: `w`. */
  readonly variable?: string;
  readonly height: number;
  readonly width: number;
  readonly start: readonly number[];
  readonly steps: readonly GradientRows[];
  /** Whether the gradient is handed over as a whole tensor. Its rows are then all, in order. */
  readonly dense: boolean;
  /** Per step. */
  readonly learningRates: readonly number[];
}

/** The values of all variables after each step, by name. */
export type Trace = readonly Readonly<Record<string, readonly number[]>>[];

/** A case of random float32 numbers; `rowsOf` draws the rows of each step. */
export function randomCase(
  size: { readonly height: number; readonly width: number; readonly steps: number },
  dense: boolean,
  rowsOf: (random: Random) => readonly number[],
): OptimizerCase {
  const random = new Random(41);
  const { height, width } = size;
  const numbers = (count: number): number[] =>
    Array.from({ length: count }, () => Math.fround(random.gaussian()));
  return {
    height,
    width,
    dense,
    start: numbers(height * width),
    steps: Array.from({ length: size.steps }, () => {
      const rows = rowsOf(random);
      return { rows, values: numbers(rows.length * width) };
    }),
    learningRates: Array.from({ length: size.steps }, (_, step) => Math.fround(0.1 / (1 + step))),
  };
}

/** Runs an optimizer of ours through a case. */
export function runCase(optimizer: Optimizer, testCase: OptimizerCase, config: ConfigProto = {}): Trace {
  const { variable: name = 'w', height, width, start, dense, steps, learningRates } = testCase;
  using graph = new Graph();
  const variables = new Variables(graph);
  const variable = variables.create(name, {
    shape: [height, width],
    initializer: () => ops.constant(graph, 'float32', [...start], [height, width]),
  });
  const rows = ops.placeholder(graph, 'int64', [-1], 'rows');
  const values = ops.placeholder(graph, 'float32', [-1, width], 'values');
  const learningRate = ops.placeholder(graph, 'float32', [], 'learning_rate');
  const gradient = dense ? values : new IndexedSlices(values, rows, [height, width]);
  const pairs: VariableGradient[] = [{ variable, gradient }];
  const targets = [ops.group(graph, optimizer.apply({ variables, learningRate }, pairs))];
  const session = Session.create(graph, { config });
  session.runSync(makeStep({ targets: variables.all.map(({ initialize }) => initialize) }));
  const step = makeStep({ feeds: [rows, values, learningRate], targets });
  const read = makeStep({ fetches: variables.all.map((each) => each.read()) });
  return steps.map((given, i) => {
    using rowsFed = tensor('int64', [given.rows.length], given.rows.map(BigInt));
    using valuesFed = tensor('float32', [given.rows.length, width], given.values);
    using rateFed = scalar('float32', learningRates[i] ?? NaN);
    session.runSync(step, [rowsFed, valuesFed, rateFed]);
    const state = session.runSync(read).map((result) => {
      const numbers = [...result.data('float32')];
      result.dispose();
      return numbers;
    });
    return Object.fromEntries(variables.all.map(({ name }, v) => [name, state[v] ?? []]));
  });
}

/** Python's `trace_of(make, case)`, which takes the steps of a case with the optimizer that `make(learning_rate)` gives. */
const TRACE_OF = `
import json, sys
import tensorflow.compat.v1 as tf
tf.disable_eager_execution()
def trace_of(make, case):
  with tf.Graph().as_default():
    return take_steps(make, case)
def take_steps(make, case):
  shape = [case['height'], case['width']]
  w = tf.get_variable('w', shape, use_resource=True, initializer=tf.constant_initializer(case['start']))
  rows = tf.placeholder(tf.int64, [None])
  values = tf.placeholder(tf.float32, [None, case['width']])
  learning_rate = tf.placeholder(tf.float32, [])
  gradient = values if case['dense'] else tf.IndexedSlices(values, rows, shape)
  if case['dense']:
    gradient.set_shape(shape)
  train = make(learning_rate).apply_gradients([(gradient, w)])
  trace = []
  with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    for step, lr in zip(case['steps'], case['learningRates']):
      feeds = {rows: step['rows'], learning_rate: lr}
      feeds[values] = [step['values'][i * shape[1]:(i + 1) * shape[1]] for i in range(len(step['rows']))]
      session.run(train, feeds)
      variables = tf.global_variables()
      state = session.run(variables)
      trace.append({v.op.name: [float(x) for x in value.reshape([-1])] for v, value in zip(variables, state)})
  return trace
`;

/**
 * Python's `decayed(learning_rate, base, decay, **options)`: decoupled weight decay around TensorFlow's own optimizers, as
 * tf.contrib.opt had it, which TensorFlow 2 has not. The gradient is fed, so that nothing reads the weights before they
 * decay.
 */
export const DECAYED = `
def decayed(learning_rate, base, decay, **options):
  class Decayed(base):
    def _resource_apply_dense(self, grad, var):
      with tf.control_dependencies([var.assign_sub(decay * var)]):
        return super()._resource_apply_dense(grad, var)
    def _resource_apply_sparse(self, grad, var, indices):
      rows = decay * tf.gather(var, indices)
      with tf.control_dependencies([var.scatter_sub(tf.IndexedSlices(rows, indices))]):
        return super()._resource_apply_sparse(grad, var, indices)
  return Decayed(learning_rate, **options)
`;

/**
 * Reads the case of sys.argv[1], takes its steps with the optimizer named by `make`, prints the trace.
 *
 * @param make a Python expression, of `decayed` too
 */
export function pythonProgram(make: string): string {
  return `${TRACE_OF}
${DECAYED}
print(json.dumps(trace_of(lambda learning_rate: ${make}, json.loads(sys.argv[1]))))
`;
}

/**
 * Reads a list of cases from sys.argv[1] and prints a list for each optimizer, of one trace a case.
 *
 * @param makes the optimizers, Python expressions
 * @param definitions what they need
 */
export function pythonTraces(makes: readonly string[], definitions: string): string {
  return `${TRACE_OF}
${definitions}
makes = [
${makes.map((make) => `  lambda learning_rate: ${make},`).join('\n')}
]
print(json.dumps([[trace_of(make, case) for case in json.loads(sys.argv[1])] for make in makes]))
`;
}

/** The largest difference of two traces, relative to values above 1; Infinity where names or lengths differ. */
export function largestDifference(received: Trace, expected: Trace): number {
  if (received.length !== expected.length) return Infinity;
  const differences = expected.flatMap((state, step) => {
    const ours = received[step] ?? {};
    if (Object.keys(ours).sort().join() !== Object.keys(state).sort().join()) return [Infinity];
    return Object.entries(state).flatMap(([name, values]) =>
      values.map((value, i) => {
        const difference = Math.abs((ours[name]?.[i] ?? NaN) - value) / Math.max(1, Math.abs(value));
        return Number.isNaN(difference) ? Infinity : difference;
      }),
    );
  });
  return Math.max(...differences);
}
