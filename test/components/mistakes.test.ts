import assert from 'node:assert/strict';
import test from 'node:test';
import { planLayer } from '../../easyrec/components/backbone/layer_plan.js';
import type { ComponentContext } from '../../easyrec/components/context.js';
import { COMPONENTS } from '../../easyrec/components/index.js';
import { OpLibraries } from '../../easyrec/components/op_libraries.js';
import type { BlockValue } from '../../easyrec/components/value.js';
import { Tuple } from '../../easyrec/components/value.js';
import { parseMessage } from '../../easyrec/config/index.js';
import { ConfigError, NativeError } from '../../easyrec/errors.js';
import { Graph, ops, Session, Variables } from '../../easyrec/tf/index.js';
import { evaluate, initialize, recordingLog, tower } from '../support/tower.js';

interface Built {
  readonly ctx: ComponentContext;
  readonly warnings: readonly string[];
  readonly value: BlockValue;
}

/** Builds a component whose inputs have the given widths; a string stands for a column of text. */
function build(graph: Graph, config: string, widths: readonly (number | string)[], kernelL2 = 0): Built {
  const { log, warnings } = recordingLog();
  const ctx = tower(new Variables(graph), { log, kernelL2 });
  const tensors = widths.map((width) =>
    typeof width === 'string'
      ? ops.constant(graph, 'string', [width, width])
      : ops.constant(graph, 'float32', 1, [2, width]),
  );
  const layer = {
    case: 'keras_layer',
    value: parseMessage('KerasLayer', config, 'pipeline.config'),
  } as const;
  const [first] = tensors;
  const input = tensors.length === 1 && first !== undefined ? first : tensors;
  return { ctx, warnings, value: planLayer(layer, COMPONENTS)(ctx, 'b', input) };
}

const OVERLAP = (rest: string): string => `class_name: "OverlapFeature" overlap { ${rest} }`;
const NUMBER = (key: string, value: number): string =>
  `fields { key: "${key}" value { number_value: ${value} } }`;

const MISTAKES: Readonly<Record<string, readonly [string, readonly (number | string)[], RegExp]>> = {
  'fields of different widths': [
    'class_name: "FM"',
    [4, 4, 3],
    /expected fields of one width, received 4 for the first and 3 for field 2/,
  ],
  'one field for pairs': [
    'class_name: "FM"',
    [4],
    /input: expected a list of tensors or one of three dimensions/,
  ],
  'a list for an MLP': [
    'class_name: "MLP" mlp { hidden_units: 2 }',
    [4, 4],
    /input: expected one tensor, received a list of 2/,
  ],
  'an MLP without layers': [
    'class_name: "MLP" mlp {}',
    [4],
    /MLP\.hidden_units: expected a list of whole numbers >= 1, received nothing/,
  ],
  'an MLP that drops everything': [
    'class_name: "MLP" mlp { hidden_units: 2 dropout_ratio: 1 }',
    [4],
    /dropout_ratio 0: expected a number below 1/,
  ],
  'an unknown activation': [
    'class_name: "MLP" mlp { hidden_units: 2 final_activation: "sigmoyd" }',
    [4],
    /did you mean "sigmoid"/,
  ],
  'add_to_outputs of several units': [
    'class_name: "MLP" mlp { hidden_units: 2 add_to_outputs: true }',
    [4],
    /add_to_outputs: expected a last layer of one unit/,
  ],
  'crossed inputs of different widths': [
    'class_name: "Cross"',
    [4, 3],
    /expected two tensors of one width, received 4 and 3/,
  ],
  'three crossed inputs': [
    'class_name: "Cross"',
    [4, 4, 4],
    /expected a list of 2 tensors, received a list of 3/,
  ],
  'a sum of one': ['class_name: "Add"', [4], /expected a list of tensors/],
  'normalization over another axis': [
    `class_name: "BatchNormalization" st_params { ${NUMBER('axis', 0)} }`,
    [4],
    /axis: expected the last axis/,
  ],
  'an unknown method': [OVERLAP('methods: "is_contian"'), ['a', 'b'], /methods: .*did you mean "is_contain"/],
  'no method': [
    OVERLAP(''),
    ['a', 'b'],
    /OverlapFeature\.methods: expected a list of strings, received nothing/,
  ],
  'boundaries that do not ascend': [
    OVERLAP('methods: "is_equal" boundaries: [2, 1]'),
    ['a', 'b'],
    /boundaries: expected ascending numbers, received 2, 1/,
  ],
  'numbers for texts': [
    OVERLAP('methods: "is_equal"'),
    ['a', 3],
    /expected two texts, received a float32\[2, 3\] tensor/,
  ],
  'one text': [OVERLAP('methods: "is_equal"'), ['a'], /expected a list of tensors/],
  'an unknown encoding': [
    'class_name: "EditDistance" st_params { fields { key: "text_encoding" value { string_value: "utf8" } } }',
    ['a', 'b'],
    /text_encoding: expected one of utf-8, latin, received "utf8"; did you mean "utf-8"/,
  ],
};

for (const [what, [config, widths, message]] of Object.entries(MISTAKES)) {
  test(`refuses ${what}`, () => {
    using graph = new Graph();
    assert.throws(
      () => build(graph, config, widths),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, /^pipeline\.config:1:\d+: /);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test('OverlapFeature says what it leaves out', () => {
  using graph = new Graph();
  const { warnings } = build(graph, OVERLAP('methods: "is_equal" embedding_dim: 4'), ['a', 'b', 'c']);
  assert.deepEqual(warnings, [
    'block "b": compares the first two of its 3 inputs',
    'block "b": embedding_dim has no effect without boundaries',
  ]);
});

test('a field that has no effect is told', () => {
  using graph = new Graph();
  const { warnings } = build(graph, 'class_name: "FM" fm { l2_regularization: 0.1 }', [4, 4]);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /block "b" \(FM\).*l2_regularization/);
});

test('add_to_outputs hands a column out under the name of the block', () => {
  using graph = new Graph();
  const { ctx } = build(graph, 'class_name: "MLP" mlp { hidden_units: [3, 1] add_to_outputs: true }', [4]);
  assert.deepEqual([...ctx.outputs.keys()], ['b']);
  assert.deepEqual(ctx.outputs.get('b')?.shape, [2]);
});

test('kernels of an MLP join the loss only where the model asks for it', async () => {
  using graph = new Graph();
  const config = 'class_name: "MLP" mlp { hidden_units: [3, 2] initializer: "ones" }';
  assert.equal(build(graph, config, [4]).ctx.regularization.length, 0);
  using other = new Graph();
  const { ctx } = build(other, config, [4], 0.5);
  await using session = Session.create(other);
  initialize(session, ctx.variables);
  assert.deepEqual(evaluate(session, ctx.regularization), [[(0.5 * 12) / 2], [(0.5 * 6) / 2]]);
});

test('components take their native ops from the library they name', () => {
  using graph = new Graph();
  const { ctx } = build(graph, OVERLAP('methods: "is_equal"'), ['a', 'b']);
  assert.deepEqual([...ctx.opLibraries.inUse.keys()], ['overlap']);
  const library = ctx.opLibraries.inUse.get('overlap');
  assert.deepEqual(
    library?.ops.map(({ name }) => name),
    ['OverlapFgOp'],
  );
});

test('an op library that there is not names the nearest', () => {
  const libraries = new OpLibraries(['/somewhere/libmy_op.so']);
  assert.throws(
    () => libraries.require('overlpa'),
    (error) =>
      error instanceof NativeError &&
      error.message.includes('did you mean "overlap"') &&
      error.message.includes('my_op'),
  );
});

test('a tuple is not one tensor, and says how to take one', () => {
  using graph = new Graph();
  const x = ops.constant(graph, 'float32', 1, [2, 2]);
  const layer = {
    case: 'keras_layer',
    value: parseMessage('KerasLayer', 'class_name: "MLP" mlp { hidden_units: 2 }'),
  } as const;
  assert.throws(
    () => planLayer(layer, COMPONENTS)(tower(new Variables(graph)), 'b', new Tuple([x, x])),
    /received a tuple of 2; take one of them with input_slice/,
  );
});
