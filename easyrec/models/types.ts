import type { EasyRecModel } from '../config/generated/types.js';
import type { GroupSource } from '../components/group_source.js';
import type { ComponentContext } from '../components/context.js';
import type { Output } from '../tf/index.js';

/** The labels of a batch. */
export interface LabelSource {
  /** `[B]` float32 by label field. */
  readonly labels: ReadonlyMap<string, Output>;
  /** The label that a model takes when the config names none. */
  readonly first: string;
  /** `[B]` float32, or null where each row counts 1. */
  readonly weights: Output | null;
}

/** What a metric compares: names of a label and of predictions. */
export interface MetricSource {
  readonly label: string;
  /** Keys of `predictions`. */
  readonly probs: string;
  readonly logits: string;
}

/** A model added to a graph. */
export interface BuiltModel {
  /** What is exported and predicted, by the names EasyRec gives: `logits`, `probs`, … each `[B]` or `[B, C]`. */
  readonly predictions: ReadonlyMap<string, Output>;
  /** Scalar losses by key, as in `loss/loss/<key>`; regularization is not among them. */
  losses(source: LabelSource): ReadonlyMap<string, Output>;
  /** What the metrics of `eval_config` are computed from. */
  readonly metricSource: (source: { readonly first: string }) => MetricSource;
}

/** A `model_class`: adds one tower of the model to a graph. */
export type ModelClass = (ctx: ComponentContext, config: EasyRecModel, groups: GroupSource) => BuiltModel;
