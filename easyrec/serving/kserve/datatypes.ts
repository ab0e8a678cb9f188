import type { DType, NumericDType } from '../../tf/index.js';
import { invalidArgument, ServingError } from '../status.js';

/** The protocol's names of TensorFlow's types. */
const DATATYPES = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  bfloat16: 'BF16',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
} as const satisfies Readonly<Record<NumericDType | 'string', string>>;

/** A type that the protocol has a name for. */
export type InferDtype = keyof typeof DATATYPES;

const DTYPES = new Map<string, InferDtype>(
  Object.entries(DATATYPES).map(([dtype, name]) => [name, dtype as InferDtype]),
);

/** The protocol's name of a type; of one that it does not have, TensorFlow's own in capitals. */
export function datatypeName(dtype: DType): string {
  return isInferDtype(dtype) ? DATATYPES[dtype] : dtype.toUpperCase();
}

/** Whether values of this type can be sent. */
export function isInferDtype(dtype: DType): dtype is InferDtype {
  return dtype in DATATYPES;
}

/**
 * TensorFlow's type of that name.
 * @throws ServingError INVALID_ARGUMENT when the protocol has no such type.
 */
export function dtypeOf(input: string, datatype: string): InferDtype {
  const dtype = DTYPES.get(datatype);
  if (dtype !== undefined) return dtype;
  throw invalidArgument(
    `input '${input}': expected a datatype of ${[...DTYPES.keys()].join(', ')}; received '${datatype}'`,
  );
}

/**
 * The protocol's name of an output's type.
 * @throws ServingError UNIMPLEMENTED when the protocol has none.
 */
export function outputDatatype(output: string, dtype: DType): string {
  if (isInferDtype(dtype)) return DATATYPES[dtype];
  throw new ServingError('UNIMPLEMENTED', `output '${output}': the protocol has no type for ${dtype}`);
}
