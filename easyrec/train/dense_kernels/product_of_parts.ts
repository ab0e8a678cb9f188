import { byField } from '../../layers/plain_kernels.js';
import { constantInt } from '../../tf/grad/constant_value.js';
import type { Output } from '../../tf/index.js';
import { ops } from '../../tf/index.js';

/**
 * `[B, in] x [in, units] -> [B, units]`. Where x is made of parts and some of them are projections, each number v of a
 * row times a vector e that all rows share, `(v e) W = v (e W)`: the product with W takes one row instead of the batch,
 * and its gradient likewise.
 */
export function productOfParts(x: Output, weights: Output): Output {
  const parts = partsOf(x);
  if (!parts.some(isWide)) return ops.matmul(x, weights);
  let first = 0;
  const products = parts.map((part) => {
    const rows = part.shape?.[1] ?? -1;
    const ofPart = ops.slice(weights, [first, 0], [rows, -1]);
    first += rows;
    return isWide(part) ? projectionProduct(part, ofPart) : ops.matmul(part, ofPart);
  });
  return ops.addN(products);
}

/** What x consists of, side by side; x itself where nobody knows. */
function partsOf(x: Output): readonly Output[] {
  const { op } = x;
  if (op.type !== 'ConcatV2') return [x];
  const parts = op.inputs.slice(0, -1);
  const areColumns = constantInt(op.input(parts.length)) === 1 && parts.every(hasKnownColumns);
  return areColumns ? parts : [x];
}

function hasKnownColumns({ shape }: Output): boolean {
  return shape?.length === 2 && (shape[1] ?? -1) >= 0;
}

/** Whether a part has more columns than the numbers it was made of. */
function isWide(part: Output): boolean {
  if (part.op.type !== 'EasyRecProjections') return false;
  return (part.op.input(0).shape?.[1] ?? Infinity) < (part.shape?.[1] ?? -1);
}

function projectionProduct({ op }: Output, weights: Output): Output {
  const fields = op.attr('fields').i ?? 0;
  const [numbers, vectors] = [op.input(0), op.input(1)];
  const [width = NaN, units = NaN] = weights.shape ?? [];
  const ofFields = ops.reshape(weights, [fields, width / fields, units]); // [N, D, units]
  const small = ops.batchMatmul(byField(vectors, fields, width / fields), ofFields); // [N, K, units]
  return ops.matmul(numbers, ops.reshape(small, [numbers.shape?.[1] ?? NaN, units]));
}
