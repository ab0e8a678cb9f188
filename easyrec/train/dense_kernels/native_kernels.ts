import type { DenseKernels, Fields } from '../../layers/dense_kernels.js';
import type { Output } from '../../tf/index.js';
import { ops } from '../../tf/index.js';
import { joinSplits } from './join_splits.js';
import { productOfParts } from './product_of_parts.js';

export interface KernelOptions {
  /** 0: as many as the machine has cores. */
  readonly threads: number;
}

/** One native op (ops/dense) for each of the kernels; its library must have been loaded. */
export function nativeKernels({ threads }: KernelOptions): DenseKernels {
  return {
    batchNorm({ x, gamma, beta, epsilon, relu }) {
      const attributes = { epsilon, activation: relu ? 'relu' : 'linear', threads };
      const op = x.graph.op('EasyRecBatchNorm', [x, gamma, beta], attributes);
      return { y: op.output(0), mean: op.output(1), variance: op.output(2) };
    },
    fieldInteractions(fields) {
      const { width } = fields;
      const op = firstOf(fields).graph.op('EasyRecFm', [matrices(fields)], { width, threads });
      return op.output(0).setShape([rows(fields), width]);
    },
    dotProducts(fields, { diagonal }) {
      const { width } = fields;
      const count = fields.kind === 'list' ? fields.tensors.length : (fields.tensor.shape?.[1] ?? -1);
      const op = firstOf(fields).graph.op('EasyRecDotProducts', [matrices(fields)], {
        width,
        diagonal,
        threads,
      });
      const pairs = (count * (count + (diagonal ? 1 : -1))) / 2;
      return op.output(0).setShape([rows(fields), pairs]);
    },
    projections({ numbers, vectors, fields }) {
      const op = numbers.graph.op('EasyRecProjections', [numbers, vectors], { fields, threads });
      return op.output(0);
    },
    product: productOfParts,
  };
}

function firstOf(fields: Fields): Output {
  const first = fields.kind === 'list' ? fields.tensors[0] : fields.tensor;
  if (first === undefined) throw new Error('expected at least one field');
  return first;
}

function rows(fields: Fields): number {
  return firstOf(fields).shape?.[0] ?? -1;
}

/** The fields side by side in one or several matrices `[B, a multiple of D]`, without copying any. */
function matrices(fields: Fields): readonly Output[] {
  if (fields.kind === 'list') return joinSplits(fields.tensors);
  const count = fields.tensor.shape?.[1] ?? -1;
  return [ops.reshape(fields.tensor, [-1, count * fields.width])];
}
