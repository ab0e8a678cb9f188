import { GraphError } from '../errors.js';
import type { Batch, BufferColumn, Column, NumberColumn } from './batch.js';
import type { Tensor } from '../tf/index.js';

/**
 * The values of a column. Of a tensor, numbers are seen in place and valid until it is disposed of; strings are copied.
 */
export function bufferColumn(column: Column): BufferColumn {
  if (column.dtype !== 'tensor') return column;
  const { tensor } = column;
  return tensor.dtype === 'string' ? { dtype: 'string', ...tensor.packedStrings() } : numberColumn(tensor);
}

/** Frees the tensors of a batch; those that are disposed of already are left alone. */
export function disposeBatch(batch: Batch): void {
  for (const column of batch.columns.values()) if (column.dtype === 'tensor') column.tensor.dispose();
}

function numberColumn(tensor: Tensor): NumberColumn {
  const { dtype } = tensor;
  if (dtype === 'int32') return { dtype, values: tensor.data(dtype) };
  if (dtype === 'int64') return { dtype, values: tensor.data(dtype) };
  if (dtype === 'float32') return { dtype, values: tensor.data(dtype) };
  if (dtype === 'float64') return { dtype, values: tensor.data(dtype) };
  if (dtype === 'bool') return { dtype, values: tensor.data(dtype) };
  throw new GraphError(`a column cannot hold ${dtype}`);
}
