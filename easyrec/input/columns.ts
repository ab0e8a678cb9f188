import type { Batch, BufferColumn, Column, NumberColumn, StringColumn } from './batch.js';
import type { Tensor } from '../tf/index.js';

/**
 * The values of a column. Of a tensor, numbers are seen in place and valid until it is disposed of; strings are copied.
 */
export function bufferColumn(column: Column): BufferColumn {
  if (column.dtype !== 'tensor') return column;
  const { tensor } = column;
  return tensor.dtype === 'string' ? stringColumn(tensor) : numberColumn(tensor);
}

/** Frees the tensors of a batch; those that are disposed of already are left alone. */
export function disposeBatch(batch: Batch): void {
  for (const column of batch.columns.values()) if (column.dtype === 'tensor') column.tensor.dispose();
}

function numberColumn(tensor: Tensor): NumberColumn {
  const { dtype } = tensor;
  switch (dtype) {
    case 'int32':
      return { dtype, values: tensor.data(dtype) };
    case 'int64':
      return { dtype, values: tensor.data(dtype) };
    case 'float32':
      return { dtype, values: tensor.data(dtype) };
    case 'float64':
      return { dtype, values: tensor.data(dtype) };
    case 'bool':
      return { dtype, values: tensor.data(dtype) };
    default:
      throw new Error(`a column cannot hold ${dtype}`);
  }
}

function stringColumn(tensor: Tensor): StringColumn {
  const texts = tensor.bytes();
  const offsets = new Int32Array(texts.length + 1);
  texts.forEach((text, i) => (offsets[i + 1] = (offsets[i] ?? 0) + text.length));
  return { dtype: 'string', bytes: Buffer.concat(texts), offsets };
}
