import { DATA_SUPPORT, FEATURE_SUPPORT } from './data.js';
import { BACKBONE_SUPPORT, COMPONENT_SUPPORT, MODEL_SUPPORT } from './model.js';
import { OPTIMIZER_SUPPORT, PIPELINE_SUPPORT } from './pipeline.js';
import type { SupportTable } from './rule.js';

export { checkSupported } from './check.js';
export type { FieldRule, SupportTable } from './rule.js';
export { all, HONOURED, ignored, values, when } from './rule.js';

/** Every field that the toolkit honours or knows to be without effect. */
export const SUPPORT: SupportTable = {
  ...PIPELINE_SUPPORT,
  ...OPTIMIZER_SUPPORT,
  ...DATA_SUPPORT,
  ...FEATURE_SUPPORT,
  ...MODEL_SUPPORT,
  ...BACKBONE_SUPPORT,
  ...COMPONENT_SUPPORT,
};
