import type { GradientRules } from './rule.js';

function none(types: string): GradientRules {
  return Object.fromEntries(types.split(' ').map((type) => [type, null]));
}

/**
 * Ops that are not differentiable, as opposed to ops whose rule is missing: steps, whose slope is 0 wherever it is
 * defined; questions about a tensor's shape; and everything about integers, truth values and strings.
 */
export const NOT_DIFFERENTIABLE: GradientRules = {
  // steps
  ...none('Floor Ceil Round Rint FloorDiv Bucketize'),
  // comparisons and logic
  ...none('Equal NotEqual Less LessEqual Greater GreaterEqual LogicalAnd LogicalOr LogicalNot All Any'),
  ...none('IsFinite IsInf IsNan'),
  // positions
  ...none('ArgMax ArgMin Where Unique UniqueWithCounts OneHot InvertPermutation'),
  // shapes, and tensors that follow from a shape
  ...none('Shape ShapeN Rank Size VariableShape ZerosLike OnesLike Range BroadcastGradientArgs ConcatOffset'),
  // random numbers do not depend on their shape and seed
  ...none('StatelessRandomUniform StatelessRandomNormal StatelessTruncatedNormal'),
  // text
  ...none('StringToNumber AsString StringToHashBucketFast StringSplit StringJoin StringLength'),
  // state
  ...none('VarIsInitializedOp'),
};
