import assert from 'node:assert/strict';
import test from 'node:test';
import { buildBackbone } from '../../easyrec/components/backbone.js';
import { planBackbone } from '../../easyrec/components/backbone/plan.js';
import type { GroupSource } from '../../easyrec/components/group_source.js';
import { COMPONENTS } from '../../easyrec/components/index.js';
import type { BlockValue } from '../../easyrec/components/value.js';
import { elementsOf, expectTensor } from '../../easyrec/components/value.js';
import { parseMessage } from '../../easyrec/config/index.js';
import { ConfigError } from '../../easyrec/errors.js';
import { Graph, ops, Session, Variables } from '../../easyrec/tf/index.js';
import { evaluate, initialize, matrix, recordingLog, tower } from '../support/tower.js';

const ROWS = 3;

/** Groups of two features of two columns each; remembers in which order they were asked for. */
class FakeGroups implements GroupSource {
  readonly calls: string[] = [];

  constructor(
    readonly variables: Variables,
    readonly groupNames: readonly string[],
  ) {}

  inputLayer(groupName: string): ReturnType<GroupSource['inputLayer']> {
    if (!this.calls.includes(groupName)) this.calls.push(groupName);
    const base = 10 * this.groupNames.indexOf(groupName);
    const feature = (i: number): number[][] =>
      Array.from({ length: ROWS }, (_, row) => [base + i + row, base + i + row + 0.5]);
    const features = [0, 1].map((i) => matrix(this.variables, feature(i)));
    return { concat: ops.concat(features, 1), features };
  }

  rawInputs(groupName: string): ReturnType<GroupSource['rawInputs']> {
    return [1, 2].map((i) =>
      ops.constant(this.variables.graph, 'string', Array(ROWS).fill(`${groupName}${i}`) as string[]),
    );
  }
}

interface Result {
  readonly value: BlockValue;
  readonly names: readonly string[];
  readonly calls: readonly string[];
  readonly warnings: readonly string[];
  readonly values: number[][];
}

async function build(
  config: string,
  groupNames: readonly string[] = ['wide', 'deep', 'raw'],
): Promise<Result> {
  using graph = new Graph();
  const variables = new Variables(graph, 1);
  const { log, warnings } = recordingLog();
  const groups = new FakeGroups(variables, groupNames);
  const ctx = tower(variables, { mode: 'infer', log });
  const value = buildBackbone(ctx, parseMessage('BackboneTower', config, 'pipeline.config'), groups);
  const tensors = (elementsOf(value) ?? [value]).map((item) => expectTensor(item));
  await using session = Session.create(graph);
  initialize(session, variables);
  const names = variables.all.map(({ name }) => name);
  return { value, names, calls: groups.calls, warnings, values: evaluate(session, tensors) };
}

function fails(config: string, message: RegExp, groups: readonly string[] = ['wide', 'deep', 'raw']): void {
  const parsed = parseMessage('BackboneTower', config, 'pipeline.config');
  assert.throws(
    () => planBackbone(parsed, COMPONENTS, groups),
    (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, message);
      return true;
    },
  );
}

const DEEPFM = `
  blocks { name: "wide" inputs { feature_group_name: "wide" } input_layer { wide_output_dim: 1 } }
  blocks {
    name: "wide_logit" inputs { block_name: "wide" }
    lambda { expression: "lambda x: tf.reduce_sum(x, axis=1, keepdims=True)" }
  }
  blocks {
    name: "deep_features" inputs { feature_group_name: "deep" }
    input_layer { output_2d_tensor_and_feature_list: true }
  }
  blocks {
    name: "fm" inputs { block_name: "deep_features" input_slice: "[1]" }
    keras_layer { class_name: "FM" fm { use_variant: true } }
  }
  blocks {
    name: "deep_mlp" inputs { block_name: "deep_features" input_slice: "[0]" } inputs { feature_group_name: "raw" }
    keras_layer { class_name: "MLP" mlp { hidden_units: [6] } }
  }
  concat_blocks: ["wide_logit", "fm", "deep_mlp"]
  top_mlp { hidden_units: [4] }`;

test('runs the blocks of a DeepFM in the order that numbers input layers as EasyRec does', async () => {
  const plan = planBackbone(parseMessage('BackboneTower', DEEPFM), COMPONENTS, ['wide', 'deep', 'raw']);
  assert.deepEqual(plan.order, ['raw', 'deep_features', 'fm', 'deep_mlp', 'wide', 'wide_logit']);
  const { calls } = await build(DEEPFM);
  assert.deepEqual(calls, ['raw', 'deep', 'wide']);
});

test('names the variables of a DeepFM as EasyRec does', async () => {
  const { names } = await build(DEEPFM);
  const layer = (scope: string): string[] =>
    ['dense/kernel', 'bn/gamma', 'bn/beta', 'bn/moving_mean', 'bn/moving_variance'].map(
      (name) => `${scope}/${name}`,
    );
  assert.deepEqual(names, [...layer('backbone/deep_mlp/layer_0'), ...layer('backbone_top_mlp/layer_0')]);
});

const IDENTITY = (name: string, rest: string): string => `blocks { name: "${name}" ${rest} }`;
const ROW = [0, 0.5, 1, 1.5];
const WIDE = [...ROW, ...ROW.map((x) => x + 1), ...ROW.map((x) => x + 2)];

test('a block without layer joins its inputs along input_concat_axis', async () => {
  const inputs = 'inputs { feature_group_name: "wide" } inputs { feature_group_name: "deep" }';
  const { values } = await build(IDENTITY('a', `${inputs} input_concat_axis: 0`));
  assert.deepEqual(values, [[...WIDE, ...WIDE.map((x) => x + 10)]]);
});

test('lists are joined into one list, tensors beside them become elements', async () => {
  const { values } = await build(`
    blocks { name: "list" inputs { feature_group_name: "wide" } input_layer { only_output_feature_list: true } }
    blocks { name: "both" inputs { block_name: "list" } inputs { feature_group_name: "deep" } }
    concat_blocks: ["both", "list"]`);
  assert.deepEqual(
    values.map(([first]) => first),
    [0, 1, 10, 0, 1],
  );
});

test('input_fn follows input_slice, extra_input_fn follows the merge', async () => {
  const { values } = await build(`
    blocks { name: "pair" inputs { feature_group_name: "wide" } input_layer { output_2d_tensor_and_feature_list: true } }
    blocks {
      name: "a"
      inputs { block_name: "pair" input_slice: "[1]" input_fn: "lambda x: x[0]" }
      inputs { block_name: "pair" input_slice: "[1][1]" }
      merge_inputs_into_list: true
      extra_input_fn: "lambda x: x[0] + x[1]"
    }`);
  assert.deepEqual(values, [[1, 2, 3, 4, 5, 6]]);
});

test('an ignored input runs but is not used', async () => {
  const { calls, values } = await build(
    IDENTITY(
      'a',
      'inputs { feature_group_name: "wide" } inputs { feature_group_name: "deep" ignore_input: true }',
    ),
  );
  assert.deepEqual(calls, ['deep', 'wide']);
  assert.deepEqual(values, [WIDE]);
});

test('without concat_blocks and output_blocks all leaves are joined in the order of declaration', async () => {
  const { values } = await build(`
    blocks { name: "a" inputs { feature_group_name: "wide" } lambda { expression: "lambda x: x[:, :1]" } }
    blocks { name: "b" inputs { block_name: "a" } lambda { expression: "lambda x: x * 2" } }
    blocks { name: "c" inputs { block_name: "a" } lambda { expression: "lambda x: x * 3" } }`);
  assert.deepEqual(values, [[0, 0, 2, 3, 4, 6]]);
});

test('output_blocks makes a list even of one and wins over concat_blocks', async () => {
  const block = IDENTITY('a', 'inputs { feature_group_name: "wide" }');
  const { value, values } = await build(`${block} output_blocks: "a" concat_blocks: "a"`);
  assert.ok(Array.isArray(value));
  assert.deepEqual(values, [WIDE]);
});

test('top_mlp joins a list of outputs', async () => {
  const block = IDENTITY('a', 'inputs { feature_group_name: "wide" }');
  const { names, value, values } = await build(
    `${block} output_blocks: ["a", "a"] top_mlp { hidden_units: 2 }`,
  );
  assert.ok(!Array.isArray(value));
  assert.equal(names[0], 'backbone_top_mlp/layer_0/dense/kernel');
  assert.equal(values[0]?.length, ROWS * 2);
});

test('layers run one after the other under names of their own', async () => {
  const { names, values } = await build(`
    blocks {
      name: "tower" inputs { feature_group_name: "wide" }
      layers { lambda { expression: "lambda x: x * 0 + 1" } }
      layers { keras_layer { class_name: "Dense" st_params {
        fields { key: "units" value { number_value: 2 } }
        fields { key: "kernel_initializer" value { string_value: "ones" } } } } }
      layers { lambda { expression: "lambda x: x + 0.5" } }
    }`);
  assert.deepEqual(names, ['backbone/tower_l1/kernel', 'backbone/tower_l1/bias']);
  assert.deepEqual(values, [[4.5, 4.5, 4.5, 4.5, 4.5, 4.5]]);
});

test('an implicit block of a group takes the tensors of its input_layer block', async () => {
  const { calls } = await build(`
    blocks { name: "first" inputs { feature_group_name: "wide" } input_layer { only_output_feature_list: true } }
    blocks { name: "a" inputs { block_name: "first" input_slice: "[0]" } inputs { feature_group_name: "wide" } }`);
  assert.deepEqual(calls, ['wide']);
});

test('raw_input hands out columns of text', async () => {
  const { values } = await build(
    `blocks { name: "texts" inputs { feature_group_name: "raw" } raw_input {} }
     blocks { name: "same" inputs { block_name: "texts" } keras_layer { class_name: "OverlapFeature"
       overlap { methods: "is_equal" } } }`,
  );
  assert.deepEqual(values, [[0, 0, 0]]);
});

test('warns that extra_input_fn has no effect on an input layer', async () => {
  const { warnings, values } = await build(`
    blocks { name: "wide" inputs { feature_group_name: "wide" } input_layer {} extra_input_fn: "lambda x: x * 0" }
    blocks { name: "a" inputs { block_name: "wide" } }`);
  assert.deepEqual(values, [WIDE]);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /block "wide".*extra_input_fn/);
});

test('a tuple does not merge with other inputs', async () => {
  const config = `
    blocks { name: "pair" inputs { feature_group_name: "wide" } input_layer { output_2d_tensor_and_feature_list: true } }
    blocks { name: "a" inputs { block_name: "pair" } inputs { feature_group_name: "deep" } }`;
  await assert.rejects(
    build(config),
    /pipeline\.config:3:.*block "a": input 0: expected a tensor or a list, received a tuple of 2/,
  );
});

test('errors of a component are told with its block and place', async () => {
  const config = `blocks { name: "a" inputs { feature_group_name: "wide" } keras_layer { class_name: "FM" } }`;
  await assert.rejects(build(config), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(
      error.message,
      /^pipeline\.config:1:\d+: block "a" \(FM\): input: expected a list of tensors/,
    );
    return true;
  });
});

const BLOCK = (rest: string): string => `blocks { name: "a" inputs { feature_group_name: "wide" } ${rest} }`;

test('names the blocks of a cycle with their lines', () => {
  fails(
    `blocks { name: "start" inputs { feature_group_name: "wide" } }
     blocks { name: "a" inputs { block_name: "c" } inputs { block_name: "start" } }
     blocks { name: "b" inputs { block_name: "a" } }
     blocks { name: "c" inputs { block_name: "b" } }
     blocks { name: "after" inputs { block_name: "c" } }`,
    /pipeline\.config:\d+:\d+: backbone: expected blocks without a cycle, received "(\w)" \(pipeline\.config:\d:\d+\) -> "\w" \(.*\) -> "\w" \(.*\) -> "\1"$/,
  );
  fails('blocks { name: "a" inputs { block_name: "a" } }', /received "a" \(pipeline\.config:1:\d+\) -> "a"$/);
});

const MISTAKES: Readonly<Record<string, readonly [config: string, message: RegExp]>> = {
  'an unknown component': [
    BLOCK('keras_layer { class_name: "MPL" }'),
    /pipeline\.config:1:\d+: class_name: unknown component "MPL"; did you mean "MLP"/,
  ],
  'an unknown block': [
    `${BLOCK('')} blocks { name: "bb" inputs { block_name: "aa" } }`,
    /block "bb": unknown block "aa" in block_name; did you mean "a"/,
  ],
  'a feature group named as a block': [
    'blocks { name: "a" inputs { block_name: "deep" } }',
    /unknown block "deep".*feature_group_name takes it/,
  ],
  'an unknown feature group': [
    'blocks { name: "a" inputs { feature_group_name: "depe" } }',
    /unknown feature group "depe"; did you mean "deep"/,
  ],
  'a block declared twice': [
    `${BLOCK('')} ${BLOCK('')}`,
    /block "a": declared twice, first at pipeline\.config:1/,
  ],
  'a block without inputs': ['blocks { name: "a" }', /block "a": expected at least one input/],
  'input layers alone': [BLOCK('input_layer {}'), /at least one block that is no input layer/],
  'a second input_layer of a group': [
    `${BLOCK('input_layer {}')} blocks { name: "b" inputs { feature_group_name: "wide" } input_layer {} }`,
    /block "b": expected one input_layer block for feature group "wide", which "a" has already/,
  ],
  'an input_layer of a block': [
    `${BLOCK('')} blocks { name: "b" inputs { block_name: "a" } input_layer {} }`,
    /block "b": a block with input_layer takes a feature_group_name, received block_name/,
  ],
  'an unknown output': [`${BLOCK('')} concat_blocks: ["a", "z"]`, /concat_blocks: unknown block "z"/],
  'a recurrent layer': [
    BLOCK('recurrent { num_steps: 2 }'),
    /pipeline\.config:1:\d+: recurrent: not supported yet/,
  ],
  'a repeat layer': [BLOCK('repeat { num_repeat: 2 }'), /repeat: not supported yet/],
  'an embedding layer': [BLOCK('embedding_layer {}'), /embedding_layer: not supported yet/],
  'a package': ['packages { name: "p" }', /packages: not supported yet/],
  'an input of a package': [
    'blocks { name: "a" inputs { package_name: "p" } }',
    /package_name: not supported yet/,
  ],
  'sequence features': [BLOCK('input_layer { output_seq_and_normal_feature: true }'), /not supported yet/],
  'a wrong expression': [BLOCK('lambda { expression: "lambda x: (x" }'), /pipeline\.config:1:\d+/],
  'parameters of another component': [
    BLOCK('keras_layer { class_name: "MLP" fm {} }'),
    /MLP: expected its parameters in mlp or st_params, received fm/,
  ],
};

for (const [what, [config, message]] of Object.entries(MISTAKES)) {
  test(`refuses ${what}`, () => fails(config, message));
}
