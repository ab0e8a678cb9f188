import type { DType } from '../dtype.js';
import { GraphError } from '../../errors.js';
import { Output } from '../graph.js';
import type { Operand } from './array.js';
import { constant, ints, operand } from './array.js';

function binary(type: string): (x: Operand, y: Operand) => Output {
  return (x, y) => {
    const like = x instanceof Output ? x : y;
    if (!(like instanceof Output)) throw new GraphError(`${type}: expected a tensor among its operands`);
    return like.graph.op(type, [operand(x, like), operand(y, like)]).output();
  };
}

function unary(type: string): (x: Output) => Output {
  return (x) => x.graph.op(type, [x]).output();
}

/** Element-wise with broadcasting; a number becomes a constant of the other operand's dtype. */
export const add = binary('AddV2');
export const sub = binary('Sub');
export const mul = binary('Mul');
/** True division for floats; for integers the quotient rounded towards zero. */
export const div = binary('RealDiv');
export const floorDiv = binary('FloorDiv');
/** The remainder with the sign of the divisor. */
export const floorMod = binary('FloorMod');
export const pow = binary('Pow');
export const maximum = binary('Maximum');
export const minimum = binary('Minimum');
export const squaredDifference = binary('SquaredDifference');
/** `x / y`, and 0 where y is 0. */
export const divNoNan = binary('DivNoNan');
export const equal = binary('Equal');
export const notEqual = binary('NotEqual');
export const less = binary('Less');
export const lessEqual = binary('LessEqual');
export const greater = binary('Greater');
export const greaterEqual = binary('GreaterEqual');
export const logicalAnd = binary('LogicalAnd');
export const logicalOr = binary('LogicalOr');

export const logicalNot = unary('LogicalNot');
export const neg = unary('Neg');
export const abs = unary('Abs');
export const sign = unary('Sign');
export const exp = unary('Exp');
export const log = unary('Log');
/** `ln(1 + x)`, exact for small x. */
export const log1p = unary('Log1p');
export const sqrt = unary('Sqrt');
export const rsqrt = unary('Rsqrt');
export const square = unary('Square');
export const reciprocal = unary('Reciprocal');
export const floor = unary('Floor');
export const tanh = unary('Tanh');
export const sigmoid = unary('Sigmoid');
export const erf = unary('Erf');

/** Another dtype; the same one passes through. */
export function cast(x: Output, dtype: DType): Output {
  return x.dtype === dtype ? x : x.graph.op('Cast', [x], { DstT: dtype }).output();
}

/** The sum of tensors of one shape. */
export function addN(values: readonly Output[]): Output {
  const [first] = values;
  if (first === undefined) throw new GraphError('addN: expected at least one tensor, received none');
  return values.length === 1 ? first : first.graph.op('AddN', [values]).output();
}

export interface MatmulOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** `[M, K] x [K, N] -> [M, N]`. */
export function matmul(a: Output, b: Output, { transposeA, transposeB }: MatmulOptions = {}): Output {
  return a.graph.op('MatMul', [a, b], { transpose_a: transposeA, transpose_b: transposeB }).output();
}

/** `[..., M, K] x [..., K, N] -> [..., M, N]`, batch dimensions broadcast. */
export function batchMatmul(a: Output, b: Output, { transposeA, transposeB }: MatmulOptions = {}): Output {
  return a.graph.op('BatchMatMulV2', [a, b], { adj_x: transposeA, adj_y: transposeB }).output();
}

export interface ReduceOptions {
  /** Default: all axes. */
  readonly axes?: readonly number[] | Output;
  /** Whether reduced axes stay, with length 1. Default: false. */
  readonly keepDims?: boolean;
}

function reduction(type: string): (x: Output, options?: ReduceOptions) => Output {
  return (x, { axes, keepDims } = {}) => {
    const over = axes instanceof Output ? axes : (axes ?? allAxes(x));
    const table = over instanceof Output ? over : ints(x.graph, over);
    return x.graph.op(type, [x, table], { keep_dims: keepDims }).output();
  };
}

function allAxes(x: Output): readonly number[] | Output {
  const { shape } = x;
  if (shape !== null) return shape.map((_, i) => i);
  const zero = constant(x.graph, 'int32', 0);
  const rank = x.graph.op('Rank', [x]).output();
  return x.graph.op('Range', [zero, rank, constant(x.graph, 'int32', 1)]).output();
}

export const reduceSum = reduction('Sum');
export const reduceMean = reduction('Mean');
export const reduceMax = reduction('Max');
export const reduceMin = reduction('Min');
export const reduceProd = reduction('Prod');
export const reduceAll = reduction('All');
export const reduceAny = reduction('Any');

/** The index of the largest element along `axis`. */
export function argMax(x: Output, axis: number, dtype: 'int32' | 'int64' = 'int64'): Output {
  return x.graph.op('ArgMax', [x, constant(x.graph, 'int32', axis)], { output_type: dtype }).output();
}

/** The sum over rows that share a segment id, `[N, ...] -> [count, ...]`; ids in any order. */
export function unsortedSegmentSum(data: Output, ids: Output, count: Output): Output {
  return data.graph.op('UnsortedSegmentSum', [data, ids, count]).output();
}

/** The number of boundaries (ascending) at or below each value, int32. */
export function bucketize(x: Output, boundaries: readonly number[]): Output {
  return x.graph.op('Bucketize', [x], { boundaries }).output();
}
