import { GraphError } from '../errors.js';

/** TensorFlow's element types by the names TensorFlow itself prints. */
export const DTYPES = {
  float32: { code: 1, bytes: 4 },
  float64: { code: 2, bytes: 8 },
  int32: { code: 3, bytes: 4 },
  uint8: { code: 4, bytes: 1 },
  int16: { code: 5, bytes: 2 },
  int8: { code: 6, bytes: 1 },
  string: { code: 7, bytes: 24 },
  complex64: { code: 8, bytes: 8 },
  int64: { code: 9, bytes: 8 },
  bool: { code: 10, bytes: 1 },
  qint8: { code: 11, bytes: 1 },
  quint8: { code: 12, bytes: 1 },
  qint32: { code: 13, bytes: 4 },
  bfloat16: { code: 14, bytes: 2 },
  qint16: { code: 15, bytes: 2 },
  quint16: { code: 16, bytes: 2 },
  uint16: { code: 17, bytes: 2 },
  complex128: { code: 18, bytes: 16 },
  float16: { code: 19, bytes: 2 },
  resource: { code: 20, bytes: 0 },
  variant: { code: 21, bytes: 0 },
  uint32: { code: 22, bytes: 4 },
  uint64: { code: 23, bytes: 8 },
} as const satisfies Record<string, { readonly code: number; readonly bytes: number }>;

export type DType = keyof typeof DTYPES;

const NAME_OF_CODE = new Map<number, DType>(
  Object.entries(DTYPES).map(([name, { code }]) => [code, name as DType]),
);

function baseCode(code: number): number {
  return code > 100 ? code - 100 : code;
}

/**
 * The type with this code; one of TensorFlow 1's reference types is its base type, which it behaves as.
 * @throws GraphError when there is none.
 */
export function dtypeOfCode(code: number): DType {
  const name = NAME_OF_CODE.get(baseCode(code));
  if (name === undefined) throw new GraphError(`dtype: expected one TensorFlow knows, received code ${code}`);
  return name;
}

/** Whether TensorFlow has a type with this code that this toolkit knows, too. */
export function isDtypeCode(code: number): boolean {
  return NAME_OF_CODE.has(baseCode(code));
}

/** Whether gradients flow through values of this type. */
export function isFloating(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64' || dtype === 'float16' || dtype === 'bfloat16';
}

/** The typed array that views a tensor's elements in place; a bool is a byte, a 16-bit float its bits. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint8Array
  | Int16Array
  | Int8Array
  | BigInt64Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** The array type of each numeric dtype. */
export interface ArrayOf {
  float32: Float32Array;
  float64: Float64Array;
  int32: Int32Array;
  uint8: Uint8Array;
  int16: Int16Array;
  int8: Int8Array;
  int64: BigInt64Array;
  bool: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
}

export type NumericDType = keyof ArrayOf;

const CONSTRUCTORS: {
  readonly [K in NumericDType]: new (buffer: ArrayBuffer, offset: number, length: number) => ArrayOf[K];
} = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  int16: Int16Array,
  int8: Int8Array,
  int64: BigInt64Array,
  bool: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
};

/** Whether elements of this type can be viewed as a typed array. */
export function isNumeric(dtype: DType): dtype is NumericDType {
  return dtype in CONSTRUCTORS;
}

/** Views `length` elements of `dtype` in a buffer. */
export function viewAs<K extends NumericDType>(dtype: K, buffer: ArrayBuffer, length: number): ArrayOf[K] {
  return new CONSTRUCTORS[dtype](buffer, 0, length);
}
