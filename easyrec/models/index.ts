import { rankModel } from './rank_model.js';
import type { ModelClass } from './types.js';

export type { BuiltModel, LabelSource, MetricSource, ModelClass } from './types.js';

/** Models by `model_class`. */
export const MODELS = {
  RankModel: rankModel,
} as const satisfies Readonly<Record<string, ModelClass>>;
