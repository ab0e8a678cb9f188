import assert from 'node:assert/strict';
import test from 'node:test';
import type { COMPONENTS } from '../../easyrec/components/index.js';
import type { ComponentCase } from '../support/component_check.js';
import { checkComponent } from '../support/component_check.js';

const TITLES = ['red car', 'blue car', 'red', 'green bike', '', 'blue bike'];
const QUERIES = ['red car', 'car', 'blue', 'bike green', 'x', 'blue bike'];

const BN = (scope: string, size: number): Record<string, readonly number[]> => ({
  [`${scope}/gamma`]: [size],
  [`${scope}/beta`]: [size],
  [`${scope}/moving_mean`]: [size],
  [`${scope}/moving_variance`]: [size],
});
const AVERAGES = (scope: string): string[] => [`${scope}/moving_mean`, `${scope}/moving_variance`];

/** At least one case for each component, by class_name. */
const CASES: Readonly<Record<keyof typeof COMPONENTS, readonly ComponentCase[]>> = {
  MLP: [
    {
      config: 'class_name: "MLP" mlp { hidden_units: [5, 3] }',
      inputs: [[4]],
      outputShape: [3],
      variables: {
        'backbone/b/layer_0/dense/kernel': [4, 5],
        ...BN('backbone/b/layer_0/bn', 5),
        'backbone/b/layer_1/dense/kernel': [5, 3],
        ...BN('backbone/b/layer_1/bn', 3),
      },
      untrained: [...AVERAGES('backbone/b/layer_0/bn'), ...AVERAGES('backbone/b/layer_1/bn')],
    },
    {
      config: `class_name: "MLP" mlp { hidden_units: [5, 2] use_bn: false use_final_bn: false use_bias: true
        use_final_bias: true activation: "tanh" final_activation: "linear" dropout_ratio: 0.2 initializer: "glorot_normal" }`,
      inputs: [[4]],
      outputShape: [2],
      variables: {
        'backbone/b/layer_0/dense/kernel': [4, 5],
        'backbone/b/layer_0/dense/bias': [5],
        'backbone/b/layer_1/dense/kernel': [5, 2],
        'backbone/b/layer_1/dense/bias': [2],
      },
    },
    {
      config:
        'class_name: "MLP" mlp { hidden_units: 3 use_final_bn: true use_bn_after_activation: true final_activation: "dice" }',
      inputs: [[4]],
      outputShape: [3],
      variables: {
        'backbone/b/layer_0/dense/kernel': [4, 3],
        'backbone/b/layer_0/act/dice_alpha': [3],
        'backbone/b/layer_0/act/batch_normalization/moving_mean': [3],
        'backbone/b/layer_0/act/batch_normalization/moving_variance': [3],
        ...BN('backbone/b/layer_0/bn', 3),
      },
      untrained: [
        ...AVERAGES('backbone/b/layer_0/act/batch_normalization'),
        ...AVERAGES('backbone/b/layer_0/bn'),
      ],
    },
    {
      config: 'class_name: "MLP" mlp { hidden_units: [3] }',
      inputs: [[2, 4]],
      outputShape: [2, 3],
      variables: { 'backbone/b/layer_0/dense/kernel': [4, 3], ...BN('backbone/b/layer_0/bn', 3) },
      untrained: AVERAGES('backbone/b/layer_0/bn'),
    },
  ],
  FM: [
    { config: 'class_name: "FM"', inputs: [[4], [4], [4]], outputShape: [1], variables: {} },
    {
      config: 'class_name: "FM" fm { use_variant: true }',
      inputs: [[3, 4]],
      outputShape: [4],
      variables: {},
    },
  ],
  DotInteraction: [
    { config: 'class_name: "DotInteraction"', inputs: [[4], [4], [4]], outputShape: [3], variables: {} },
    {
      config:
        'class_name: "DotInteraction" st_params { fields { key: "self_interaction" value { bool_value: true } } }',
      inputs: [[3, 4]],
      outputShape: [6],
      variables: {},
    },
    {
      config:
        'class_name: "DotInteraction" st_params { fields { key: "skip_gather" value { bool_value: true } } }',
      inputs: [[3, 4]],
      outputShape: [9],
      variables: {},
    },
  ],
  Cross: [
    {
      config: 'class_name: "Cross"',
      inputs: [[4]],
      outputShape: [4],
      variables: { 'backbone/b/dense/kernel': [4, 4], 'backbone/b/dense/bias': [4] },
    },
    {
      config: `class_name: "Cross" st_params {
        fields { key: "projection_dim" value { number_value: 2 } }
        fields { key: "diag_scale" value { number_value: 0.5 } } }`,
      inputs: [[4], [4]],
      outputShape: [4],
      variables: {
        'backbone/b/dense/kernel': [4, 2],
        'backbone/b/dense_1/kernel': [2, 4],
        'backbone/b/dense_1/bias': [4],
      },
    },
  ],
  OverlapFeature: [
    {
      config:
        'class_name: "OverlapFeature" overlap { methods: ["is_equal", "query_common_ratio"] separator: " " }',
      inputs: [QUERIES, TITLES],
      outputShape: [2],
      variables: {},
    },
    {
      config: `class_name: "OverlapFeature" overlap { methods: ["query_common_ratio", "is_equal"] separator: " "
        boundaries: [0.5, 5] embedding_dim: 3 normalize_fn: "lambda x: x + 0" }`,
      inputs: [QUERIES, TITLES],
      outputShape: [6],
      variables: { 'b/overlap_emb_table': [6, 3] },
    },
  ],
  EditDistance: [
    {
      config:
        'class_name: "EditDistance" st_params { fields { key: "embedding_size" value { number_value: 8 } } }',
      inputs: [QUERIES, TITLES],
      outputShape: [4],
      variables: { 'b/embedding_table': [8, 4] },
    },
  ],
  Dense: [
    {
      config: `class_name: "Dense" st_params {
        fields { key: "units" value { number_value: 3 } } fields { key: "activation" value { string_value: "relu" } } }`,
      inputs: [[4]],
      outputShape: [3],
      variables: { 'backbone/b/kernel': [4, 3], 'backbone/b/bias': [3] },
    },
  ],
  BatchNormalization: [
    {
      config: 'class_name: "BatchNormalization"',
      inputs: [[4]],
      outputShape: [4],
      variables: BN('backbone/b', 4),
      untrained: AVERAGES('backbone/b'),
    },
  ],
  Dropout: [
    {
      config: 'class_name: "Dropout" st_params { fields { key: "rate" value { number_value: 0.5 } } }',
      inputs: [[4]],
      outputShape: [4],
      variables: {},
    },
  ],
  Activation: [
    {
      config:
        'class_name: "Activation" st_params { fields { key: "activation" value { string_value: "gelu" } } }',
      inputs: [[4]],
      outputShape: [4],
      variables: {},
    },
  ],
  Add: [{ config: 'class_name: "Add"', inputs: [[4], [1], [4]], outputShape: [4], variables: {} }],
  Concatenate: [{ config: 'class_name: "Concatenate"', inputs: [[4], [2]], outputShape: [6], variables: {} }],
};

for (const [name, cases] of Object.entries(CASES)) {
  cases.forEach((expected, i) => {
    test(`${name} keeps what every component owes, case ${i}`, () => checkComponent(expected));
  });
}

test('the harness notices variables that are not as declared', async () => {
  const wrong: ComponentCase = {
    config: 'class_name: "FM"',
    inputs: [[4], [4]],
    outputShape: [1],
    variables: { x: [1] },
  };
  await assert.rejects(checkComponent(wrong), assert.AssertionError);
});
