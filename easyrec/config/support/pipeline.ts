import { all, HONOURED, ignored, type SupportTable, values, when } from './rule.js';

const NEVER_READ = ignored('nothing in EasyRec reads it');

/** The pipeline itself, training, evaluation and export. */
export const PIPELINE_SUPPORT = {
  EasyRecConfig: {
    ...all(
      HONOURED,
      'train_input_path',
      'eval_input_path',
      'parquet_train_input',
      'parquet_eval_input',
      'model_dir',
      'train_config',
      'eval_config',
      'data_config',
    ),
    ...all(HONOURED, 'feature_configs', 'feature_config', 'model_config', 'export_config'),
    fg_json_path: when((path: string) => path.startsWith('!'), 'a path that begins with "!"'),
  },
  TrainConfig: {
    optimizer_config: when((all: readonly unknown[]) => all.length <= 2, 'one optimizer, or two'),
    ...all(HONOURED, 'num_steps', 'fine_tune_checkpoint', 'save_checkpoints_steps', 'save_checkpoints_secs'),
    ...all(HONOURED, 'keep_checkpoint_max', 'save_summary_steps', 'log_step_count_steps', 'write_graph'),
    ...all(HONOURED, 'inter_op_parallelism_threads', 'intra_op_parallelism_threads'),
    ...all(HONOURED, 'gradient_clipping_by_norm', 'freeze_gradient'),
    ...all(NEVER_READ, 'startup_delay_steps', 'protocol', 'tensor_fuse'),
    ...all(
      ignored('it matters only with several workers'),
      'sync_replicas',
      'sparse_accumulator_type',
      'num_gpus_per_worker',
    ),
  },
  EvalConfig: {
    ...all(HONOURED, 'num_examples', 'metrics_set'),
    ...all(NEVER_READ, 'eval_interval_secs', 'max_evals', 'save_graph'),
  },
  EvalMetrics: {
    ...all(HONOURED, 'auc', 'gauc', 'session_auc', 'max_f1'),
    ...all(HONOURED, 'mean_absolute_error', 'mean_squared_error', 'root_mean_squared_error'),
    ...all(
      ignored("EasyRec's rank models produce nothing for it"),
      'precision',
      'recall',
      'precision_at_topk',
    ),
  },
  AUC: { num_thresholds: HONOURED },
  GAUC: all(HONOURED, 'uid_field', 'reduction'),
  SessionAUC: all(HONOURED, 'session_id_field', 'reduction'),
  ExportConfig: {
    exporter_type: values('final', 'none'),
    asset_files: HONOURED,
    placeholder_named_by_input: HONOURED,
    batch_size: NEVER_READ,
    ...all(ignored('only exporter_type "best" reads it'), 'best_exporter_metric', 'metric_bigger'),
    exports_to_keep: ignored('only exporter_type "best" and "latest" read it'),
    ...all(
      ignored('only early stopping reads it'),
      'max_check_steps',
      'early_stop_params',
      'early_stop_func',
    ),
  },
} as const satisfies SupportTable;

const BETAS = all(HONOURED, 'learning_rate', 'beta1', 'beta2');

/** Optimizers and learning rates. */
export const OPTIMIZER_SUPPORT = {
  Optimizer: {
    ...all(HONOURED, 'adam_optimizer', 'lazy_adam_optimizer', 'adamw_optimizer', 'adam_async_optimizer'),
    ...all(HONOURED, 'adam_asyncw_optimizer', 'adagrad_optimizer', 'momentum_optimizer'),
    ...all(HONOURED, 'momentumw_optimizer', 'rms_prop_optimizer', 'ftrl_optimizer'),
    embedding_learning_rate_multiplier: HONOURED,
    moving_average_decay: ignored('it matters only with use_moving_average'),
  },
  AdamOptimizer: BETAS,
  LazyAdamOptimizer: BETAS,
  AdamAsyncOptimizer: BETAS,
  AdamWOptimizer: { ...BETAS, weight_decay: HONOURED },
  AdamAsyncWOptimizer: { ...BETAS, weight_decay: HONOURED },
  AdagradOptimizer: all(HONOURED, 'learning_rate', 'initial_accumulator_value', 'row_wise'),
  MomentumOptimizer: all(HONOURED, 'learning_rate', 'momentum_optimizer_value'),
  MomentumWOptimizer: all(HONOURED, 'learning_rate', 'momentum_optimizer_value', 'weight_decay'),
  RMSPropOptimizer: all(HONOURED, 'learning_rate', 'momentum_optimizer_value', 'decay', 'epsilon'),
  FtrlOptimizer: {
    ...all(HONOURED, 'learning_rate', 'learning_rate_power', 'initial_accumulator_value'),
    ...all(HONOURED, 'l1_reg', 'l2_reg', 'l2_shrinkage_reg'),
  },
  LearningRate: {
    ...all(HONOURED, 'constant_learning_rate', 'exponential_decay_learning_rate'),
    ...all(HONOURED, 'manual_step_learning_rate', 'cosine_decay_learning_rate'),
    ...all(HONOURED, 'poly_decay_learning_rate', 'transformer_learning_rate'),
  },
  ConstantLearningRate: { learning_rate: HONOURED },
  ExponentialDecayLearningRate: {
    ...all(HONOURED, 'initial_learning_rate', 'decay_steps', 'decay_factor', 'staircase'),
    ...all(HONOURED, 'burnin_learning_rate', 'burnin_steps', 'min_learning_rate'),
  },
  ManualStepLearningRate: all(HONOURED, 'initial_learning_rate', 'schedule', 'warmup'),
  'ManualStepLearningRate.LearningRateSchedule': all(HONOURED, 'step', 'learning_rate'),
  CosineDecayLearningRate: {
    ...all(HONOURED, 'learning_rate_base', 'total_steps', 'warmup_learning_rate', 'warmup_steps'),
    hold_base_rate_steps: HONOURED,
  },
  PolyDecayLearningRate: all(HONOURED, 'learning_rate_base', 'total_steps', 'power', 'end_learning_rate'),
  TransformerLearningRate: {
    ...all(HONOURED, 'learning_rate_base', 'hidden_size', 'warmup_steps', 'step_scaling_rate'),
  },
} as const satisfies SupportTable;
