import type { SourceLocation } from '../errors.js';
import type { FeatureSpec } from './spec.js';

/** One `feature_groups` entry. */
export interface FeatureGroup {
  readonly name: string;
  readonly isWide: boolean;
  /** In the order in which they are joined. */
  readonly featureNames: readonly string[];
  /** Where the config has it, for messages. */
  readonly at?: SourceLocation | undefined;
}

/** All that a config says about features, every default resolved. */
export interface FeaturePlan {
  readonly features: readonly FeatureSpec[];
  readonly groups: readonly FeatureGroup[];
  /** Width of each feature in wide groups; null where the config sets none. */
  readonly wideOutputDim: number | null;
  /** Weight of `sum(x^2) / 2` of the looked-up vectors of the batch in the loss; 0 for none. */
  readonly embeddingRegularization: number;
}
