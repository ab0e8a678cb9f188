import type { DatasetConfig_FieldType, FeatureConfig_FeatureType } from '../generated/types.js';
import { all, HONOURED, ignored, type SupportTable, values } from './rule.js';

const NEVER_READ = ignored('nothing in EasyRec reads it');

/** Input data. */
export const DATA_SUPPORT = {
  DatasetConfig: {
    input_type: values('CSVInput', 'ParquetInput', 'ParquetInputV2'),
    sample_weight: HONOURED,
    ...all(HONOURED, 'batch_size', 'label_fields', 'input_fields', 'auto_expand_input_fields', 'num_epochs'),
    ...all(
      HONOURED,
      'separator',
      'with_header',
      'shuffle',
      'shuffle_buffer_size',
      'prefetch_size',
      'ignore_error',
    ),
    num_parallel_calls: HONOURED,
    ...all(NEVER_READ, 'eval_batch_size', 'shard'),
    // Of Parquet files; other input types of EasyRec do not read it either.
    drop_remainder: HONOURED,
    ...all(ignored('only other input types read it'), 'rtp_separator', 'n_data_batch_tfrecord'),
    ...all(ignored('neither CSVInput nor ParquetInput reads it'), 'selected_cols', 'selected_col_types'),
    pai_worker_slice_num: ignored('it matters only with pai_worker_queue'),
  },
  'DatasetConfig.Field': {
    ...all(HONOURED, 'input_name', 'default_val'),
    // Not BOOL: TensorFlow's CSV decoder, which EasyRec uses, does not know it.
    input_type: values<DatasetConfig_FieldType>('INT32', 'INT64', 'STRING', 'FLOAT', 'DOUBLE'),
    input_dim: NEVER_READ,
    input_shape: ignored('only BatchTFRecordInput reads it'),
    ignore_val: ignored('only ParquetInputV3 reads it'),
  },
} as const satisfies SupportTable;

/** Features, their initial values, and feature groups. */
export const FEATURE_SUPPORT = {
  FeatureConfigV2: {
    features: HONOURED,
    embedding_on_cpu: ignored('it only chooses the device of the tables'),
  },
  FeatureConfig: {
    feature_type: values<FeatureConfig_FeatureType>(
      'IdFeature',
      'RawFeature',
      'TagFeature',
      'ComboFeature',
      'PassThroughFeature',
    ),
    ...all(HONOURED, 'feature_name', 'input_names', 'shared_names', 'embedding_name', 'embedding_dim'),
    ...all(
      HONOURED,
      'hash_bucket_size',
      'num_buckets',
      'vocab_file',
      'vocab_list',
      'boundaries',
      'precision',
    ),
    ...all(HONOURED, 'separator', 'kv_separator', 'seq_multi_sep', 'combiner', 'initializer'),
    ...all(HONOURED, 'min_val', 'max_val', 'normalizer_fn', 'raw_input_dim'),
    ...all(HONOURED, 'combo_join_sep', 'combo_input_seps', 'ev_params'),
    max_partitions: ignored('it only changes how the variable is partitioned'),
    lookup_max_sel_elem_num: ignored('only LookupFeature reads it'),
    expression: ignored('only ExprFeature reads it'),
    ...all(ignored('only SequenceFeature reads it'), 'sub_feature_type', 'sequence_length', 'max_seq_len'),
  },
  // What caches tables of other machines is not set apart from its default.
  EVParams: all(HONOURED, 'filter_freq', 'steps_to_live'),
  Initializer: {
    ...all(HONOURED, 'truncated_normal_initializer', 'random_normal_initializer'),
    ...all(HONOURED, 'glorot_normal_initializer', 'constant_initializer'),
  },
  TruncatedNormalInitializer: all(HONOURED, 'mean', 'stddev'),
  RandomNormalInitializer: all(HONOURED, 'mean', 'stddev'),
  ConstantInitializer: { consts: HONOURED },
  FeatureGroupConfig: {
    ...all(HONOURED, 'group_name', 'feature_names'),
    wide_deep: values('WIDE', 'DEEP'),
  },
} as const satisfies SupportTable;
