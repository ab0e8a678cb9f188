import { DTYPES, type DType, type TypedArray } from '../../../tf/index.js';

/** The typed list of a TensorProto that holds the values of a dtype, and how. */
export interface TensorLayout {
  /** Number of the field. */
  readonly field: number;
  readonly kind: 'fixed' | 'varint' | 'boolean' | 'string';
  /** How many array elements a tensor element takes: 2 for complex numbers. */
  readonly width: 1 | 2;
  /** Bytes of an array element. */
  readonly elementBytes: number;
  /** `length` array elements in a buffer, from an offset that is a multiple of `elementBytes`. */
  readonly view: (buffer: ArrayBufferLike, offset: number, length: number) => TypedArray;
}

type View = TensorLayout['view'];

const float32: View = (...place) => new Float32Array(...place);
const float64: View = (...place) => new Float64Array(...place);
const int8: View = (...place) => new Int8Array(...place);
const uint8: View = (...place) => new Uint8Array(...place);
const int16: View = (...place) => new Int16Array(...place);
const uint16: View = (...place) => new Uint16Array(...place);
const int32: View = (...place) => new Int32Array(...place);
const uint32: View = (...place) => new Uint32Array(...place);
const int64: View = (...place) => new BigInt64Array(...place);
const uint64: View = (...place) => new BigUint64Array(...place);

/** Types without a row cannot be sent: handles and variants mean something in their own process only. */
const ROWS = {
  float32: [5, 'fixed', float32],
  float64: [6, 'fixed', float64],
  complex64: [9, 'fixed', float32],
  complex128: [12, 'fixed', float64],
  int32: [7, 'varint', int32],
  int16: [7, 'varint', int16],
  int8: [7, 'varint', int8],
  uint16: [7, 'varint', uint16],
  uint8: [7, 'varint', uint8],
  qint32: [7, 'varint', int32],
  qint16: [7, 'varint', int16],
  qint8: [7, 'varint', int8],
  quint16: [7, 'varint', uint16],
  quint8: [7, 'varint', uint8],
  // 16-bit floats travel as their bits.
  float16: [13, 'varint', uint16],
  bfloat16: [13, 'varint', uint16],
  int64: [10, 'varint', int64],
  uint32: [16, 'varint', uint32],
  uint64: [17, 'varint', uint64],
  bool: [11, 'boolean', uint8],
  string: [8, 'string', uint8],
} as const satisfies Partial<Record<DType, readonly [number, TensorLayout['kind'], View]>>;

const LAYOUTS: ReadonlyMap<number, readonly [DType, TensorLayout]> = new Map(
  Object.entries(ROWS).map(([name, [field, kind, view]]) => {
    const { code, bytes } = DTYPES[name as keyof typeof ROWS];
    const width = name.startsWith('complex') ? 2 : 1;
    return [code, [name as DType, { field, kind, width, elementBytes: bytes / width, view }]];
  }),
);

/** How values of a dtype are laid out; undefined for a dtype that cannot be sent. */
export function layoutOf(dtype: DType): TensorLayout | undefined {
  return layoutOfCode(DTYPES[dtype].code)?.[1];
}

/** The dtype with this code and its layout; undefined for one that cannot be sent. */
export function layoutOfCode(code: number): readonly [DType, TensorLayout] | undefined {
  return LAYOUTS.get(code);
}
