import type { Operation, Output } from '../tf/index.js';
import { constantInt, constantInts, intAttr, isStatic, positiveAxis } from '../tf/grad/constant_value.js';
import type { RowFact, RowRule } from './row_facts.js';

type Facts = readonly (RowFact | undefined)[];

const CONSTANT: RowFact = { kind: 'constant' };

/** The fact that all inputs but constants share, which must run along one axis and have one rank. */
function alike(op: Operation, inputs: Facts): RowFact | undefined {
  let shared: Extract<RowFact, { kind: 'values' }> | undefined;
  let rank: number | undefined;
  for (const [i, fact] of inputs.entries()) {
    if (fact?.kind === 'constant') continue;
    if (fact?.kind !== 'values') return undefined;
    const { shape } = op.input(i);
    if (shape === null || (shared !== undefined && (shared.axis !== fact.axis || rank !== shape.length))) {
      return undefined;
    }
    shared = fact;
    rank = shape.length;
  }
  if (shared === undefined || rank === undefined) return shared;
  const own = rank;
  const fits = inputs.every((fact, i) => fact?.kind !== 'constant' || broadcastsTo(own, op.input(i)));
  return fits ? shared : undefined;
}

/** Whether a constant is the same for all rows of a tensor of that rank. */
function broadcastsTo(rank: number, { shape }: Output): boolean {
  if (shape === null) return false;
  return shape.length < rank || (shape.length === rank && shape[0] === 1);
}

const isConstant = (fact: RowFact | undefined): boolean => fact?.kind === 'constant';
const allConstant = (inputs: Facts): boolean => inputs.every(isConstant);

/** Element by element, with broadcasting. */
export const elementwise: RowRule = (op, inputs) => (allConstant(inputs) ? CONSTANT : alike(op, inputs));

/** The first input as it is; the others are for side effects. */
const passed: RowRule = (_op, [first]) => first;

const constant: RowRule = (_op, inputs) => (allConstant(inputs) ? CONSTANT : undefined);

/** Works along other dimensions of its one input that is no constant than the first. */
function along(axesOf: (op: Operation) => readonly number[] | null, extraRank = 0): RowRule {
  return (op, inputs) => {
    if (allConstant(inputs)) return CONSTANT;
    const index = inputs.findIndex((fact) => fact?.kind === 'values');
    const axes = axesOf(op);
    const isOnly = inputs.every((fact, i) => i === index || isConstant(fact));
    if (index < 0 || axes === null || !isOnly) return undefined;
    const { shape } = op.input(index);
    if (shape === null) return undefined;
    const isFirst = axes.some((axis) => positiveAxis(axis, shape.length + extraRank) <= 0);
    return isFirst ? undefined : inputs[index];
  };
}

const axesOfInput = (index: number) => (op: Operation) => constantInts(op.input(index));
const axisOfAttr = (name: string) => (op: Operation) => [intAttr(op, name)];

const reduction = along(axesOfInput(1));
const lastAxis = along(() => [-1]);

const concat: RowRule = (op, inputs) => {
  if (allConstant(inputs)) return CONSTANT;
  const [first] = inputs;
  const { shape } = op.input(0);
  const axis = constantInt(op.input(inputs.length - 1));
  if (first?.kind !== 'values' || shape === null || axis === null || positiveAxis(axis, shape.length) <= 0) {
    return undefined;
  }
  const isSame = inputs.slice(0, -1).every((fact) => fact?.kind === 'values' && fact.axis === first.axis);
  return isSame ? first : undefined;
};

const pack: RowRule = (op, inputs) => {
  if (allConstant(inputs)) return CONSTANT;
  const [first] = inputs;
  const { shape } = op.input(0);
  if (
    first?.kind !== 'values' ||
    shape === null ||
    positiveAxis(intAttr(op, 'axis'), shape.length + 1) <= 0
  ) {
    return undefined;
  }
  return inputs.every((fact) => fact?.kind === 'values' && fact.axis === first.axis) ? first : undefined;
};

/** All outputs are parts of the one input, apart along another dimension than the first. */
function parts(input: number, axisOf: (op: Operation) => number | null): RowRule {
  return (op, inputs) => {
    const fact = inputs[input];
    const { shape } = op.input(input);
    const axis = axisOf(op);
    if (fact?.kind === 'constant') return CONSTANT;
    if (fact?.kind !== 'values' || shape === null || axis === null) return undefined;
    return positiveAxis(axis, shape.length) > 0 ? fact : undefined;
  };
}

/** The first dimension stays when the sizes of the others multiply to the same. */
const reshape: RowRule = (op, inputs) => {
  const [fact, shape] = inputs;
  if (fact === undefined || !isConstant(shape)) return undefined;
  if (fact.kind === 'constant') return CONSTANT;
  if (fact.kind === 'length' || fact.kind === 'origin') return undefined;
  const from = op.input(0).shape?.slice(1) ?? null;
  const to = op.output().shape;
  if (from === null || to === null || to[0] !== -1 || !isStatic(from) || !isStatic(to.slice(1)))
    return undefined;
  const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1);
  if (product(from) !== product(to.slice(1)) || product(from) === 0) return undefined;
  if (fact.kind === 'values') return fact;
  return product(from) === 1 && to.length === 1 ? { ...fact, kind: 'origin' } : undefined;
};

const squeeze: RowRule = (op, [fact]) => {
  const { shape } = op.input(0);
  const dims = op.attr('squeeze_dims').list?.i ?? [];
  if (fact?.kind === 'constant') return CONSTANT;
  if (fact === undefined || shape === null || dims.length === 0) return undefined;
  if (dims.some((dim) => positiveAxis(dim, shape.length) <= 0)) return undefined;
  if (fact.kind === 'values') return fact;
  return fact.kind === 'origins' && shape.length === 2 ? { ...fact, kind: 'origin' } : undefined;
};

const transpose: RowRule = (op, [fact]) => {
  if (fact?.kind === 'constant') return CONSTANT;
  return fact?.kind === 'values' && constantInts(op.input(1))?.[0] === 0 ? fact : undefined;
};

const tile: RowRule = (op, [fact]) => {
  if (fact?.kind === 'constant') return constantInts(op.input(1)) === null ? undefined : CONSTANT;
  return fact?.kind === 'values' && constantInts(op.input(1))?.[0] === 1 ? fact : undefined;
};

/** Slices that take all of the first dimension. */
const stridedSlice: RowRule = (op, inputs) => {
  if (allConstant(inputs)) return CONSTANT;
  const [fact] = inputs;
  const bit = (name: string): number => intAttr(op, name);
  const takesAll = (bit('begin_mask') & bit('end_mask') & 1) === 1 && constantInts(op.input(3))?.[0] === 1;
  const shifts = bit('ellipsis_mask') | bit('new_axis_mask') | (bit('shrink_axis_mask') & 1);
  if (fact === undefined || !takesAll || shifts !== 0) return undefined;
  if (fact.kind === 'values') return fact;
  const isFirstColumn = bit('shrink_axis_mask') === 2 && constantInts(op.input(1))?.[1] === 0;
  return fact.kind === 'origins' && isFirstColumn ? { ...fact, kind: 'origin' } : undefined;
};

/** Rows of a table, or entries of an axis, by number. */
const gather: RowRule = (op, inputs) => {
  if (allConstant(inputs)) return CONSTANT;
  const [from, at] = inputs;
  if (intAttr(op, 'batch_dims') !== 0) return undefined;
  if (op.type === 'GatherV2' && constantInt(op.input(2)) !== 0) return undefined;
  if (from?.kind === 'constant' && at?.kind === 'values') return at;
  if (at?.kind !== 'origin') return undefined;
  if (from?.kind === 'values' && from.axis === at.of) return { kind: 'values', axis: at.axis };
  if (from?.kind === 'origin' && from.axis === at.of) return { ...from, axis: at.axis };
  return undefined;
};

/** Brings entries back to where they come from. */
const segments: RowRule = (_op, [data, ids, count]) => {
  const isWhole =
    data?.kind === 'values' &&
    ids?.kind === 'origin' &&
    count?.kind === 'length' &&
    data.axis === ids.axis &&
    ids.of === count.axis;
  return isWhole ? { kind: 'values', axis: ids.of } : undefined;
};

/** Where a condition holds: a new axis. */
const where: RowRule = (op, [fact]) => {
  if (fact?.kind === 'constant') return CONSTANT;
  if (fact?.kind !== 'values' || op.input(0).shape?.length !== 1) return undefined;
  return { kind: 'origins', axis: op.name, of: fact.axis };
};

/** Outputs indices, values and the dense shape: the words of all entries are a new axis. */
const splitStrings: RowRule = (op, [fact, separator]) => {
  if (fact?.kind !== 'values' || !isConstant(separator)) return undefined;
  const axis = op.name;
  return { outputs: [{ kind: 'origins', axis, of: fact.axis }, { kind: 'values', axis }, undefined] };
};

const size: RowRule = (op, [fact]) => {
  if (fact?.kind === 'constant') return CONSTANT;
  return fact?.kind === 'values' && op.input(0).shape?.length === 1
    ? { kind: 'length', axis: fact.axis }
    : undefined;
};

const matMul: RowRule = (op, inputs) => {
  if (allConstant(inputs)) return CONSTANT;
  const [a, b] = inputs;
  const isByRow = a?.kind === 'values' && isConstant(b) && op.attr('transpose_a').b !== true;
  return isByRow ? a : undefined;
};

/** Products of matrices, one for each row: the first dimension is none of the matrix's. */
const batchMatMul: RowRule = (op, inputs) => {
  const [a, b] = [op.input(0).shape, op.input(1).shape];
  return a !== null && b !== null && Math.max(a.length, b.length) > 2
    ? elementwise(op, inputs)
    : constant(op, inputs);
};

const biasAdd: RowRule = (op, inputs) => {
  const [fact, bias] = inputs;
  if (allConstant(inputs)) return CONSTANT;
  return (op.input(0).shape?.length ?? 0) > 1 && isConstant(bias) && fact?.kind === 'values'
    ? fact
    : undefined;
};

/** Each entry for itself, of whatever shape: the other inputs are constants. */
const ELEMENTWISE =
  'Abs Add AddN AddV2 AsString Atan Bucketize Cast Ceil ClipByValue Cos DivNoNan Elu Equal Erf Exp Expm1 Floor FloorDiv ' +
  'FloorMod Greater GreaterEqual Inv IsFinite IsInf IsNan LeakyRelu Less LessEqual Log Log1p LogicalAnd LogicalNot ' +
  'LogicalOr Maximum Minimum Mod Mul MulNoNan Neg NotEqual OnesLike Pow RealDiv Reciprocal Relu Relu6 Round Rsqrt ' +
  'Select SelectV2 Selu Sigmoid Sign Sin Softplus Softsign Sqrt Square SquaredDifference StaticRegexReplace ' +
  'StringLength StringLower StringStrip StringToHashBucket StringToHashBucketFast StringToNumber StringUpper Sub Tanh ' +
  'TruncateDiv Xdivy Xlogy ZerosLike';

const table = (types: string, rule: RowRule): Record<string, RowRule> =>
  Object.fromEntries(types.split(' ').map((type) => [type, rule]));

/** How TensorFlow's ops treat rows, by op type; what is not here may mix them. */
export const ROW_RULES: Readonly<Record<string, RowRule>> = {
  ...table(ELEMENTWISE, elementwise),
  ...table('Identity StopGradient Print CheckNumerics', passed),
  ...table('Const VarHandleOp ReadVariableOp Fill Range Shape Rank', constant),
  ...table('Sum Mean Max Min Prod Any All', reduction),
  ...table('Softmax LogSoftmax', lastAxis),
  ...table('GatherV2 ResourceGather', gather),
  ...table('UnsortedSegmentSum UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd', segments),
  ...table('StringSplit StringSplitV2', splitStrings),
  ...table('BatchMatMul BatchMatMulV2', batchMatMul),
  ConcatV2: concat,
  Pack: pack,
  Unpack: parts(0, (op) => intAttr(op, 'axis')),
  Split: parts(1, (op) => constantInt(op.input(0))),
  SplitV: parts(0, (op) => constantInt(op.input(2))),
  Reshape: reshape,
  Squeeze: squeeze,
  ExpandDims: along(axesOfInput(1), 1),
  OneHot: along(axisOfAttr('axis'), 1),
  Transpose: transpose,
  Tile: tile,
  StridedSlice: stridedSlice,
  Where: where,
  Size: size,
  MatMul: matMul,
  BiasAdd: biasAdd,
};
