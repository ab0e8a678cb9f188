import { comboFeature } from './combo_feature.js';
import type { FeatureType } from './feature_type.js';
import { idFeature } from './id_feature.js';
import { passThroughFeature } from './pass_through_feature.js';
import { rawFeature } from './raw_feature.js';
import type { FeatureSpec } from './spec.js';
import { tagFeature } from './tag_feature.js';

/** Feature types by the name that `feature_type` uses. */
export const FEATURES = {
  IdFeature: idFeature,
  RawFeature: rawFeature,
  TagFeature: tagFeature,
  ComboFeature: comboFeature,
  PassThroughFeature: passThroughFeature,
} as const satisfies { [K in FeatureSpec['type']]: FeatureType<Extract<FeatureSpec, { type: K }>> };

/** What parses a feature: the table's entry, for specs whose type is known only at run time. */
export function featureType(spec: FeatureSpec): FeatureType {
  return FEATURES[spec.type];
}
