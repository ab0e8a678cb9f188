import { ConfigError } from '../errors.js';
import type { Fields } from '../layers/dense_kernels.js';
import { Output, ops } from '../tf/index.js';
import type { BlockValue } from './value.js';
import { describeValue, elementsOf, expectTensors, lastDimension, shapeText } from './value.js';

/**
 * The input of components that compare fields with each other: a list of N tensors `[B, D]`, or one of `[B, N, D]`.
 *
 * @throws ConfigError for anything else, and where the fields' widths differ.
 */
export function expectFields(value: BlockValue): Fields {
  if (value instanceof Output) {
    if (value.shape?.length !== 3) {
      throw new ConfigError(
        `input: expected a list of tensors or one of three dimensions, received ${describeValue(value)}; ` +
          'an input_layer block hands out a list with only_output_feature_list',
      );
    }
    return { kind: 'stacked', tensor: value, width: lastDimension(value) };
  }
  const tensors = expectTensors(elementsOf(value) ?? []);
  const widths = tensors.map((tensor, i) => lastDimension(tensor, `input ${i}`));
  const [width = 0] = widths;
  const other = widths.findIndex((candidate) => candidate !== width);
  if (other >= 0) {
    throw new ConfigError(
      `input: expected fields of one width, received ${width} for the first and ${widths[other] ?? 0} for field ${other}`,
    );
  }
  const odd = tensors.find((tensor) => tensor.shape?.length !== 2);
  if (odd !== undefined) throw new ConfigError(`input: expected fields [B, D], received ${shapeText(odd)}`);
  return { kind: 'list', tensors, width };
}

/** The fields as one tensor, `[B, N, D]`. */
export function stackedFields(fields: Fields): Output {
  return fields.kind === 'stacked' ? fields.tensor : ops.stack(fields.tensors, 1);
}
