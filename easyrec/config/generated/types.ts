// Generated from easyrec/config/protos by scripts/generate_config_types.mjs; do not edit.

export type DatasetConfig_FieldType =
  | 'INT32'
  | 'INT64'
  | 'STRING'
  | 'FLOAT'
  | 'DOUBLE'
  | 'BOOL';

export type DatasetConfig_InputType =
  | 'CSVInput'
  | 'CSVInputV2'
  | 'CSVInputEx'
  | 'OdpsInput'
  | 'OdpsInputV2'
  | 'DataHubInput'
  | 'OdpsInputV3'
  | 'RTPInput'
  | 'RTPInputV2'
  | 'OdpsRTPInput'
  | 'OdpsRTPInputV2'
  | 'TFRecordInput'
  | 'BatchTFRecordInput'
  | 'DummyInput'
  | 'KafkaInput'
  | 'HiveInput'
  | 'HiveRTPInput'
  | 'HiveParquetInput'
  | 'ParquetInput'
  | 'ParquetInputV2'
  | 'ParquetInputV3'
  | 'CriteoInput';

export type DistributionStrategy =
  | 'NoStrategy'
  | 'PSStrategy'
  | 'MirroredStrategy'
  | 'CollectiveAllReduceStrategy'
  | 'ExascaleStrategy'
  | 'MultiWorkerMirroredStrategy'
  | 'HorovodStrategy'
  | 'SokStrategy'
  | 'EmbeddingParallelStrategy';

export type EasyRecModel_LossWeightStrategy =
  | 'Fixed'
  | 'Uncertainty'
  | 'Random';

export type FeatureConfig_FeatureType =
  | 'IdFeature'
  | 'RawFeature'
  | 'TagFeature'
  | 'ComboFeature'
  | 'LookupFeature'
  | 'SequenceFeature'
  | 'ExprFeature'
  | 'PassThroughFeature';

export type FeatureConfig_FieldType =
  | 'INT32'
  | 'INT64'
  | 'STRING'
  | 'FLOAT'
  | 'DOUBLE'
  | 'BOOL';

export type LossType =
  | 'CLASSIFICATION'
  | 'L2_LOSS'
  | 'SIGMOID_L2_LOSS'
  | 'CROSS_ENTROPY_LOSS'
  | 'SOFTMAX_CROSS_ENTROPY'
  | 'CIRCLE_LOSS'
  | 'MULTI_SIMILARITY_LOSS'
  | 'SOFTMAX_CROSS_ENTROPY_WITH_NEGATIVE_MINING'
  | 'PAIR_WISE_LOSS'
  | 'F1_REWEIGHTED_LOSS'
  | 'BINARY_FOCAL_LOSS'
  | 'PAIRWISE_FOCAL_LOSS'
  | 'PAIRWISE_LOGISTIC_LOSS'
  | 'PAIRWISE_HINGE_LOSS'
  | 'JRC_LOSS'
  | 'ORDER_CALIBRATE_LOSS'
  | 'BINARY_CROSS_ENTROPY_LOSS'
  | 'KL_DIVERGENCE_LOSS'
  | 'LISTWISE_RANK_LOSS'
  | 'LISTWISE_DISTILL_LOSS'
  | 'ZILN_LOSS';

export type MIND_UserSeqCombineMethod =
  | 'CONCAT'
  | 'SUM';

export type NullValue =
  | 'NULL_VALUE';

export type Similarity =
  | 'COSINE'
  | 'INNER_PRODUCT'
  | 'EUCLID';

export type WideOrDeep =
  | 'DEEP'
  | 'WIDE'
  | 'WIDE_AND_DEEP';

export interface AITMTower {
  readonly project_dim: number;
  readonly transfer_mlp: MLP | null;
  /** Default true. */
  readonly stop_gradient: boolean;
}

export interface AUC {
  /** Default 200. */
  readonly num_thresholds: number;
}

export type Accuracy = Readonly<Record<never, never>>;

export interface AdagradOptimizer {
  readonly learning_rate: LearningRate | null;
  /** Default 0.1. */
  readonly initial_accumulator_value: number;
  /** Default false. */
  readonly row_wise: boolean;
}

export interface AdamAsyncOptimizer {
  readonly learning_rate: LearningRate | null;
  /** Default 0.9. */
  readonly beta1: number;
  /** Default 0.999. */
  readonly beta2: number;
}

export interface AdamAsyncWOptimizer {
  readonly learning_rate: LearningRate | null;
  /** Default 0.000001. */
  readonly weight_decay: number;
  /** Default 0.9. */
  readonly beta1: number;
  /** Default 0.999. */
  readonly beta2: number;
}

export interface AdamOptimizer {
  readonly learning_rate: LearningRate | null;
  /** Default 0.9. */
  readonly beta1: number;
  /** Default 0.999. */
  readonly beta2: number;
}

export interface AdamWOptimizer {
  readonly learning_rate: LearningRate | null;
  /** Default 0.000001. */
  readonly weight_decay: number;
  /** Default 0.9. */
  readonly beta1: number;
  /** Default 0.999. */
  readonly beta2: number;
}

export interface Attention {
  /** Default false. */
  readonly use_scale: boolean;
  /** Default false. */
  readonly scale_by_dim: boolean;
  /** Default "dot". */
  readonly score_mode: string;
  /** Default 0. */
  readonly dropout: number;
  readonly seed: number;
  /** Default false. */
  readonly return_attention_scores: boolean;
  /** Default false. */
  readonly use_causal_mask: boolean;
}

export type AttentionCombiner = Readonly<Record<never, never>>;

export interface AutoDisEmbedding {
  readonly embedding_dim: number;
  readonly num_bins: number;
  /** Default 0.8. */
  readonly keep_prob: number;
  readonly temperature: number;
  readonly output_3d_tensor: boolean;
  readonly output_tensor_list: boolean;
}

export interface AutoInt {
  /** Default 1. */
  readonly multi_head_num: number;
  readonly multi_head_size: number;
  /** Default 1. */
  readonly interacting_layer_num: number;
  /** Default 0.0001. */
  readonly l2_regularization: number;
}

export interface AvgPrecisionAtTopK {
  /** Default 5. */
  readonly topk: number;
}

export interface BSTEncoder {
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  /** Default "gelu". */
  readonly hidden_act: string;
  /** Default 0.1. */
  readonly hidden_dropout_prob: number;
  /** Default 0.1. */
  readonly attention_probs_dropout_prob: number;
  /** Default 512. */
  readonly max_position_embeddings: number;
  /** Default true. */
  readonly use_position_embeddings: boolean;
  /** Default 0.02. */
  readonly initializer_range: number;
  /** Default true. */
  readonly output_all_token_embeddings: boolean;
  /** Default "head". */
  readonly target_item_position: string;
  /** Default true. */
  readonly reserve_target_position: boolean;
}

export interface BSTTower {
  readonly input: string;
  /** Default 5. */
  readonly seq_len: number;
  /** Default 4. */
  readonly multi_head_size: number;
}

export interface BackboneTower {
  readonly packages: readonly BlockPackage[];
  readonly blocks: readonly Block[];
  readonly concat_blocks: readonly string[];
  readonly output_blocks: readonly string[];
  readonly top_mlp: MLP | null;
}

export interface BayesTaskTower {
  readonly tower_name: string;
  readonly label_name: string;
  readonly metrics_set: readonly EvalMetrics[];
  /** Default CLASSIFICATION. */
  readonly loss_type: LossType;
  /** Default 1. */
  readonly num_class: number;
  readonly dnn: DNN | null;
  readonly relation_tower_names: readonly string[];
  readonly relation_dnn: DNN | null;
  /** Default 1. */
  readonly weight: number;
  readonly task_space_indicator_label: string;
  /** Default 1. */
  readonly in_task_space_weight: number;
  /** Default 1. */
  readonly out_task_space_weight: number;
  readonly losses: readonly Loss[];
  /** Default true. */
  readonly use_sample_weight: boolean;
  readonly task_space_indicator_name: string;
  readonly task_space_indicator_value: string;
}

export interface Bilinear {
  /** Default "interaction". */
  readonly type: string;
  /** Default true. */
  readonly use_plus: boolean;
  readonly num_output_units: number;
}

export interface BinaryDataInput {
  readonly category_path: readonly string[];
  readonly dense_path: readonly string[];
  readonly label_path: readonly string[];
}

export interface BinaryFocalLoss {
  /** Default 2. */
  readonly gamma: number;
  readonly alpha: number;
  /** Default 1. */
  readonly ohem_ratio: number;
  /** Default 0. */
  readonly label_smoothing: number;
}

export interface Block {
  readonly name: string;
  readonly inputs: readonly Input[];
  /** Default -1. */
  readonly input_concat_axis: number;
  readonly merge_inputs_into_list: boolean;
  readonly extra_input_fn: string;
  readonly layers: readonly Layer[];
  /** Member of oneof layer. */
  readonly input_layer: InputLayer | null;
  /** Member of oneof layer. */
  readonly lambda: Lambda | null;
  /** Member of oneof layer. */
  readonly keras_layer: KerasLayer | null;
  /** Member of oneof layer. */
  readonly recurrent: RecurrentLayer | null;
  /** Member of oneof layer. */
  readonly repeat: RepeatLayer | null;
  /** Member of oneof layer. */
  readonly raw_input: RawInputLayer | null;
  /** Member of oneof layer. */
  readonly embedding_layer: EmbeddingLayer | null;
  /** The member of oneof layer that is set. */
  readonly which_layer: 'input_layer' | 'lambda' | 'keras_layer' | 'recurrent' | 'repeat' | 'raw_input' | 'embedding_layer' | null;
}

export interface BlockPackage {
  readonly name: string;
  readonly blocks: readonly Block[];
  readonly concat_blocks: readonly string[];
  readonly output_blocks: readonly string[];
}

export interface CIN {
  readonly hidden_feature_sizes: readonly number[];
}

export interface CMBF {
  readonly config: CMBFTower | null;
  readonly final_dnn: DNN | null;
}

export interface CMBFTower {
  /** Default 1. */
  readonly multi_head_num: number;
  /** Default 1. */
  readonly image_multi_head_num: number;
  /** Default 1. */
  readonly text_multi_head_num: number;
  readonly text_head_size: number;
  /** Default 64. */
  readonly image_head_size: number;
  /** Default 1. */
  readonly image_feature_patch_num: number;
  /** Default 0. */
  readonly image_feature_dim: number;
  /** Default 0. */
  readonly image_self_attention_layer_num: number;
  /** Default 1. */
  readonly text_self_attention_layer_num: number;
  /** Default 1. */
  readonly cross_modal_layer_num: number;
  readonly image_cross_head_size: number;
  readonly text_cross_head_size: number;
  /** Default 0. */
  readonly hidden_dropout_prob: number;
  /** Default 0. */
  readonly attention_probs_dropout_prob: number;
  /** Default false. */
  readonly use_token_type: boolean;
  /** Default true. */
  readonly use_position_embeddings: boolean;
  /** Default 0. */
  readonly max_position_embeddings: number;
  /** Default 0.1. */
  readonly text_seq_emb_dropout_prob: number;
  readonly other_feature_dnn: DNN | null;
}

export interface Capsule {
  /** Default 5. */
  readonly max_k: number;
  readonly max_seq_len: number;
  readonly high_dim: number;
  /** Default 3. */
  readonly num_iters: number;
  /** Default 20. */
  readonly routing_logits_scale: number;
  /** Default 1. */
  readonly routing_logits_stddev: number;
  /** Default 1. */
  readonly squash_pow: number;
  /** Default 1. */
  readonly scale_ratio: number;
  /** Default false. */
  readonly const_caps_num: boolean;
}

export interface CircleLoss {
  /** Default 0.25. */
  readonly margin: number;
  /** Default 32. */
  readonly gamma: number;
}

export interface CoMetricLearningI2I {
  readonly session_id: string;
  readonly highway: readonly HighWayTower[];
  readonly input: string;
  readonly dnn: DNN | null;
  /** Default 0.0001. */
  readonly l2_regularization: number;
  /** Default true. */
  readonly output_l2_normalized_emb: boolean;
  readonly sample_id: string;
  /** Member of oneof loss. */
  readonly circle_loss: CircleLoss | null;
  /** Member of oneof loss. */
  readonly multi_similarity_loss: MultiSimilarityLoss | null;
  readonly item_id: string;
  /** The member of oneof loss that is set. */
  readonly which_loss: 'circle_loss' | 'multi_similarity_loss' | null;
}

export interface ConstantInitializer {
  readonly consts: readonly number[];
}

export interface ConstantLearningRate {
  /** Default 0.002. */
  readonly learning_rate: number;
}

export interface CosineDecayLearningRate {
  /** Default 0.002. */
  readonly learning_rate_base: number;
  /** Default 4000000. */
  readonly total_steps: number;
  /** Default 0.0002. */
  readonly warmup_learning_rate: number;
  /** Default 10000. */
  readonly warmup_steps: number;
  /** Default 0. */
  readonly hold_base_rate_steps: number;
}

export interface CrossTower {
  readonly input: string;
  /** Default 3. */
  readonly cross_num: number;
}

export interface DAT {
  readonly user_tower: DATTower | null;
  readonly item_tower: DATTower | null;
  /** Default 0.0001. */
  readonly l2_regularization: number;
  /** Default COSINE. */
  readonly simi_func: Similarity;
  /** Default false. */
  readonly ignore_in_batch_neg_sam: boolean;
  /** Default 1. */
  readonly temperature: number;
  /** Default 0.5. */
  readonly amm_i_weight: number;
  /** Default 0.5. */
  readonly amm_u_weight: number;
}

export interface DATTower {
  readonly id: string;
  readonly dnn: DNN | null;
}

export interface DBMTL {
  readonly bottom_cmbf: CMBFTower | null;
  readonly bottom_uniter: UniterTower | null;
  readonly bottom_dnn: DNN | null;
  readonly expert_dnn: DNN | null;
  /** Default 0. */
  readonly num_expert: number;
  readonly task_towers: readonly BayesTaskTower[];
  /** Default 0.0001. */
  readonly l2_regularization: number;
}

export interface DCN {
  readonly deep_tower: Tower | null;
  readonly cross_tower: CrossTower | null;
  readonly final_dnn: DNN | null;
  /** Default 0.0001. */
  readonly l2_regularization: number;
}

export interface DINEncoder {
  readonly attention_dnn: MLP | null;
  /** Default true. */
  readonly need_target_feature: boolean;
  /** Default "softmax". */
  readonly attention_normalizer: string;
}

export interface DINTower {
  readonly input: string;
  readonly dnn: DNN | null;
}

export interface DLRM {
  readonly top_dnn: DNN | null;
  readonly bot_dnn: DNN | null;
  /** Default "dot". */
  readonly arch_interaction_op: string;
  /** Default false. */
  readonly arch_interaction_itself: boolean;
  /** Default false. */
  readonly arch_with_dense_feature: boolean;
  /** Default 0.00001. */
  readonly l2_regularization: number;
}

export interface DNN {
  readonly hidden_units: readonly number[];
  readonly dropout_ratio: readonly number[];
  /** Default "tf.nn.relu". */
  readonly activation: string;
  /** Default true. */
  readonly use_bn: boolean;
}

export interface DSSM {
  readonly user_tower: DSSMTower | null;
  readonly item_tower: DSSMTower | null;
  /** Default 0.0001. */
  readonly l2_regularization: number;
  /** Default COSINE. */
  readonly simi_func: Similarity;
  /** Default true. */
  readonly scale_simi: boolean;
  readonly item_id: string;
  /** Default false. */
  readonly ignore_in_batch_neg_sam: boolean;
  /** Default 1. */
  readonly temperature: number;
}

export interface DSSMTower {
  readonly id: string;
  readonly dnn: DNN | null;
}

export interface DSSM_SENet {
  readonly user_tower: DSSM_SENet_Tower | null;
  readonly item_tower: DSSM_SENet_Tower | null;
  /** Default 0.0001. */
  readonly l2_regularization: number;
  /** Default COSINE. */
  readonly simi_func: Similarity;
  /** Default true. */
  readonly scale_simi: boolean;
  readonly item_id: string;
  /** Default false. */
  readonly ignore_in_batch_neg_sam: boolean;
  /** Default 1. */
  readonly temperature: number;
}

export interface DSSM_SENet_Tower {
  readonly id: string;
  readonly senet: SENet | null;
  readonly dnn: DNN | null;
}

export interface DatahubServer {
  readonly akId: string;
  readonly akSecret: string;
  readonly endpoint: string;
  readonly project: string;
  readonly topic: string;
  /** Member of oneof offset. */
  readonly offset_info: string;
  /** Member of oneof offset. */
  readonly offset_time: string;
  /** The member of oneof offset that is set. */
  readonly which_offset: 'offset_info' | 'offset_time' | null;
}

export interface DatasetConfig {
  /** Default 32. */
  readonly batch_size: number;
  /** Default false. */
  readonly auto_expand_input_fields: boolean;
  readonly label_fields: readonly string[];
  readonly label_sep: readonly string[];
  readonly label_dim: readonly number[];
  readonly extra_label_func: readonly DatasetConfig_LabelFunction[];
  /** Default true. */
  readonly shuffle: boolean;
  /** Default 32. */
  readonly shuffle_buffer_size: number;
  /** Default 0. */
  readonly num_epochs: number;
  /** Default 32. */
  readonly prefetch_size: number;
  /** Default false. */
  readonly shard: boolean;
  /** Default false. */
  readonly file_shard: boolean;
  readonly input_type: DatasetConfig_InputType;
  /** Default ",". */
  readonly separator: string;
  /** Default 8. */
  readonly num_parallel_calls: number;
  /** Default "". */
  readonly selected_cols: string;
  /** Default "". */
  readonly selected_col_types: string;
  readonly input_fields: readonly DatasetConfig_Field[];
  /** Default ";". */
  readonly rtp_separator: string;
  /** Default false. */
  readonly ignore_error: boolean;
  /** Default false. */
  readonly pai_worker_queue: boolean;
  /** Default 100. */
  readonly pai_worker_slice_num: number;
  /** Default false. */
  readonly chief_redundant: boolean;
  readonly sample_weight: string;
  /** Default "". */
  readonly data_compression_type: string;
  readonly n_data_batch_tfrecord: number;
  /** Default false. */
  readonly with_header: boolean;
  readonly feature_fields: readonly string[];
  /** Member of oneof sampler. */
  readonly negative_sampler: NegativeSampler | null;
  /** Member of oneof sampler. */
  readonly negative_sampler_v2: NegativeSamplerV2 | null;
  /** Member of oneof sampler. */
  readonly hard_negative_sampler: HardNegativeSampler | null;
  /** Member of oneof sampler. */
  readonly hard_negative_sampler_v2: HardNegativeSamplerV2 | null;
  /** Member of oneof sampler. */
  readonly negative_sampler_in_memory: NegativeSamplerInMemory | null;
  /** Default 4096. */
  readonly eval_batch_size: number;
  /** Default false. */
  readonly drop_remainder: boolean;
  /** The member of oneof sampler that is set. */
  readonly which_sampler: 'negative_sampler' | 'negative_sampler_v2' | 'hard_negative_sampler' | 'hard_negative_sampler_v2' | 'negative_sampler_in_memory' | null;
}

export interface DatasetConfig_Field {
  readonly input_name: string;
  /** Default STRING. */
  readonly input_type: DatasetConfig_FieldType;
  readonly default_val: string;
  /** Default 1. */
  readonly input_dim: number;
  /** Default 1. */
  readonly input_shape: number;
  readonly user_define_fn: string;
  readonly user_define_fn_path: string;
  readonly user_define_fn_res_type: DatasetConfig_FieldType;
  readonly ignore_val: string;
}

export interface DatasetConfig_LabelFunction {
  readonly label_name: string;
  readonly label_func: string;
}

export interface DeepFM {
  readonly dnn: DNN | null;
  readonly final_dnn: DNN | null;
  /** Default 1. */
  readonly wide_output_dim: number;
  /** Default 0.0001. */
  readonly wide_regularization: number;
  /** Default 0.0001. */
  readonly dense_regularization: number;
  /** Default 0.0001. */
  readonly l2_regularization: number;
}

export interface DropoutNet {
  readonly user_content: DNN | null;
  readonly user_preference: DNN | null;
  readonly item_content: DNN | null;
  readonly item_preference: DNN | null;
  readonly user_tower: DNN | null;
  readonly item_tower: DNN | null;
  /** Default 0. */
  readonly l2_regularization: number;
  /** Default 0. */
  readonly user_dropout_rate: number;
  /** Default 0.5. */
  readonly item_dropout_rate: number;
  readonly softmax_loss: SoftmaxCrossEntropyWithNegativeMining | null;
}

export type DummyModel = Readonly<Record<never, never>>;

export interface ESMM {
  readonly groups: readonly Tower[];
  readonly ctr_tower: TaskTower | null;
  readonly cvr_tower: TaskTower | null;
  /** Default 0.0001. */
  readonly l2_regularization: number;
}

export interface EVParams {
  /** Default 0. */
  readonly filter_freq: number;
  /** Default 0. */
  readonly steps_to_live: number;
  /** Default false. */
  readonly use_cache: boolean;
  /** Default 8388608. */
  readonly init_capacity: number;
  /** Default 16777216. */
  readonly max_capacity: number;
}

export interface EasyRecConfig {
  /** Member of oneof train_path. */
  readonly train_input_path: string;
  /** Member of oneof train_path. */
  readonly kafka_train_input: KafkaServer | null;
  /** Member of oneof train_path. */
  readonly datahub_train_input: DatahubServer | null;
  /** Member of oneof train_path. */
  readonly hive_train_input: HiveConfig | null;
  /** Member of oneof train_path. */
  readonly binary_train_input: BinaryDataInput | null;
  /** Member of oneof train_path. */
  readonly parquet_train_input: string;
  /** Member of oneof eval_path. */
  readonly eval_input_path: string;
  /** Member of oneof eval_path. */
  readonly kafka_eval_input: KafkaServer | null;
  /** Member of oneof eval_path. */
  readonly datahub_eval_input: DatahubServer | null;
  /** Member of oneof eval_path. */
  readonly hive_eval_input: HiveConfig | null;
  /** Member of oneof eval_path. */
  readonly binary_eval_input: BinaryDataInput | null;
  /** Member of oneof eval_path. */
  readonly parquet_eval_input: string;
  readonly model_dir: string;
  readonly train_config: TrainConfig | null;
  readonly eval_config: EvalConfig | null;
  readonly data_config: DatasetConfig | null;
  readonly feature_configs: readonly FeatureConfig[];
  readonly feature_config: FeatureConfigV2 | null;
  readonly model_config: EasyRecModel | null;
  readonly export_config: ExportConfig | null;
  readonly fg_json_path: string;
  /** The member of oneof train_path that is set. */
  readonly which_train_path: 'train_input_path' | 'kafka_train_input' | 'datahub_train_input' | 'hive_train_input' | 'binary_train_input' | 'parquet_train_input' | null;
  /** The member of oneof eval_path that is set. */
  readonly which_eval_path: 'eval_input_path' | 'kafka_eval_input' | 'datahub_eval_input' | 'hive_eval_input' | 'binary_eval_input' | 'parquet_eval_input' | null;
}

export interface EasyRecModel {
  readonly model_class: string;
  readonly model_name: string;
  readonly feature_groups: readonly FeatureGroupConfig[];
  /** Member of oneof model. */
  readonly model_params: ModelParams | null;
  /** Member of oneof model. */
  readonly dummy: DummyModel | null;
  /** Member of oneof model. */
  readonly wide_and_deep: WideAndDeep | null;
  /** Member of oneof model. */
  readonly deepfm: DeepFM | null;
  /** Member of oneof model. */
  readonly multi_tower: MultiTower | null;
  /** Member of oneof model. */
  readonly fm: FM | null;
  /** Member of oneof model. */
  readonly dcn: DCN | null;
  /** Member of oneof model. */
  readonly autoint: AutoInt | null;
  /** Member of oneof model. */
  readonly dlrm: DLRM | null;
  /** Member of oneof model. */
  readonly cmbf: CMBF | null;
  /** Member of oneof model. */
  readonly uniter: Uniter | null;
  /** Member of oneof model. */
  readonly multi_tower_recall: MultiTowerRecall | null;
  /** Member of oneof model. */
  readonly dssm: DSSM | null;
  /** Member of oneof model. */
  readonly mind: MIND | null;
  /** Member of oneof model. */
  readonly dropoutnet: DropoutNet | null;
  /** Member of oneof model. */
  readonly metric_learning: CoMetricLearningI2I | null;
  /** Member of oneof model. */
  readonly pdn: PDN | null;
  /** Member of oneof model. */
  readonly dssm_senet: DSSM_SENet | null;
  /** Member of oneof model. */
  readonly dat: DAT | null;
  /** Member of oneof model. */
  readonly mmoe: MMoE | null;
  /** Member of oneof model. */
  readonly esmm: ESMM | null;
  /** Member of oneof model. */
  readonly dbmtl: DBMTL | null;
  /** Member of oneof model. */
  readonly simple_multi_task: SimpleMultiTask | null;
  /** Member of oneof model. */
  readonly ple: PLE | null;
  /** Member of oneof model. */
  readonly rocket_launching: RocketLaunching | null;
  readonly seq_att_groups: readonly SeqAttGroupConfig[];
  /** Default 0. */
  readonly embedding_regularization: number;
  /** Default CLASSIFICATION. */
  readonly loss_type: LossType;
  /** Default 1. */
  readonly num_class: number;
  readonly ev_params: EVParams | null;
  readonly kd: readonly KD[];
  readonly restore_filters: readonly string[];
  readonly variational_dropout: VariationalDropoutLayer | null;
  readonly losses: readonly Loss[];
  /** Default Fixed. */
  readonly loss_weight_strategy: EasyRecModel_LossWeightStrategy;
  readonly backbone: BackboneTower | null;
  readonly label_name: string;
  /** The member of oneof model that is set. */
  readonly which_model: 'model_params' | 'dummy' | 'wide_and_deep' | 'deepfm' | 'multi_tower' | 'fm' | 'dcn' | 'autoint' | 'dlrm' | 'cmbf' | 'uniter' | 'multi_tower_recall' | 'dssm' | 'mind' | 'dropoutnet' | 'metric_learning' | 'pdn' | 'dssm_senet' | 'dat' | 'mmoe' | 'esmm' | 'dbmtl' | 'simple_multi_task' | 'ple' | 'rocket_launching' | null;
}

export interface EmbeddingLayer {
  readonly embedding_dim: number;
  readonly vocab_size: number;
  /** Default "weight". */
  readonly combiner: string;
  /** Default true. */
  readonly concat: boolean;
}

export interface EvalConfig {
  /** Default 0. */
  readonly num_examples: number;
  /** Default 300. */
  readonly eval_interval_secs: number;
  /** Default 0. */
  readonly max_evals: number;
  /** Default false. */
  readonly save_graph: boolean;
  readonly metrics_set: readonly EvalMetrics[];
  /** Default false. */
  readonly eval_online: boolean;
}

export interface EvalMetrics {
  /** Member of oneof metric. */
  readonly auc: AUC | null;
  /** Member of oneof metric. */
  readonly recall_at_topk: RecallAtTopK | null;
  /** Member of oneof metric. */
  readonly mean_absolute_error: MeanAbsoluteError | null;
  /** Member of oneof metric. */
  readonly mean_squared_error: MeanSquaredError | null;
  /** Member of oneof metric. */
  readonly accuracy: Accuracy | null;
  /** Member of oneof metric. */
  readonly max_f1: Max_F1 | null;
  /** Member of oneof metric. */
  readonly root_mean_squared_error: RootMeanSquaredError | null;
  /** Member of oneof metric. */
  readonly gauc: GAUC | null;
  /** Member of oneof metric. */
  readonly session_auc: SessionAUC | null;
  /** Member of oneof metric. */
  readonly recall: Recall | null;
  /** Member of oneof metric. */
  readonly precision: Precision | null;
  /** Member of oneof metric. */
  readonly precision_at_topk: AvgPrecisionAtTopK | null;
  /** The member of oneof metric that is set. */
  readonly which_metric: 'auc' | 'recall_at_topk' | 'mean_absolute_error' | 'mean_squared_error' | 'accuracy' | 'max_f1' | 'root_mean_squared_error' | 'gauc' | 'session_auc' | 'recall' | 'precision' | 'precision_at_topk' | null;
}

export interface ExpertTower {
  readonly expert_name: string;
  readonly dnn: DNN | null;
}

export interface ExponentialDecayLearningRate {
  /** Default 0.002. */
  readonly initial_learning_rate: number;
  /** Default 4000000. */
  readonly decay_steps: number;
  /** Default 0.95. */
  readonly decay_factor: number;
  /** Default true. */
  readonly staircase: boolean;
  /** Default 0. */
  readonly burnin_learning_rate: number;
  /** Default 0. */
  readonly burnin_steps: number;
  /** Default 0. */
  readonly min_learning_rate: number;
}

export interface ExportConfig {
  /** Default -1. */
  readonly batch_size: number;
  /** Default "final". */
  readonly exporter_type: string;
  /** Default "auc". */
  readonly best_exporter_metric: string;
  /** Default true. */
  readonly metric_bigger: boolean;
  /** Default false. */
  readonly enable_early_stop: boolean;
  readonly early_stop_func: string;
  readonly early_stop_params: string;
  /** Default 10000. */
  readonly max_check_steps: number;
  /** Default true. */
  readonly multi_placeholder: boolean;
  /** Default 1. */
  readonly exports_to_keep: number;
  readonly multi_value_fields: MultiValueFields | null;
  /** Default false. */
  readonly auto_multi_value: boolean;
  /** Default false. */
  readonly placeholder_named_by_input: boolean;
  /** Default true. */
  readonly filter_inputs: boolean;
  /** Default false. */
  readonly export_features: boolean;
  /** Default false. */
  readonly export_rtp_outputs: boolean;
  readonly asset_files: readonly string[];
}

export interface ExtractionNetwork {
  readonly network_name: string;
  readonly expert_num_per_task: number;
  readonly share_num: number;
  readonly task_expert_net: DNN | null;
  readonly share_expert_net: DNN | null;
}

export interface F1ReweighedLoss {
  /** Default 1. */
  readonly f1_beta_square: number;
  /** Default 0. */
  readonly label_smoothing: number;
}

export interface FM {
  readonly use_variant: boolean;
  /** Default 0.0001. */
  readonly l2_regularization: number;
}

export interface FeatureConfig {
  readonly feature_name: string;
  readonly input_names: readonly string[];
  /** Default IdFeature. */
  readonly feature_type: FeatureConfig_FeatureType;
  /** Default "". */
  readonly embedding_name: string;
  /** Default 0. */
  readonly embedding_dim: number;
  /** Default 0. */
  readonly hash_bucket_size: number;
  /** Default 0. */
  readonly num_buckets: number;
  readonly boundaries: readonly number[];
  /** Default "|". */
  readonly separator: string;
  readonly kv_separator: string;
  readonly seq_multi_sep: string;
  readonly max_seq_len: number;
  readonly vocab_file: string;
  readonly vocab_list: readonly string[];
  readonly shared_names: readonly string[];
  /** Default 10. */
  readonly lookup_max_sel_elem_num: number;
  /** Default 1. */
  readonly max_partitions: number;
  /** Default "sum". */
  readonly combiner: string;
  readonly initializer: Initializer | null;
  /** Default -1. */
  readonly precision: number;
  /** Default 0. */
  readonly min_val: number;
  /** Default 0. */
  readonly max_val: number;
  readonly normalizer_fn: string;
  /** Default 1. */
  readonly raw_input_dim: number;
  readonly sequence_combiner: SequenceCombiner | null;
  /** Default IdFeature. */
  readonly sub_feature_type: FeatureConfig_FeatureType;
  /** Default 1. */
  readonly sequence_length: number;
  readonly expression: string;
  readonly ev_params: EVParams | null;
  /** Default "". */
  readonly combo_join_sep: string;
  readonly combo_input_seps: readonly string[];
}

export interface FeatureConfigV2 {
  readonly features: readonly FeatureConfig[];
  /** Default false. */
  readonly embedding_on_cpu: boolean;
}

export interface FeatureGroupConfig {
  readonly group_name: string;
  readonly feature_names: readonly string[];
  /** Default DEEP. */
  readonly wide_deep: WideOrDeep;
  readonly sequence_features: readonly SeqAttGroupConfig[];
  /** Default false. */
  readonly negative_sampler: boolean;
}

export interface FiBiNet {
  readonly bilinear: Bilinear | null;
  readonly senet: SENet | null;
  readonly mlp: MLP | null;
}

export interface FtrlOptimizer {
  readonly learning_rate: LearningRate | null;
  /** Default -0.5. */
  readonly learning_rate_power: number;
  /** Default 0.1. */
  readonly initial_accumulator_value: number;
  /** Default 0. */
  readonly l1_reg: number;
  /** Default 0. */
  readonly l2_reg: number;
  /** Default 0. */
  readonly l2_shrinkage_reg: number;
}

export interface GAUC {
  readonly uid_field: string;
  /** Default "mean". */
  readonly reduction: string;
}

export interface GateNN {
  readonly output_dim: number;
  readonly hidden_dim: number;
  /** Default "relu". */
  readonly activation: string;
  /** Default false. */
  readonly use_bn: boolean;
  readonly dropout_rate: number;
}

export type GlorotNormalInitializer = Readonly<Record<never, never>>;

export interface HardNegativeSampler {
  readonly user_input_path: string;
  readonly item_input_path: string;
  readonly hard_neg_edge_input_path: string;
  readonly num_sample: number;
  readonly num_hard_sample: number;
  readonly attr_fields: readonly string[];
  readonly item_id_field: string;
  readonly user_id_field: string;
  /** Default ":". */
  readonly attr_delimiter: string;
  /** Default 0. */
  readonly num_eval_sample: number;
  /** Default "\u0001". */
  readonly field_delimiter: string;
}

export interface HardNegativeSamplerV2 {
  readonly user_input_path: string;
  readonly item_input_path: string;
  readonly pos_edge_input_path: string;
  readonly hard_neg_edge_input_path: string;
  readonly num_sample: number;
  readonly num_hard_sample: number;
  readonly attr_fields: readonly string[];
  readonly item_id_field: string;
  readonly user_id_field: string;
  /** Default ":". */
  readonly attr_delimiter: string;
  /** Default 0. */
  readonly num_eval_sample: number;
  /** Default "\u0001". */
  readonly field_delimiter: string;
}

export interface HighWayTower {
  readonly input: string;
  readonly emb_size: number;
  /** Default "relu". */
  readonly activation: string;
  readonly dropout_rate: number;
  /** Default -3. */
  readonly init_gate_bias: number;
  /** Default 1. */
  readonly num_layers: number;
}

export interface HiveConfig {
  readonly host: string;
  /** Default 10000. */
  readonly port: number;
  /** Default "admin". */
  readonly username: string;
  /** Default "default". */
  readonly database: string;
  readonly table_name: string;
}

export interface IncrementSaveConfig {
  /** Default 0. */
  readonly sparse_save_secs: number;
  /** Default 0. */
  readonly dense_save_secs: number;
  /** Default 0. */
  readonly sparse_save_steps: number;
  /** Default 0. */
  readonly dense_save_steps: number;
  /** Default false. */
  readonly debug_save_update: boolean;
  /** Member of oneof incr_update. */
  readonly kafka: IncrementSaveConfig_Kafka | null;
  /** Member of oneof incr_update. */
  readonly datahub: IncrementSaveConfig_Datahub | null;
  /** Member of oneof incr_update. */
  readonly fs: IncrementSaveConfig_File | null;
  /** The member of oneof incr_update that is set. */
  readonly which_incr_update: 'kafka' | 'datahub' | 'fs' | null;
}

export interface IncrementSaveConfig_Datahub {
  readonly akId: string;
  readonly akSecret: string;
  readonly region: string;
  readonly project: string;
  readonly topic: string;
  readonly consumer: IncrementSaveConfig_Datahub_Consumer | null;
}

export interface IncrementSaveConfig_Datahub_Consumer {
  /** Default 0. */
  readonly offset: number;
  /** Default 600. */
  readonly timeout: number;
}

export interface IncrementSaveConfig_File {
  /** Default "incr_save". */
  readonly incr_save_dir: string;
  /** Default true. */
  readonly relative: boolean;
  /** Default "/home/admin/docker_ml/workspace/incr_save/". */
  readonly mount_path: string;
}

export interface IncrementSaveConfig_Kafka {
  readonly server: string;
  readonly topic: string;
  readonly consumer: IncrementSaveConfig_Kafka_Consumer | null;
}

export interface IncrementSaveConfig_Kafka_Consumer {
  readonly config_topic: string;
  readonly config_global: string;
  /** Default 0. */
  readonly offset: number;
  /** Default 600. */
  readonly timeout: number;
}

export interface Initializer {
  /** Member of oneof initializer_oneof. */
  readonly truncated_normal_initializer: TruncatedNormalInitializer | null;
  /** Member of oneof initializer_oneof. */
  readonly random_normal_initializer: RandomNormalInitializer | null;
  /** Member of oneof initializer_oneof. */
  readonly glorot_normal_initializer: GlorotNormalInitializer | null;
  /** Member of oneof initializer_oneof. */
  readonly constant_initializer: ConstantInitializer | null;
  /** The member of oneof initializer_oneof that is set. */
  readonly which_initializer_oneof: 'truncated_normal_initializer' | 'random_normal_initializer' | 'glorot_normal_initializer' | 'constant_initializer' | null;
}

export interface Input {
  /** Member of oneof name. */
  readonly feature_group_name: string;
  /** Member of oneof name. */
  readonly block_name: string;
  /** Member of oneof name. */
  readonly package_name: string;
  /** Member of oneof name. */
  readonly use_package_input: boolean;
  readonly input_fn: string;
  readonly input_slice: string;
  /** Default false. */
  readonly ignore_input: boolean;
  readonly reset_input: InputLayer | null;
  readonly package_input: string;
  readonly package_input_fn: string;
  /** The member of oneof name that is set. */
  readonly which_name: 'feature_group_name' | 'block_name' | 'package_name' | 'use_package_input' | null;
}

export interface InputLayer {
  readonly do_batch_norm: boolean;
  readonly do_layer_norm: boolean;
  readonly dropout_rate: number;
  readonly feature_dropout_rate: number;
  readonly only_output_feature_list: boolean;
  readonly only_output_3d_tensor: boolean;
  readonly output_2d_tensor_and_feature_list: boolean;
  readonly output_seq_and_normal_feature: boolean;
  readonly wide_output_dim: number;
  /** Default true. */
  readonly concat_seq_feature: boolean;
}

export interface JRCLoss {
  readonly session_name: string;
  /** Default 0.5. */
  readonly alpha: number;
  /** Default true. */
  readonly same_label_loss: boolean;
  /** Default "fixed". */
  readonly loss_weight_strategy: string;
}

export interface KD {
  readonly loss_name: string;
  readonly pred_name: string;
  /** Default true. */
  readonly pred_is_logits: boolean;
  readonly soft_label_name: string;
  /** Default true. */
  readonly label_is_logits: boolean;
  readonly loss_type: LossType;
  /** Default 1. */
  readonly loss_weight: number;
  /** Default 1. */
  readonly temperature: number;
  readonly task_space_indicator_name: string;
  readonly task_space_indicator_value: string;
  /** Default 1. */
  readonly in_task_space_weight: number;
  /** Default 1. */
  readonly out_task_space_weight: number;
  /** Member of oneof loss_param. */
  readonly f1_reweighted_loss: F1ReweighedLoss | null;
  /** Member of oneof loss_param. */
  readonly softmax_loss: SoftmaxCrossEntropyWithNegativeMining | null;
  /** Member of oneof loss_param. */
  readonly circle_loss: CircleLoss | null;
  /** Member of oneof loss_param. */
  readonly multi_simi_loss: MultiSimilarityLoss | null;
  /** Member of oneof loss_param. */
  readonly binary_focal_loss: BinaryFocalLoss | null;
  /** Member of oneof loss_param. */
  readonly pairwise_loss: PairwiseLoss | null;
  /** Member of oneof loss_param. */
  readonly pairwise_focal_loss: PairwiseFocalLoss | null;
  /** Member of oneof loss_param. */
  readonly pairwise_logistic_loss: PairwiseLogisticLoss | null;
  /** Member of oneof loss_param. */
  readonly jrc_loss: JRCLoss | null;
  /** Member of oneof loss_param. */
  readonly pairwise_hinge_loss: PairwiseHingeLoss | null;
  /** Member of oneof loss_param. */
  readonly listwise_rank_loss: ListwiseRankLoss | null;
  /** Member of oneof loss_param. */
  readonly listwise_distill_loss: ListwiseDistillLoss | null;
  /** The member of oneof loss_param that is set. */
  readonly which_loss_param: 'f1_reweighted_loss' | 'softmax_loss' | 'circle_loss' | 'multi_simi_loss' | 'binary_focal_loss' | 'pairwise_loss' | 'pairwise_focal_loss' | 'pairwise_logistic_loss' | 'jrc_loss' | 'pairwise_hinge_loss' | 'listwise_rank_loss' | 'listwise_distill_loss' | null;
}

export interface KafkaServer {
  readonly server: string;
  readonly topic: string;
  readonly group: string;
  /** Member of oneof offset. */
  readonly offset_info: string;
  /** Member of oneof offset. */
  readonly offset_time: string;
  readonly config_global: readonly string[];
  readonly config_topic: readonly string[];
  /** The member of oneof offset that is set. */
  readonly which_offset: 'offset_info' | 'offset_time' | null;
}

export interface KerasLayer {
  readonly class_name: string;
  /** Member of oneof params. */
  readonly st_params: Struct | null;
  /** Member of oneof params. */
  readonly periodic_embedding: PeriodicEmbedding | null;
  /** Member of oneof params. */
  readonly auto_dis_embedding: AutoDisEmbedding | null;
  /** Member of oneof params. */
  readonly nary_dis_embedding: NaryDisEmbedding | null;
  /** Member of oneof params. */
  readonly fm: FM | null;
  /** Member of oneof params. */
  readonly mask_block: MaskBlock | null;
  /** Member of oneof params. */
  readonly masknet: MaskNet | null;
  /** Member of oneof params. */
  readonly senet: SENet | null;
  /** Member of oneof params. */
  readonly bilinear: Bilinear | null;
  /** Member of oneof params. */
  readonly fibinet: FiBiNet | null;
  /** Member of oneof params. */
  readonly mlp: MLP | null;
  /** Member of oneof params. */
  readonly din: DINEncoder | null;
  /** Member of oneof params. */
  readonly bst: BSTEncoder | null;
  /** Member of oneof params. */
  readonly mmoe: MMoELayer | null;
  /** Member of oneof params. */
  readonly seq_aug: SequenceAugment | null;
  /** Member of oneof params. */
  readonly ppnet: PPNet | null;
  /** Member of oneof params. */
  readonly text_cnn: TextCNN | null;
  /** Member of oneof params. */
  readonly highway: HighWayTower | null;
  /** Member of oneof params. */
  readonly overlap: OverlapFeature | null;
  /** Member of oneof params. */
  readonly dot_product: MappedDotProduct | null;
  /** Member of oneof params. */
  readonly attention: Attention | null;
  /** Member of oneof params. */
  readonly multi_head_attention: MultiHeadAttention | null;
  /** Member of oneof params. */
  readonly transformer: Transformer | null;
  /** Member of oneof params. */
  readonly text_encoder: TextEncoder | null;
  /** Member of oneof params. */
  readonly gate: WeightedGate | null;
  /** Member of oneof params. */
  readonly aitm: AITMTower | null;
  /** Member of oneof params. */
  readonly cin: CIN | null;
  /** The member of oneof params that is set. */
  readonly which_params: 'st_params' | 'periodic_embedding' | 'auto_dis_embedding' | 'nary_dis_embedding' | 'fm' | 'mask_block' | 'masknet' | 'senet' | 'bilinear' | 'fibinet' | 'mlp' | 'din' | 'bst' | 'mmoe' | 'seq_aug' | 'ppnet' | 'text_cnn' | 'highway' | 'overlap' | 'dot_product' | 'attention' | 'multi_head_attention' | 'transformer' | 'text_encoder' | 'gate' | 'aitm' | 'cin' | null;
}

export interface L1L2Regularizer {
  /** Default 1. */
  readonly scale_l1: number;
  /** Default 1. */
  readonly scale_l2: number;
}

export interface L1Regularizer {
  /** Default 1. */
  readonly scale: number;
}

export interface L2Regularizer {
  /** Default 1. */
  readonly scale: number;
}

export interface Lambda {
  readonly expression: string;
}

export interface Layer {
  /** Member of oneof layer. */
  readonly lambda: Lambda | null;
  /** Member of oneof layer. */
  readonly keras_layer: KerasLayer | null;
  /** Member of oneof layer. */
  readonly recurrent: RecurrentLayer | null;
  /** Member of oneof layer. */
  readonly repeat: RepeatLayer | null;
  /** The member of oneof layer that is set. */
  readonly which_layer: 'lambda' | 'keras_layer' | 'recurrent' | 'repeat' | null;
}

export interface LazyAdamOptimizer {
  readonly learning_rate: LearningRate | null;
  /** Default 0.9. */
  readonly beta1: number;
  /** Default 0.999. */
  readonly beta2: number;
}

export interface LearningRate {
  /** Member of oneof learning_rate. */
  readonly constant_learning_rate: ConstantLearningRate | null;
  /** Member of oneof learning_rate. */
  readonly exponential_decay_learning_rate: ExponentialDecayLearningRate | null;
  /** Member of oneof learning_rate. */
  readonly manual_step_learning_rate: ManualStepLearningRate | null;
  /** Member of oneof learning_rate. */
  readonly cosine_decay_learning_rate: CosineDecayLearningRate | null;
  /** Member of oneof learning_rate. */
  readonly poly_decay_learning_rate: PolyDecayLearningRate | null;
  /** Member of oneof learning_rate. */
  readonly transformer_learning_rate: TransformerLearningRate | null;
  /** The member of oneof learning_rate that is set. */
  readonly which_learning_rate: 'constant_learning_rate' | 'exponential_decay_learning_rate' | 'manual_step_learning_rate' | 'cosine_decay_learning_rate' | 'poly_decay_learning_rate' | 'transformer_learning_rate' | null;
}

export interface ListValue {
  readonly values: readonly Value[];
}

export interface ListwiseDistillLoss {
  /** Default 1. */
  readonly temperature: number;
  readonly session_name: string;
  readonly transform_fn: string;
  /** Default 512. */
  readonly label_clip_max_value: number;
  /** Default false. */
  readonly scale_logits: boolean;
}

export interface ListwiseRankLoss {
  /** Default 1. */
  readonly temperature: number;
  readonly session_name: string;
  readonly transform_fn: string;
  /** Default false. */
  readonly label_is_logits: boolean;
  /** Default false. */
  readonly scale_logits: boolean;
}

export interface Loss {
  readonly loss_type: LossType;
  /** Default 1. */
  readonly weight: number;
  readonly loss_name: string;
  /** Default false. */
  readonly learn_loss_weight: boolean;
  /** Member of oneof loss_param. */
  readonly f1_reweighted_loss: F1ReweighedLoss | null;
  /** Member of oneof loss_param. */
  readonly softmax_loss: SoftmaxCrossEntropyWithNegativeMining | null;
  /** Member of oneof loss_param. */
  readonly circle_loss: CircleLoss | null;
  /** Member of oneof loss_param. */
  readonly multi_simi_loss: MultiSimilarityLoss | null;
  /** Member of oneof loss_param. */
  readonly binary_focal_loss: BinaryFocalLoss | null;
  /** Member of oneof loss_param. */
  readonly pairwise_loss: PairwiseLoss | null;
  /** Member of oneof loss_param. */
  readonly pairwise_focal_loss: PairwiseFocalLoss | null;
  /** Member of oneof loss_param. */
  readonly pairwise_logistic_loss: PairwiseLogisticLoss | null;
  /** Member of oneof loss_param. */
  readonly jrc_loss: JRCLoss | null;
  /** Member of oneof loss_param. */
  readonly pairwise_hinge_loss: PairwiseHingeLoss | null;
  /** Member of oneof loss_param. */
  readonly listwise_rank_loss: ListwiseRankLoss | null;
  /** Member of oneof loss_param. */
  readonly listwise_distill_loss: ListwiseDistillLoss | null;
  /** Member of oneof loss_param. */
  readonly ziln_loss: ZILNLoss | null;
  /** The member of oneof loss_param that is set. */
  readonly which_loss_param: 'f1_reweighted_loss' | 'softmax_loss' | 'circle_loss' | 'multi_simi_loss' | 'binary_focal_loss' | 'pairwise_loss' | 'pairwise_focal_loss' | 'pairwise_logistic_loss' | 'jrc_loss' | 'pairwise_hinge_loss' | 'listwise_rank_loss' | 'listwise_distill_loss' | 'ziln_loss' | null;
}

export interface MIND {
  readonly pre_capsule_dnn: DNN | null;
  readonly user_dnn: DNN | null;
  readonly concat_dnn: DNN | null;
  /** Default SUM. */
  readonly user_seq_combine: MIND_UserSeqCombineMethod;
  readonly item_dnn: DNN | null;
  readonly capsule_config: Capsule | null;
  /** Default 10. */
  readonly simi_pow: number;
  /** Default COSINE. */
  readonly simi_func: Similarity;
  /** Default true. */
  readonly scale_simi: boolean;
  /** Default 0.0001. */
  readonly l2_regularization: number;
  readonly time_id_fea: string;
  readonly item_id: string;
  /** Default false. */
  readonly ignore_in_batch_neg_sam: boolean;
  /** Default 1. */
  readonly max_interests_simi: number;
}

export interface MLP {
  readonly hidden_units: readonly number[];
  readonly dropout_ratio: readonly number[];
  /** Default "relu". */
  readonly activation: string;
  /** Default true. */
  readonly use_bn: boolean;
  /** Default true. */
  readonly use_final_bn: boolean;
  /** Default "relu". */
  readonly final_activation: string;
  /** Default false. */
  readonly use_bias: boolean;
  /** Default "he_uniform". */
  readonly initializer: string;
  readonly use_bn_after_activation: boolean;
  /** Default false. */
  readonly use_final_bias: boolean;
  /** Default false. */
  readonly add_to_outputs: boolean;
}

export interface MMoE {
  readonly experts: readonly ExpertTower[];
  readonly expert_dnn: DNN | null;
  /** Default 0. */
  readonly num_expert: number;
  readonly task_towers: readonly TaskTower[];
  /** Default 0.0001. */
  readonly l2_regularization: number;
}

export interface MMoELayer {
  readonly num_task: number;
  readonly expert_mlp: MLP | null;
  readonly num_expert: number;
}

export interface ManualStepLearningRate {
  /** Default 0.002. */
  readonly initial_learning_rate: number;
  readonly schedule: readonly ManualStepLearningRate_LearningRateSchedule[];
  /** Default false. */
  readonly warmup: boolean;
}

export interface ManualStepLearningRate_LearningRateSchedule {
  readonly step: number;
  /** Default 0.002. */
  readonly learning_rate: number;
}

export interface MappedDotProduct {
  readonly separator: string;
  readonly default_value: number;
  readonly normalize_fn: string;
  readonly boundaries: readonly number[];
  readonly embedding_dim: number;
  /** Default 0. */
  readonly print_first_n: number;
  readonly summarize: number;
}

export interface MaskBlock {
  readonly reduction_factor: number;
  readonly output_size: number;
  readonly aggregation_size: number;
  /** Default false. */
  readonly input_layer_norm: boolean;
  readonly projection_dim: number;
}

export interface MaskNet {
  readonly mask_blocks: readonly MaskBlock[];
  /** Default true. */
  readonly use_parallel: boolean;
  readonly mlp: MLP | null;
  /** Default true. */
  readonly input_layer_norm: boolean;
}

export type Max_F1 = Readonly<Record<never, never>>;

export type MeanAbsoluteError = Readonly<Record<never, never>>;

export type MeanSquaredError = Readonly<Record<never, never>>;

export interface ModelParams {
  readonly l2_regularization: number;
  readonly outputs: readonly string[];
  readonly task_towers: readonly BayesTaskTower[];
  /** Default 0. */
  readonly user_tower_idx_in_output: number;
  /** Default 1. */
  readonly item_tower_idx_in_output: number;
  /** Default COSINE. */
  readonly simi_func: Similarity;
  /** Default 1. */
  readonly temperature: number;
  /** Default false. */
  readonly scale_simi: boolean;
}

export interface MomentumOptimizer {
  readonly learning_rate: LearningRate | null;
  /** Default 0.9. */
  readonly momentum_optimizer_value: number;
}

export interface MomentumWOptimizer {
  readonly learning_rate: LearningRate | null;
  /** Default 0.000001. */
  readonly weight_decay: number;
  /** Default 0.9. */
  readonly momentum_optimizer_value: number;
}

export interface MultiHeadAttention {
  readonly num_heads: number;
  readonly key_dim: number;
  readonly value_dim: number;
  /** Default 0. */
  readonly dropout: number;
  /** Default true. */
  readonly use_bias: boolean;
  /** Default false. */
  readonly return_attention_scores: boolean;
  /** Default false. */
  readonly use_causal_mask: boolean;
  readonly output_shape: number;
  readonly attention_axes: readonly number[];
  /** Default "glorot_uniform". */
  readonly kernel_initializer: string;
  /** Default "zeros". */
  readonly bias_initializer: string;
}

export type MultiHeadAttentionCombiner = Readonly<Record<never, never>>;

export interface MultiSimilarityLoss {
  /** Default 2. */
  readonly alpha: number;
  /** Default 50. */
  readonly beta: number;
  /** Default 1. */
  readonly lamb: number;
  /** Default 0.1. */
  readonly eps: number;
}

export interface MultiTower {
  readonly towers: readonly Tower[];
  readonly final_dnn: DNN | null;
  /** Default 0.0001. */
  readonly l2_regularization: number;
  readonly din_towers: readonly DINTower[];
  readonly bst_towers: readonly BSTTower[];
}

export interface MultiTowerRecall {
  readonly user_tower: RecallTower | null;
  readonly item_tower: RecallTower | null;
  /** Default 0.0001. */
  readonly l2_regularization: number;
  readonly final_dnn: DNN | null;
  /** Default false. */
  readonly ignore_in_batch_neg_sam: boolean;
}

export interface MultiValueFields {
  readonly input_name: readonly string[];
}

export interface NaryDisEmbedding {
  readonly embedding_dim: number;
  readonly carries: readonly number[];
  /** Default 1. */
  readonly multiplier: number;
  /** Default "sum". */
  readonly intra_ary_pooling: string;
  /** Default "concat". */
  readonly inter_ary_pooling: string;
  /** Default false. */
  readonly output_3d_tensor: boolean;
  readonly output_tensor_list: boolean;
  /** Default 1. */
  readonly num_replicas: number;
}

export interface NegativeSampler {
  readonly input_path: string;
  readonly num_sample: number;
  readonly attr_fields: readonly string[];
  readonly item_id_field: string;
  /** Default ":". */
  readonly attr_delimiter: string;
  /** Default 0. */
  readonly num_eval_sample: number;
  /** Default "\u0001". */
  readonly field_delimiter: string;
}

export interface NegativeSamplerInMemory {
  readonly input_path: string;
  readonly num_sample: number;
  readonly attr_fields: readonly string[];
  readonly item_id_field: string;
  /** Default ":". */
  readonly attr_delimiter: string;
  /** Default 0. */
  readonly num_eval_sample: number;
  /** Default "\u0001". */
  readonly field_delimiter: string;
}

export interface NegativeSamplerV2 {
  readonly user_input_path: string;
  readonly item_input_path: string;
  readonly pos_edge_input_path: string;
  readonly num_sample: number;
  readonly attr_fields: readonly string[];
  readonly item_id_field: string;
  readonly user_id_field: string;
  /** Default ":". */
  readonly attr_delimiter: string;
  /** Default 0. */
  readonly num_eval_sample: number;
  /** Default "\u0001". */
  readonly field_delimiter: string;
}

export interface Optimizer {
  /** Member of oneof optimizer. */
  readonly rms_prop_optimizer: RMSPropOptimizer | null;
  /** Member of oneof optimizer. */
  readonly momentum_optimizer: MomentumOptimizer | null;
  /** Member of oneof optimizer. */
  readonly adam_optimizer: AdamOptimizer | null;
  /** Member of oneof optimizer. */
  readonly momentumw_optimizer: MomentumWOptimizer | null;
  /** Member of oneof optimizer. */
  readonly adamw_optimizer: AdamWOptimizer | null;
  /** Member of oneof optimizer. */
  readonly adam_async_optimizer: AdamAsyncOptimizer | null;
  /** Member of oneof optimizer. */
  readonly adagrad_optimizer: AdagradOptimizer | null;
  /** Member of oneof optimizer. */
  readonly ftrl_optimizer: FtrlOptimizer | null;
  /** Member of oneof optimizer. */
  readonly adam_asyncw_optimizer: AdamAsyncWOptimizer | null;
  /** Member of oneof optimizer. */
  readonly lazy_adam_optimizer: LazyAdamOptimizer | null;
  /** Default false. */
  readonly use_moving_average: boolean;
  /** Default 0.9999. */
  readonly moving_average_decay: number;
  readonly embedding_learning_rate_multiplier: number;
  /** The member of oneof optimizer that is set. */
  readonly which_optimizer: 'rms_prop_optimizer' | 'momentum_optimizer' | 'adam_optimizer' | 'momentumw_optimizer' | 'adamw_optimizer' | 'adam_async_optimizer' | 'adagrad_optimizer' | 'ftrl_optimizer' | 'adam_asyncw_optimizer' | 'lazy_adam_optimizer' | null;
}

export interface OverlapFeature {
  readonly separator: string;
  readonly default_value: string;
  readonly methods: readonly string[];
  readonly normalize_fn: string;
  readonly boundaries: readonly number[];
  readonly embedding_dim: number;
  /** Default 0. */
  readonly print_first_n: number;
  readonly summarize: number;
}

export interface PDN {
  readonly user_dnn: DNN | null;
  readonly item_dnn: DNN | null;
  readonly u2i_dnn: DNN | null;
  readonly trigger_dnn: DNN | null;
  readonly i2i_dnn: DNN | null;
  readonly sim_dnn: DNN | null;
  readonly direct_user_dnn: DNN | null;
  readonly direct_item_dnn: DNN | null;
  /** Default COSINE. */
  readonly simi_func: Similarity;
  /** Default true. */
  readonly scale_simi: boolean;
  readonly bias_dnn: DNN | null;
  readonly item_id: string;
  /** Default 0.000001. */
  readonly l2_regularization: number;
}

export interface PLE {
  readonly extraction_networks: readonly ExtractionNetwork[];
  readonly task_towers: readonly TaskTower[];
  /** Default 0.0001. */
  readonly l2_regularization: number;
}

export interface PPNet {
  readonly mlp: MLP | null;
  readonly gate_params: GateNN | null;
  /** Default "eager". */
  readonly mode: string;
  /** Default true. */
  readonly full_gate_input: boolean;
}

export interface PairwiseFocalLoss {
  /** Default 2. */
  readonly gamma: number;
  readonly alpha: number;
  /** Default 1. */
  readonly hinge_margin: number;
  readonly session_name: string;
  /** Default 1. */
  readonly ohem_ratio: number;
  /** Default 1. */
  readonly temperature: number;
}

export interface PairwiseHingeLoss {
  /** Default 1. */
  readonly temperature: number;
  readonly session_name: string;
  /** Default 1. */
  readonly margin: number;
  /** Default 1. */
  readonly ohem_ratio: number;
  /** Default true. */
  readonly label_is_logits: boolean;
  /** Default true. */
  readonly use_label_margin: boolean;
  /** Default false. */
  readonly use_exponent: boolean;
}

export interface PairwiseLogisticLoss {
  /** Default 1. */
  readonly temperature: number;
  readonly session_name: string;
  readonly hinge_margin: number;
  /** Default 1. */
  readonly ohem_ratio: number;
  /** Default false. */
  readonly use_label_margin: boolean;
}

export interface PairwiseLoss {
  /** Default 0. */
  readonly margin: number;
  readonly session_name: string;
  /** Default 1. */
  readonly temperature: number;
}

export interface PeriodicEmbedding {
  readonly embedding_dim: number;
  readonly sigma: number;
  /** Default true. */
  readonly add_linear_layer: boolean;
  /** Default "relu". */
  readonly linear_activation: string;
  readonly output_3d_tensor: boolean;
  readonly output_tensor_list: boolean;
}

export interface PolyDecayLearningRate {
  readonly learning_rate_base: number;
  readonly total_steps: number;
  readonly power: number;
  /** Default 0. */
  readonly end_learning_rate: number;
}

export type Precision = Readonly<Record<never, never>>;

export interface RMSPropOptimizer {
  readonly learning_rate: LearningRate | null;
  /** Default 0.9. */
  readonly momentum_optimizer_value: number;
  /** Default 0.9. */
  readonly decay: number;
  /** Default 1. */
  readonly epsilon: number;
}

export interface RandomNormalInitializer {
  /** Default 0. */
  readonly mean: number;
  /** Default 1. */
  readonly stddev: number;
}

export type RawInputLayer = Readonly<Record<never, never>>;

export type Recall = Readonly<Record<never, never>>;

export interface RecallAtTopK {
  /** Default 5. */
  readonly topk: number;
}

export interface RecallTower {
  readonly dnn: DNN | null;
}

export interface RecurrentLayer {
  /** Default 1. */
  readonly num_steps: number;
  readonly fixed_input_index: number;
  readonly keras_layer: KerasLayer | null;
}

export interface Regularizer {
  /** Member of oneof regularizer_oneof. */
  readonly l1_regularizer: L1Regularizer | null;
  /** Member of oneof regularizer_oneof. */
  readonly l2_regularizer: L2Regularizer | null;
  /** Member of oneof regularizer_oneof. */
  readonly l1_l2_regularizer: L1L2Regularizer | null;
  /** The member of oneof regularizer_oneof that is set. */
  readonly which_regularizer_oneof: 'l1_regularizer' | 'l2_regularizer' | 'l1_l2_regularizer' | null;
}

export interface RepeatLayer {
  /** Default 1. */
  readonly num_repeat: number;
  readonly output_concat_axis: number;
  readonly keras_layer: KerasLayer | null;
  readonly input_slice: string;
  readonly input_fn: string;
}

export interface RocketLaunching {
  readonly share_dnn: DNN | null;
  readonly booster_dnn: DNN | null;
  readonly light_dnn: DNN | null;
  /** Default 0.0001. */
  readonly l2_regularization: number;
  /** Default false. */
  readonly feature_based_distillation: boolean;
  /** Default COSINE. */
  readonly feature_distillation_function: Similarity;
}

export type RootMeanSquaredError = Readonly<Record<never, never>>;

export interface SENet {
  /** Default 4. */
  readonly reduction_ratio: number;
  /** Default 2. */
  readonly num_squeeze_group: number;
  /** Default true. */
  readonly use_skip_connection: boolean;
  /** Default true. */
  readonly use_output_layer_norm: boolean;
}

export interface SeqAttGroupConfig {
  readonly group_name: string;
  readonly seq_att_map: readonly SeqAttMap[];
  /** Default false. */
  readonly tf_summary: boolean;
  readonly seq_dnn: DNN | null;
  /** Default false. */
  readonly allow_key_search: boolean;
  /** Default true. */
  readonly need_key_feature: boolean;
  /** Default false. */
  readonly allow_key_transform: boolean;
  /** Default false. */
  readonly transform_dnn: boolean;
}

export interface SeqAttMap {
  readonly key: readonly string[];
  readonly hist_seq: readonly string[];
  readonly aux_hist_seq: readonly string[];
}

export interface SequenceAugment {
  /** Default 0.6. */
  readonly mask_rate: number;
  /** Default 0.2. */
  readonly crop_rate: number;
  /** Default 0.6. */
  readonly reorder_rate: number;
}

export interface SequenceCombiner {
  /** Member of oneof combiner. */
  readonly attention: AttentionCombiner | null;
  /** Member of oneof combiner. */
  readonly multi_head_attention: MultiHeadAttentionCombiner | null;
  /** Member of oneof combiner. */
  readonly text_cnn: TextCNN | null;
  /** The member of oneof combiner that is set. */
  readonly which_combiner: 'attention' | 'multi_head_attention' | 'text_cnn' | null;
}

export interface SessionAUC {
  readonly session_id_field: string;
  /** Default "mean". */
  readonly reduction: string;
}

export interface SimpleMultiTask {
  readonly task_towers: readonly TaskTower[];
  /** Default 0.0001. */
  readonly l2_regularization: number;
}

export interface SoftmaxCrossEntropyWithNegativeMining {
  readonly num_negative_samples: number;
  /** Default 0. */
  readonly margin: number;
  /** Default 1. */
  readonly gamma: number;
  /** Default 1. */
  readonly coefficient_of_support_vector: number;
}

export interface Struct {
  readonly fields: Readonly<Record<string, Value>>;
}

export interface TaskTower {
  readonly tower_name: string;
  readonly label_name: string;
  readonly metrics_set: readonly EvalMetrics[];
  /** Default CLASSIFICATION. */
  readonly loss_type: LossType;
  /** Default 1. */
  readonly num_class: number;
  readonly dnn: DNN | null;
  /** Default 1. */
  readonly weight: number;
  readonly task_space_indicator_label: string;
  /** Default 1. */
  readonly in_task_space_weight: number;
  /** Default 1. */
  readonly out_task_space_weight: number;
  readonly losses: readonly Loss[];
  /** Default true. */
  readonly use_sample_weight: boolean;
  readonly task_space_indicator_name: string;
  readonly task_space_indicator_value: string;
}

export interface TextCNN {
  readonly filter_sizes: readonly number[];
  readonly num_filters: readonly number[];
  readonly pad_sequence_length: number;
  /** Default "relu". */
  readonly activation: string;
  readonly mlp: MLP | null;
}

export interface TextEncoder {
  readonly transformer: Transformer | null;
  /** Default " ". */
  readonly separator: string;
  readonly vocab_file: string;
  /** Default 0. */
  readonly default_token_id: number;
}

export interface Tower {
  readonly input: string;
  readonly dnn: DNN | null;
}

export interface TrainConfig {
  readonly optimizer_config: readonly Optimizer[];
  /** Default 0. */
  readonly gradient_clipping_by_norm: number;
  /** Default 0. */
  readonly num_steps: number;
  /** Default "". */
  readonly fine_tune_checkpoint: string;
  /** Default "". */
  readonly fine_tune_ckpt_var_map: string;
  /** Default true. */
  readonly sync_replicas: boolean;
  /** Default "multi_map". */
  readonly sparse_accumulator_type: string;
  /** Default 15. */
  readonly startup_delay_steps: number;
  /** Default 1000. */
  readonly save_checkpoints_steps: number;
  readonly save_checkpoints_secs: number;
  /** Default 10. */
  readonly keep_checkpoint_max: number;
  /** Default 1000. */
  readonly save_summary_steps: number;
  /** Default 10. */
  readonly log_step_count_steps: number;
  /** Default false. */
  readonly is_profiling: boolean;
  /** Default false. */
  readonly force_restore_shape_compatible: boolean;
  /** Default NoStrategy. */
  readonly train_distribute: DistributionStrategy;
  /** Default 1. */
  readonly num_gpus_per_worker: number;
  /** Default false. */
  readonly summary_model_vars: boolean;
  readonly protocol: string;
  /** Default 0. */
  readonly inter_op_parallelism_threads: number;
  /** Default 0. */
  readonly intra_op_parallelism_threads: number;
  /** Default false. */
  readonly tensor_fuse: boolean;
  /** Default true. */
  readonly write_graph: boolean;
  readonly freeze_gradient: readonly string[];
  readonly incr_save_config: IncrementSaveConfig | null;
  /** Default false. */
  readonly enable_oss_stop_signal: boolean;
  readonly dead_line: string;
}

export interface Transformer {
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  /** Default "relu". */
  readonly hidden_act: string;
  /** Default 0.1. */
  readonly hidden_dropout_prob: number;
  readonly vocab_size: number;
  /** Default 512. */
  readonly max_position_embeddings: number;
  /** Default false. */
  readonly use_position_embeddings: boolean;
  /** Default true. */
  readonly output_all_token_embeddings: boolean;
  /** Default 0. */
  readonly attention_probs_dropout_prob: number;
}

export interface TransformerLearningRate {
  readonly learning_rate_base: number;
  readonly hidden_size: number;
  readonly warmup_steps: number;
  /** Default 1. */
  readonly step_scaling_rate: number;
}

export interface TruncatedNormalInitializer {
  /** Default 0. */
  readonly mean: number;
  /** Default 1. */
  readonly stddev: number;
}

export interface Uniter {
  readonly config: UniterTower | null;
  readonly final_dnn: DNN | null;
}

export interface UniterTower {
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  /** Default "gelu". */
  readonly hidden_act: string;
  /** Default 0.1. */
  readonly hidden_dropout_prob: number;
  /** Default 0.1. */
  readonly attention_probs_dropout_prob: number;
  /** Default 512. */
  readonly max_position_embeddings: number;
  /** Default true. */
  readonly use_position_embeddings: boolean;
  /** Default 0.02. */
  readonly initializer_range: number;
  readonly other_feature_dnn: DNN | null;
}

export interface Value {
  /** Member of oneof kind. */
  readonly null_value: NullValue;
  /** Member of oneof kind. */
  readonly number_value: number;
  /** Member of oneof kind. */
  readonly string_value: string;
  /** Member of oneof kind. */
  readonly bool_value: boolean;
  /** Member of oneof kind. */
  readonly struct_value: Struct | null;
  /** Member of oneof kind. */
  readonly list_value: ListValue | null;
  /** The member of oneof kind that is set. */
  readonly which_kind: 'null_value' | 'number_value' | 'string_value' | 'bool_value' | 'struct_value' | 'list_value' | null;
}

export interface VariationalDropoutLayer {
  /** Default 0.01. */
  readonly regularization_lambda: number;
  /** Default false. */
  readonly embedding_wise_variational_dropout: boolean;
}

export interface WeightedGate {
  /** Default 0. */
  readonly weight_index: number;
  readonly mlp: MLP | null;
}

export interface WideAndDeep {
  /** Default 1. */
  readonly wide_output_dim: number;
  readonly dnn: DNN | null;
  readonly final_dnn: DNN | null;
  /** Default 0.0001. */
  readonly l2_regularization: number;
}

export interface ZILNLoss {
  /** Default 0.01. */
  readonly mu_regularization: number;
  /** Default 0.01. */
  readonly sigma_regularization: number;
  /** Default 20. */
  readonly max_log_clip_value: number;
  /** Default 5. */
  readonly max_sigma: number;
  /** Default false. */
  readonly return_log_pred_value: boolean;
  /** Default 1. */
  readonly classification_weight: number;
  /** Default 1. */
  readonly regression_weight: number;
}

/** Interfaces by the name of the message. */
export interface MessageTypes {
  readonly 'AITMTower': AITMTower;
  readonly 'AUC': AUC;
  readonly 'Accuracy': Accuracy;
  readonly 'AdagradOptimizer': AdagradOptimizer;
  readonly 'AdamAsyncOptimizer': AdamAsyncOptimizer;
  readonly 'AdamAsyncWOptimizer': AdamAsyncWOptimizer;
  readonly 'AdamOptimizer': AdamOptimizer;
  readonly 'AdamWOptimizer': AdamWOptimizer;
  readonly 'Attention': Attention;
  readonly 'AttentionCombiner': AttentionCombiner;
  readonly 'AutoDisEmbedding': AutoDisEmbedding;
  readonly 'AutoInt': AutoInt;
  readonly 'AvgPrecisionAtTopK': AvgPrecisionAtTopK;
  readonly 'BSTEncoder': BSTEncoder;
  readonly 'BSTTower': BSTTower;
  readonly 'BackboneTower': BackboneTower;
  readonly 'BayesTaskTower': BayesTaskTower;
  readonly 'Bilinear': Bilinear;
  readonly 'BinaryDataInput': BinaryDataInput;
  readonly 'BinaryFocalLoss': BinaryFocalLoss;
  readonly 'Block': Block;
  readonly 'BlockPackage': BlockPackage;
  readonly 'CIN': CIN;
  readonly 'CMBF': CMBF;
  readonly 'CMBFTower': CMBFTower;
  readonly 'Capsule': Capsule;
  readonly 'CircleLoss': CircleLoss;
  readonly 'CoMetricLearningI2I': CoMetricLearningI2I;
  readonly 'ConstantInitializer': ConstantInitializer;
  readonly 'ConstantLearningRate': ConstantLearningRate;
  readonly 'CosineDecayLearningRate': CosineDecayLearningRate;
  readonly 'CrossTower': CrossTower;
  readonly 'DAT': DAT;
  readonly 'DATTower': DATTower;
  readonly 'DBMTL': DBMTL;
  readonly 'DCN': DCN;
  readonly 'DINEncoder': DINEncoder;
  readonly 'DINTower': DINTower;
  readonly 'DLRM': DLRM;
  readonly 'DNN': DNN;
  readonly 'DSSM': DSSM;
  readonly 'DSSMTower': DSSMTower;
  readonly 'DSSM_SENet': DSSM_SENet;
  readonly 'DSSM_SENet_Tower': DSSM_SENet_Tower;
  readonly 'DatahubServer': DatahubServer;
  readonly 'DatasetConfig': DatasetConfig;
  readonly 'DatasetConfig.Field': DatasetConfig_Field;
  readonly 'DatasetConfig.LabelFunction': DatasetConfig_LabelFunction;
  readonly 'DeepFM': DeepFM;
  readonly 'DropoutNet': DropoutNet;
  readonly 'DummyModel': DummyModel;
  readonly 'ESMM': ESMM;
  readonly 'EVParams': EVParams;
  readonly 'EasyRecConfig': EasyRecConfig;
  readonly 'EasyRecModel': EasyRecModel;
  readonly 'EmbeddingLayer': EmbeddingLayer;
  readonly 'EvalConfig': EvalConfig;
  readonly 'EvalMetrics': EvalMetrics;
  readonly 'ExpertTower': ExpertTower;
  readonly 'ExponentialDecayLearningRate': ExponentialDecayLearningRate;
  readonly 'ExportConfig': ExportConfig;
  readonly 'ExtractionNetwork': ExtractionNetwork;
  readonly 'F1ReweighedLoss': F1ReweighedLoss;
  readonly 'FM': FM;
  readonly 'FeatureConfig': FeatureConfig;
  readonly 'FeatureConfigV2': FeatureConfigV2;
  readonly 'FeatureGroupConfig': FeatureGroupConfig;
  readonly 'FiBiNet': FiBiNet;
  readonly 'FtrlOptimizer': FtrlOptimizer;
  readonly 'GAUC': GAUC;
  readonly 'GateNN': GateNN;
  readonly 'GlorotNormalInitializer': GlorotNormalInitializer;
  readonly 'HardNegativeSampler': HardNegativeSampler;
  readonly 'HardNegativeSamplerV2': HardNegativeSamplerV2;
  readonly 'HighWayTower': HighWayTower;
  readonly 'HiveConfig': HiveConfig;
  readonly 'IncrementSaveConfig': IncrementSaveConfig;
  readonly 'IncrementSaveConfig.Datahub': IncrementSaveConfig_Datahub;
  readonly 'IncrementSaveConfig.Datahub.Consumer': IncrementSaveConfig_Datahub_Consumer;
  readonly 'IncrementSaveConfig.File': IncrementSaveConfig_File;
  readonly 'IncrementSaveConfig.Kafka': IncrementSaveConfig_Kafka;
  readonly 'IncrementSaveConfig.Kafka.Consumer': IncrementSaveConfig_Kafka_Consumer;
  readonly 'Initializer': Initializer;
  readonly 'Input': Input;
  readonly 'InputLayer': InputLayer;
  readonly 'JRCLoss': JRCLoss;
  readonly 'KD': KD;
  readonly 'KafkaServer': KafkaServer;
  readonly 'KerasLayer': KerasLayer;
  readonly 'L1L2Regularizer': L1L2Regularizer;
  readonly 'L1Regularizer': L1Regularizer;
  readonly 'L2Regularizer': L2Regularizer;
  readonly 'Lambda': Lambda;
  readonly 'Layer': Layer;
  readonly 'LazyAdamOptimizer': LazyAdamOptimizer;
  readonly 'LearningRate': LearningRate;
  readonly 'ListValue': ListValue;
  readonly 'ListwiseDistillLoss': ListwiseDistillLoss;
  readonly 'ListwiseRankLoss': ListwiseRankLoss;
  readonly 'Loss': Loss;
  readonly 'MIND': MIND;
  readonly 'MLP': MLP;
  readonly 'MMoE': MMoE;
  readonly 'MMoELayer': MMoELayer;
  readonly 'ManualStepLearningRate': ManualStepLearningRate;
  readonly 'ManualStepLearningRate.LearningRateSchedule': ManualStepLearningRate_LearningRateSchedule;
  readonly 'MappedDotProduct': MappedDotProduct;
  readonly 'MaskBlock': MaskBlock;
  readonly 'MaskNet': MaskNet;
  readonly 'Max_F1': Max_F1;
  readonly 'MeanAbsoluteError': MeanAbsoluteError;
  readonly 'MeanSquaredError': MeanSquaredError;
  readonly 'ModelParams': ModelParams;
  readonly 'MomentumOptimizer': MomentumOptimizer;
  readonly 'MomentumWOptimizer': MomentumWOptimizer;
  readonly 'MultiHeadAttention': MultiHeadAttention;
  readonly 'MultiHeadAttentionCombiner': MultiHeadAttentionCombiner;
  readonly 'MultiSimilarityLoss': MultiSimilarityLoss;
  readonly 'MultiTower': MultiTower;
  readonly 'MultiTowerRecall': MultiTowerRecall;
  readonly 'MultiValueFields': MultiValueFields;
  readonly 'NaryDisEmbedding': NaryDisEmbedding;
  readonly 'NegativeSampler': NegativeSampler;
  readonly 'NegativeSamplerInMemory': NegativeSamplerInMemory;
  readonly 'NegativeSamplerV2': NegativeSamplerV2;
  readonly 'Optimizer': Optimizer;
  readonly 'OverlapFeature': OverlapFeature;
  readonly 'PDN': PDN;
  readonly 'PLE': PLE;
  readonly 'PPNet': PPNet;
  readonly 'PairwiseFocalLoss': PairwiseFocalLoss;
  readonly 'PairwiseHingeLoss': PairwiseHingeLoss;
  readonly 'PairwiseLogisticLoss': PairwiseLogisticLoss;
  readonly 'PairwiseLoss': PairwiseLoss;
  readonly 'PeriodicEmbedding': PeriodicEmbedding;
  readonly 'PolyDecayLearningRate': PolyDecayLearningRate;
  readonly 'Precision': Precision;
  readonly 'RMSPropOptimizer': RMSPropOptimizer;
  readonly 'RandomNormalInitializer': RandomNormalInitializer;
  readonly 'RawInputLayer': RawInputLayer;
  readonly 'Recall': Recall;
  readonly 'RecallAtTopK': RecallAtTopK;
  readonly 'RecallTower': RecallTower;
  readonly 'RecurrentLayer': RecurrentLayer;
  readonly 'Regularizer': Regularizer;
  readonly 'RepeatLayer': RepeatLayer;
  readonly 'RocketLaunching': RocketLaunching;
  readonly 'RootMeanSquaredError': RootMeanSquaredError;
  readonly 'SENet': SENet;
  readonly 'SeqAttGroupConfig': SeqAttGroupConfig;
  readonly 'SeqAttMap': SeqAttMap;
  readonly 'SequenceAugment': SequenceAugment;
  readonly 'SequenceCombiner': SequenceCombiner;
  readonly 'SessionAUC': SessionAUC;
  readonly 'SimpleMultiTask': SimpleMultiTask;
  readonly 'SoftmaxCrossEntropyWithNegativeMining': SoftmaxCrossEntropyWithNegativeMining;
  readonly 'Struct': Struct;
  readonly 'TaskTower': TaskTower;
  readonly 'TextCNN': TextCNN;
  readonly 'TextEncoder': TextEncoder;
  readonly 'Tower': Tower;
  readonly 'TrainConfig': TrainConfig;
  readonly 'Transformer': Transformer;
  readonly 'TransformerLearningRate': TransformerLearningRate;
  readonly 'TruncatedNormalInitializer': TruncatedNormalInitializer;
  readonly 'Uniter': Uniter;
  readonly 'UniterTower': UniterTower;
  readonly 'Value': Value;
  readonly 'VariationalDropoutLayer': VariationalDropoutLayer;
  readonly 'WeightedGate': WeightedGate;
  readonly 'WideAndDeep': WideAndDeep;
  readonly 'ZILNLoss': ZILNLoss;
}
