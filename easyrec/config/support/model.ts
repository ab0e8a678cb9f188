import { all, HONOURED, ignored, type SupportTable, values } from './rule.js';

/** The model and its loss. */
export const MODEL_SUPPORT = {
  EasyRecModel: {
    // Which classes and losses there are, the tables of models and losses say.
    ...all(HONOURED, 'model_class', 'feature_groups', 'backbone', 'model_params', 'label_name'),
    ...all(HONOURED, 'embedding_regularization', 'ev_params'),
    loss_type: HONOURED,
    num_class: values(1),
    model_name: ignored('a name for people'),
    loss_weight_strategy: ignored('it matters only with losses {}'),
  },
  ModelParams: {
    l2_regularization: HONOURED,
    ...all(ignored('only MatchModel reads it'), 'user_tower_idx_in_output', 'item_tower_idx_in_output'),
    ...all(ignored('only MatchModel reads it'), 'simi_func', 'temperature', 'scale_simi'),
  },
} as const satisfies SupportTable;

/** The backbone's graph of blocks. */
export const BACKBONE_SUPPORT = {
  BackboneTower: all(HONOURED, 'blocks', 'concat_blocks', 'output_blocks', 'top_mlp'),
  Block: {
    ...all(HONOURED, 'name', 'inputs', 'input_concat_axis', 'merge_inputs_into_list', 'extra_input_fn'),
    ...all(HONOURED, 'layers', 'input_layer', 'raw_input', 'lambda', 'keras_layer'),
  },
  Layer: all(HONOURED, 'lambda', 'keras_layer'),
  Lambda: { expression: HONOURED },
  Input: all(HONOURED, 'feature_group_name', 'block_name', 'input_fn', 'input_slice', 'ignore_input'),
  InputLayer: {
    ...all(
      HONOURED,
      'do_batch_norm',
      'do_layer_norm',
      'dropout_rate',
      'feature_dropout_rate',
      'wide_output_dim',
    ),
    ...all(
      HONOURED,
      'only_output_feature_list',
      'only_output_3d_tensor',
      'output_2d_tensor_and_feature_list',
    ),
    concat_seq_feature: ignored('it matters only with output_seq_and_normal_feature'),
  },
} as const satisfies SupportTable;

/** Parameters of components. */
export const COMPONENT_SUPPORT = {
  // Which class names exist, and which parameters they take in st_params, is the components' own table.
  KerasLayer: all(HONOURED, 'class_name', 'st_params', 'mlp', 'fm', 'overlap'),
  MLP: {
    ...all(
      HONOURED,
      'hidden_units',
      'dropout_ratio',
      'activation',
      'use_bn',
      'use_final_bn',
      'final_activation',
    ),
    ...all(
      HONOURED,
      'use_bias',
      'initializer',
      'use_bn_after_activation',
      'use_final_bias',
      'add_to_outputs',
    ),
  },
  FM: { use_variant: HONOURED, l2_regularization: ignored('the FM component has no weights') },
  OverlapFeature: {
    ...all(HONOURED, 'separator', 'default_value', 'methods', 'normalize_fn', 'boundaries', 'embedding_dim'),
    summarize: ignored('it matters only with print_first_n'),
  },
} as const satisfies SupportTable;
