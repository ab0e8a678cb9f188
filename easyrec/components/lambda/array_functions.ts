import type { Output } from '../../tf/index.js';
import { ops } from '../../tf/index.js';
import type { CallArguments } from './arguments.js';
import type { TfFunctions } from './tf_function.js';
import { unary } from './tf_function.js';
import { itemsOf } from './value.js';

function knownSize(args: CallArguments, x: Output, axis: number): number {
  const size = x.shape?.at(axis);
  if (size === undefined || size < 0)
    throw args.error(`expected dimension ${axis} of its tensor to be known`);
  return size;
}

function permutation(x: Output, args: CallArguments): readonly number[] {
  const given = args.integers('perm');
  if (given !== undefined) return given;
  if (x.shape === null) throw args.error('perm: must be given where the rank is not known');
  return x.shape.map((_, i, { length }) => length - 1 - i);
}

/** Sizes of the parts for `num_or_size_splits`: that many equal ones, or a list. */
function partSizes(args: CallArguments, x: Output, axis: number): readonly number[] {
  const given = args.optional('num_or_size_splits');
  if (given !== undefined && itemsOf(given) !== null) return args.integers('num_or_size_splits') ?? [];
  const count = args.integer('num_or_size_splits');
  const size = knownSize(args, x, axis);
  if (count < 1 || size % count !== 0) throw args.error(`cannot split ${size} into ${count} equal parts`);
  return Array.from({ length: count }, () => size / count);
}

/** Of `tf`. */
export const ARRAY_FUNCTIONS: TfFunctions = {
  concat: {
    parameters: ['values', 'axis'],
    run: (args) => ops.concat(args.tensors('values'), args.integer('axis')),
  },
  stack: {
    parameters: ['values', 'axis'],
    run: (args) => ops.stack(args.tensors('values'), args.integer('axis', 0)),
  },
  unstack: {
    parameters: ['value', 'num', 'axis'],
    run(args) {
      const value = args.tensor('value');
      const axis = args.integer('axis', 0);
      return ops.unstack(
        value,
        args.integer('num', args.optional('num') === undefined ? knownSize(args, value, axis) : 0),
        axis,
      );
    },
  },
  split: {
    parameters: ['value', 'num_or_size_splits', 'axis'],
    run(args) {
      const value = args.tensor('value');
      const axis = args.integer('axis', 0);
      return ops.split(value, partSizes(args, value, axis), axis);
    },
  },
  reshape: {
    parameters: ['tensor', 'shape'],
    run: (args) => ops.reshape(args.tensor('tensor'), args.shape('shape')),
  },
  expand_dims: {
    parameters: ['input', 'axis'],
    run: (args) => ops.expandDims(args.tensor('input'), args.integer('axis')),
  },
  squeeze: {
    parameters: ['input', 'axis'],
    run: (args) => ops.squeeze(args.tensor('input'), args.integers('axis')),
  },
  transpose: {
    parameters: ['a', 'perm'],
    run(args) {
      const a = args.tensor('a');
      return ops.transpose(a, permutation(a, args));
    },
  },
  tile: {
    parameters: ['input', 'multiples'],
    run: (args) => ops.tile(args.tensor('input'), args.shape('multiples')),
  },
  slice: {
    parameters: ['input_', 'begin', 'size'],
    run: (args) =>
      ops.slice(args.tensor('input_'), args.integers('begin') ?? [], args.integers('size') ?? []),
  },
  gather: {
    parameters: ['params', 'indices', 'validate_indices', 'name', 'axis'],
    run: (args) => ops.gather(args.tensor('params'), args.tensor('indices'), args.integer('axis', 0)),
  },
  where: {
    parameters: ['condition', 'x', 'y'],
    run: (args) => ops.select(args.tensor('condition'), args.tensor('x'), args.operand('y')),
  },
  cast: { parameters: ['x', 'dtype'], run: (args) => ops.cast(args.tensor('x'), args.dtype('dtype')) },
  to_float: { parameters: ['x'], run: (args) => ops.cast(args.tensor('x'), 'float32') },
  shape: { parameters: ['input'], run: (args) => ops.shapeOf(args.tensor('input')) },
  identity: unary((x) => ops.identity(x), 'input'),
  stop_gradient: unary(ops.stopGradient, 'input'),
  zeros_like: unary(ops.zerosLike, 'tensor'),
  ones_like: unary(ops.onesLike, 'tensor'),
  clip_by_value: {
    parameters: ['t', 'clip_value_min', 'clip_value_max'],
    run: (args) =>
      ops.minimum(
        ops.maximum(args.tensor('t'), args.operand('clip_value_min')),
        args.operand('clip_value_max'),
      ),
  },
};

/** Of `tf` and `tf.linalg`. */
export const PRODUCTS: TfFunctions = {
  matmul: {
    parameters: ['a', 'b', 'transpose_a', 'transpose_b'],
    run(args) {
      const a = args.tensor('a');
      const options = { transposeA: args.boolean('transpose_a'), transposeB: args.boolean('transpose_b') };
      return a.shape?.length === 2
        ? ops.matmul(a, args.tensor('b'), options)
        : ops.batchMatmul(a, args.tensor('b'), options);
    },
  },
};
