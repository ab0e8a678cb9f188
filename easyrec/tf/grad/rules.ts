import { ARRAY_RULES } from './array.js';
import { INDEXING_RULES } from './indexing.js';
import { BINARY_RULES, PRODUCT_RULES, SECOND_ORDER_RULES, UNARY_RULES } from './math.js';
import { NN_RULES } from './nn.js';
import { NOT_DIFFERENTIABLE } from './not_differentiable.js';
import { REDUCTION_RULES } from './reduction.js';
import type { GradientRules } from './rule.js';
import { SPARSE_RULES } from './sparse.js';
import { STATE_RULES } from './state.js';

/** Every built-in gradient rule by op type; null for an op that is not differentiable. */
export const RULES: GradientRules = {
  ...UNARY_RULES,
  ...BINARY_RULES,
  ...PRODUCT_RULES,
  ...SECOND_ORDER_RULES,
  ...REDUCTION_RULES,
  ...ARRAY_RULES,
  ...INDEXING_RULES,
  ...SPARSE_RULES,
  ...NN_RULES,
  ...STATE_RULES,
  ...NOT_DIFFERENTIABLE,
};
