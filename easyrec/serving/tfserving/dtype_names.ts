import type { DType } from '../../tf/index.js';

/** Types whose C++ name is not the one that Python uses. */
const CPP_NAMES: Partial<Record<DType, string>> = { float32: 'float', float64: 'double', float16: 'half' };

/** A dtype's name in error texts: `float`, `double`, `half`, `int64`, … */
export function cppDtypeName(dtype: DType): string {
  return CPP_NAMES[dtype] ?? dtype;
}

/** A dtype's name in protocol buffers: `DT_FLOAT`, `DT_INT64`, … */
export function protoDtypeName(dtype: DType): string {
  return `DT_${cppDtypeName(dtype).toUpperCase()}`;
}

const JSON_DTYPES = [
  'float32',
  'float64',
  'int32',
  'int16',
  'int8',
  'uint8',
  'uint32',
  'int64',
  'uint64',
  'bool',
  'string',
] as const satisfies readonly DType[];

/** The types that the REST protocol can carry. */
export type JsonDtype = (typeof JSON_DTYPES)[number];

/** Whether the REST protocol can carry values of this type. */
export function isJsonDtype(dtype: DType): dtype is JsonDtype {
  return (JSON_DTYPES as readonly DType[]).includes(dtype);
}
