import type { Operation, Output } from '../graph.js';
import { boolAttr, constantInt, constantInts, intAttr, positiveAxis } from './constant_value.js';
import type { DimensionFacts } from './dimension_facts.js';

/** Records which dimensions of an op's inputs and outputs are equal. */
type DimensionRule = (facts: DimensionFacts, op: Operation) => void;

/** Every output has the shape of the first input. */
const likeInput: DimensionRule = (facts, op) => {
  for (const output of op.outputs) facts.equateAll(op.input(0), output);
};

/** All inputs and the output have one shape. */
const allAlike: DimensionRule = (facts, op) => {
  for (const input of op.inputs) facts.equateAll(input, op.output());
};

/** The inputs broadcast, but for `trailing` dimensions at their end, to the shape of an output. */
function broadcasts({ trailing = 0, at = 0 } = {}): DimensionRule {
  return (facts, op) => {
    const output = op.output(at);
    const rank = facts.shape(output)?.length;
    if (rank === undefined || op.inputs.some((input) => facts.shape(input) === null)) return;
    for (let axis = 0; axis < rank - trailing; axis++) {
      const [first, ...others] = broadcastSources(facts, op, axis - rank);
      const equal = (other: Dimension): boolean =>
        first !== undefined && facts.same(first.of, first.axis, other.of, other.axis);
      if (first !== undefined && others.every(equal)) facts.equate(first.of, first.axis, output, axis);
    }
  };
}

interface Dimension {
  readonly of: Output;
  readonly axis: number;
}

/** The inputs' dimensions at an axis counted from the end, without those of size 1. */
function broadcastSources(facts: DimensionFacts, op: Operation, fromEnd: number): Dimension[] {
  return op.inputs.flatMap((of) => {
    const shape = facts.shape(of) ?? [];
    const axis = shape.length + fromEnd;
    return axis < 0 || shape[axis] === 1 ? [] : [{ of, axis }];
  });
}

/** Dimensions of `from` appear in `to` in the same order, those at `dropped` left out. */
function equateWithout(facts: DimensionFacts, from: Output, to: Output, dropped: readonly number[]): void {
  const rank = facts.shape(from)?.length ?? 0;
  let target = 0;
  for (let axis = 0; axis < rank; axis++) {
    if (!dropped.includes(axis)) facts.equate(from, axis, to, target++);
  }
}

/** Dimensions of `from` and `to` agree one by one, but for those at `except`. */
function equateExcept(facts: DimensionFacts, from: Output, to: Output, except: readonly number[]): void {
  const rank = facts.shape(from)?.length ?? 0;
  for (let axis = 0; axis < rank; axis++) {
    if (!except.includes(axis)) facts.equate(from, axis, to, axis);
  }
}

const reduces: DimensionRule = (facts, op) => {
  const x = op.input(0);
  const rank = facts.shape(x)?.length;
  const axes = constantInts(op.input(1));
  if (rank === undefined || axes === null) return;
  const reduced = axes.map((axis) => positiveAxis(axis, rank));
  if (boolAttr(op, 'keep_dims')) equateExcept(facts, x, op.output(), reduced);
  else equateWithout(facts, x, op.output(), reduced);
};

/** [M, K] x [K, N] -> [M, N], the last two dimensions of each. */
function multiplies(transposeA: string, transposeB: string): DimensionRule {
  return (facts, op) => {
    const [a, b, product] = [op.input(0), op.input(1), op.output()];
    const ranks = [a, b, product].map((output) => facts.shape(output)?.length);
    const [rankA = 0, rankB = 0, rank = 0] = ranks;
    if (ranks.includes(undefined)) return;
    const [flipA, flipB] = [boolAttr(op, transposeA), boolAttr(op, transposeB)];
    facts.equate(a, rankA - (flipA ? 1 : 2), product, rank - 2);
    facts.equate(b, rankB - (flipB ? 2 : 1), product, rank - 1);
    facts.equate(a, rankA - (flipA ? 2 : 1), b, rankB - (flipB ? 1 : 2));
  };
}

const batchMultiplies: DimensionRule = (facts, op) => {
  multiplies('adj_x', 'adj_y')(facts, op);
  broadcasts({ trailing: 2 })(facts, op);
};

/** Logits and labels broadcast to the second output; the first, the loss, has a row each. */
const softmaxLosses: DimensionRule = (facts, op) => {
  broadcasts({ at: 1 })(facts, op);
  facts.equate(op.output(0), 0, op.output(1), 0);
};

const concatenates: DimensionRule = (facts, op) => {
  const axis = constantInt(op.input(op.inputs.length - 1));
  const rank = facts.shape(op.output())?.length;
  if (axis === null || rank === undefined) return;
  for (const part of op.inputs.slice(0, -1)) {
    equateExcept(facts, part, op.output(), [positiveAxis(axis, rank)]);
  }
};

const packs: DimensionRule = (facts, op) => {
  const rank = facts.shape(op.output())?.length;
  if (rank === undefined) return;
  const axis = positiveAxis(intAttr(op, 'axis'), rank);
  for (const part of op.inputs) equateWithout(facts, op.output(), part, [axis]);
};

const unpacks: DimensionRule = (facts, op) => {
  const rank = facts.shape(op.input(0))?.length;
  if (rank === undefined) return;
  const axis = positiveAxis(intAttr(op, 'axis'), rank);
  for (const part of op.outputs) equateWithout(facts, op.input(0), part, [axis]);
};

function splits(valueAt: number, axisAt: number): DimensionRule {
  return (facts, op) => {
    const axis = constantInt(op.input(axisAt));
    const value = op.input(valueAt);
    const rank = facts.shape(value)?.length;
    if (axis === null || rank === undefined) return;
    for (const part of op.outputs) equateExcept(facts, value, part, [positiveAxis(axis, rank)]);
  };
}

const expands: DimensionRule = (facts, op) => {
  const axis = constantInt(op.input(1));
  const rank = facts.shape(op.output())?.length;
  if (axis !== null && rank !== undefined) {
    equateWithout(facts, op.output(), op.input(0), [positiveAxis(axis, rank)]);
  }
};

const squeezes: DimensionRule = (facts, op) => {
  const axes = op.attr('squeeze_dims').list?.i ?? [];
  const rank = facts.shape(op.input(0))?.length;
  // Without axes TensorFlow drops whatever has size 1 at run time: then nothing is known.
  if (axes.length === 0 || rank === undefined) return;
  equateWithout(
    facts,
    op.input(0),
    op.output(),
    axes.map((axis) => positiveAxis(axis, rank)),
  );
};

const transposes: DimensionRule = (facts, op) => {
  constantInts(op.input(1))?.forEach((from, to) => {
    const rank = facts.shape(op.input(0))?.length ?? 0;
    facts.equate(op.input(0), positiveAxis(from, rank), op.output(), to);
  });
};

/** One unknown dimension on either side, and the known ones have the same product: then the unknown are equal. */
const reshapes: DimensionRule = (facts, op) => {
  const target = op.input(1).op;
  if (target.type === 'Shape') facts.equateAll(target.input(0), op.output());
  const from = facts.shape(op.input(0)) ?? [];
  const to = facts.shape(op.output()) ?? [];
  const known = (shape: readonly number[]): number => shape.reduce((a, b) => (b < 0 ? a : a * b), 1);
  const unknown = (shape: readonly number[]): number => shape.filter((size) => size < 0).length;
  if (unknown(from) === 1 && unknown(to) === 1 && known(from) === known(to) && known(from) > 0) {
    facts.equate(op.input(0), from.indexOf(-1), op.output(), to.indexOf(-1));
  }
};

/** The output has the shape that a `Shape` op gives. */
function shapedBy(shapeAt: number): DimensionRule {
  return (facts, op) => {
    const shape = op.input(shapeAt).op;
    if (shape.type === 'Shape') facts.equateAll(shape.input(0), op.output());
  };
}

const slices: DimensionRule = (facts, op) => {
  const begin = constantInts(op.input(1));
  const size = constantInts(op.input(2));
  begin?.forEach((start, axis) => {
    if (start === 0 && size?.[axis] === -1) facts.equate(op.input(0), axis, op.output(), axis);
  });
};

const stridedSlices: DimensionRule = (facts, op) => {
  const strides = constantInts(op.input(3));
  const rank = facts.shape(op.input(0))?.length;
  if (strides === null || rank === undefined || intAttr(op, 'ellipsis_mask') !== 0) return;
  const bit = (mask: string, i: number): boolean => (intAttr(op, mask) & (1 << i)) !== 0;
  let [from, to] = [0, 0];
  for (let i = 0; i < strides.length || from < rank; i++) {
    if (bit('new_axis_mask', i)) {
      to++;
    } else if (bit('shrink_axis_mask', i)) {
      from++;
    } else {
      const whole = i >= strides.length || (bit('begin_mask', i) && bit('end_mask', i) && strides[i] === 1);
      if (whole) facts.equate(op.input(0), from, op.output(), to);
      from++;
      to++;
    }
  }
};

/** [V, ...] at indices [..] -> [.., ...]. */
const resourceGathers: DimensionRule = (facts, op) => {
  facts.shape(op.input(1))?.forEach((_, axis) => {
    facts.equate(op.input(1), axis, op.output(), axis);
  });
};

const gathers: DimensionRule = (facts, op) => {
  const indexRank = facts.shape(op.input(1))?.length;
  const rank = facts.shape(op.input(0))?.length;
  const axis = constantInt(op.input(2));
  if (axis === null || rank === undefined || indexRank === undefined) return;
  if (intAttr(op, 'batch_dims') !== 0) return;
  const at = positiveAxis(axis, rank);
  for (let i = 0; i < indexRank; i++) facts.equate(op.input(1), i, op.output(), at + i);
  for (let i = 0; i < rank; i++) {
    if (i !== at) facts.equate(op.input(0), i, op.output(), i < at ? i : i - 1 + indexRank);
  }
};

function rows(types: string, rule: DimensionRule): readonly (readonly [string, DimensionRule])[] {
  return types.split(' ').map((type) => [type, rule]);
}

/** What ops tell about dimensions; an op without a row tells nothing. */
export const DIMENSION_RULES: Readonly<Record<string, DimensionRule>> = Object.fromEntries([
  ...rows(
    'Abs Acos Asin AsString Atan BiasAdd Bucketize Cast Ceil CheckNumerics Cos Cosh Cumprod Cumsum Elu EnsureShape Erf Erfc ' +
      'Exp Expm1 Floor Identity IsFinite IsInf IsNan LeakyRelu Lgamma Log Log1p LogicalNot LogSoftmax Neg OnesLike ' +
      'PreventGradient Reciprocal Relu Relu6 ReverseV2 Rint Round Rsqrt Selu Sigmoid Sign Sin Sinh Softmax Softplus ' +
      'Softsign Sqrt Square StopGradient StringLength StringLower StringStrip StringToHashBucketFast StringToNumber ' +
      'StringUpper Tan Tanh ZerosLike',
    likeInput,
  ),
  ...rows('AddN', allAlike),
  ...rows(
    'Add AddV2 Sub Mul MulNoNan RealDiv Div DivNoNan FloorDiv FloorMod Pow Maximum Minimum SquaredDifference Equal NotEqual ' +
      'Less LessEqual Greater GreaterEqual LogicalAnd LogicalOr Xlogy Xdivy SelectV2',
    broadcasts(),
  ),
  ...rows('Sum Mean Max Min Prod All Any', reduces),
  ...rows('MatMul', multiplies('transpose_a', 'transpose_b')),
  ...rows('BatchMatMulV2', batchMultiplies),
  ...rows('SoftmaxCrossEntropyWithLogits', softmaxLosses),
  ...rows('ConcatV2', concatenates),
  ...rows('Pack', packs),
  ...rows('Unpack', unpacks),
  ...rows('Split', splits(1, 0)),
  ...rows('SplitV', splits(0, 2)),
  ...rows('ExpandDims', expands),
  ...rows('Squeeze', squeezes),
  ...rows('Transpose', transposes),
  ...rows('Reshape', reshapes),
  ...rows('Fill', shapedBy(0)),
  ...rows('BroadcastTo', shapedBy(1)),
  ...rows('Slice', slices),
  ...rows('StridedSlice', stridedSlices),
  ...rows('ResourceGather', resourceGathers),
  ...rows('GatherV2', gathers),
]);
