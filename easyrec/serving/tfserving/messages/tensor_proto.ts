import { DTYPES, type TypedArray } from '../../../tf/index.js';
import type { ServableTensor } from '../../servable.js';
import { readStringContent, stringContent } from './string_list.js';
import { layoutOf, layoutOfCode, type TensorLayout } from './tensor_layout.js';
import { readBooleans, readVarints32, readVarints64, writeVarints, type IntegerArray } from './varints.js';
import { bytesField, integerField, type Parts, tagOf, WIRE } from './wire.js';
import { WireReader } from './wire_reader.js';

const DTYPE_TAG = tagOf(1, 'varint');
const SHAPE_TAG = tagOf(2, 'bytes');
const CONTENT_TAG = tagOf(4, 'bytes');
const FIELDS = { dtype: 1, shape: 2, content: 4 } as const;
const SHAPE_FIELDS = { dim: tagOf(2, 'bytes'), unknownRank: tagOf(3, 'varint') } as const;
const SIZE_TAG = tagOf(1, 'varint');

/** TensorFlow's own limit for the rank of a tensor. */
const MAX_RANK = 254;

/**
 * What tensors of one request may take beyond what was sent: a short list stands for a tensor whose last value repeats,
 * so that a few bytes could ask for all memory there is.
 */
export class RepeatBudget {
  #left = 256 * 1024 * 1024;

  /** Takes so many bytes; false where too few are left. */
  take(bytes: number): boolean {
    this.#left -= Math.max(0, bytes);
    return this.#left >= 0;
  }
}

const NOTHING = new Uint8Array();

/** The fields of a TensorProto as they were sent. */
interface TensorFields {
  dtype: number;
  /** undefined when the shape is none that a tensor can have. */
  shape: number[] | undefined;
  content: Uint8Array | undefined;
  /** The typed lists by field number, in the pieces they came in; one value that is not packed is a piece, too. */
  readonly lists: Map<number, Uint8Array[]>;
}

/**
 * A tensor from its message: from `tensor_content` or from the typed list of its dtype, whose last value repeats
 * where the list is too short. Numbers may share the memory of `bytes`.
 * @param budget for such repetitions
 * @returns undefined when the message stands for no tensor.
 * @throws Error when the bytes are no message.
 */
export function decodeTensorProto(
  bytes: Uint8Array,
  budget = new RepeatBudget(),
): ServableTensor | undefined {
  const fields = readTensorFields(bytes);
  const known = layoutOfCode(fields.dtype);
  const { shape } = fields;
  if (known === undefined || shape === undefined) return undefined;
  const [dtype, layout] = known;
  const length = shape.reduce((product, dim) => product * dim, layout.width);
  if (!Number.isSafeInteger(length)) return undefined;
  if (dtype === 'string') {
    const values = stringsOf(fields, layout, { length, budget });
    return values && { dtype, shape, values };
  }
  const values = numbersOf(fields, layout, { length, budget });
  return values && { dtype, shape, values };
}

function readTensorFields(bytes: Uint8Array): TensorFields {
  const fields: TensorFields = { dtype: 0, shape: [], content: undefined, lists: new Map() };
  const reader = WireReader.of(bytes);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === DTYPE_TAG) fields.dtype = reader.uint32();
    else if (tag === SHAPE_TAG) fields.shape = extendShape(fields.shape, reader.nested());
    else if (tag === CONTENT_TAG) fields.content = reader.bytes();
    else if (!readListPiece(tag, reader, fields.lists)) reader.skip(tag);
  }
  return fields;
}

function readListPiece(tag: number, reader: WireReader, lists: Map<number, Uint8Array[]>): boolean {
  const field = tag >>> 3;
  const wire = tag & 7;
  if (field < 5 || field > 17) return false;
  let piece: Uint8Array;
  if (wire === WIRE.bytes) {
    piece = reader.bytes();
  } else if (wire === WIRE.varint || wire === WIRE.fixed32 || wire === WIRE.fixed64) {
    const start = reader.position;
    reader.skip(tag);
    piece = reader.since(start);
  } else {
    return false;
  }
  const list = lists.get(field);
  if (list === undefined) lists.set(field, [piece]);
  else list.push(piece);
  return true;
}

/** A message that comes in pieces is merged, lists one after the other. */
function extendShape(shape: number[] | undefined, reader: WireReader): number[] | undefined {
  let valid = shape !== undefined;
  const dims = shape ?? [];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === SHAPE_FIELDS.dim) {
      const size = dimSize(reader.nested());
      if (size < 0 || !Number.isSafeInteger(size)) valid = false;
      dims.push(size);
    } else if (tag === SHAPE_FIELDS.unknownRank) {
      if (reader.uint32() !== 0) valid = false;
    } else {
      reader.skip(tag);
    }
  }
  return valid && dims.length <= MAX_RANK ? dims : undefined;
}

function dimSize(reader: WireReader): number {
  let size = 0;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === SIZE_TAG) size = reader.integer();
    else reader.skip(tag);
  }
  return size;
}

/** How many array elements a tensor takes, and what pays for those that repeat. */
interface Extent {
  readonly length: number;
  readonly budget: RepeatBudget;
}

function stringsOf(
  { content, lists }: TensorFields,
  { field }: TensorLayout,
  { length, budget }: Extent,
): Uint8Array[] | undefined {
  if (content !== undefined && content.length > 0) return readStringContent(content, length);
  const sent = lists.get(field) ?? [];
  if (sent.length >= length) return sent.length === length ? sent : sent.slice(0, length);
  const last = sent.at(-1) ?? NOTHING;
  if (!budget.take((length - sent.length) * POINTER_BYTES)) return undefined;
  return [...sent, ...new Array<Uint8Array>(length - sent.length).fill(last)];
}

/** What a string costs at least, in an array. */
const POINTER_BYTES = 8;

function numbersOf(
  { content, lists }: TensorFields,
  layout: TensorLayout,
  { length, budget }: Extent,
): TypedArray | undefined {
  const { elementBytes } = layout;
  if (content !== undefined && content.length > 0) {
    return content.length === length * elementBytes ? arrayOf(content, layout) : undefined;
  }
  const pieces = lists.get(layout.field) ?? [];
  const [only = NOTHING] = pieces;
  const packed = pieces.length > 1 ? Buffer.concat(pieces) : only;
  if (layout.kind === 'fixed') {
    if (packed.length % elementBytes !== 0) throw new RangeError('packed field of a broken length');
    if (packed.length === length * elementBytes) return arrayOf(packed, layout);
  }
  // Each value that was sent took a byte at least.
  if (!budget.take((length - packed.length) * elementBytes)) return undefined;
  const values = layout.view(new ArrayBuffer(length * elementBytes), 0, length);
  repeatLast(values, fill(values, packed, layout), layout.width);
  return values;
}

/** Fills in the values that were sent; returns how many there were. */
function fill(values: TypedArray, packed: Uint8Array, { kind }: TensorLayout): number {
  if (kind === 'fixed') {
    const bytes = new Uint8Array(values.buffer);
    bytes.set(packed.subarray(0, bytes.length));
    return packed.length / values.BYTES_PER_ELEMENT;
  }
  if (values instanceof BigInt64Array || values instanceof BigUint64Array)
    return readVarints64(packed, values);
  if (values instanceof Float32Array || values instanceof Float64Array) return 0;
  if (kind === 'boolean' && values instanceof Uint8Array) return readBooleans(packed, values);
  return readVarints32(packed, values);
}

function repeatLast(values: TypedArray, count: number, width: number): void {
  if (count === 0 || count >= values.length) return;
  if (width === 2) {
    for (let at = count; at < values.length; at += width) values.copyWithin(at, count - width, count);
  } else if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    values.fill(values[count - 1] ?? 0n, count);
  } else {
    values.fill(values[count - 1] ?? 0, count);
  }
}

/** The bytes as an array: in place where they are aligned for it. */
function arrayOf(bytes: Uint8Array, { kind, elementBytes, view }: TensorLayout): TypedArray {
  if (kind === 'boolean') return Uint8Array.from(bytes, (byte) => (byte === 0 ? 0 : 1));
  const source = bytes.byteOffset % elementBytes === 0 ? bytes : alignedCopy(bytes);
  return view(source.buffer, source.byteOffset, bytes.length / elementBytes);
}

/** Small copies are cut from memory that Node shares out in pieces, aligned: memory of its own costs each more than the rest. */
function alignedCopy(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.allocUnsafe(bytes.length);
  if (copy.byteOffset % MAX_ELEMENT_BYTES !== 0) return new Uint8Array(bytes);
  copy.set(bytes);
  return copy;
}

/** Of the arrays that hold a tensor's values. */
const MAX_ELEMENT_BYTES = 8;

/**
 * A tensor's message, in pieces.
 * @param asContent whether the values go into `tensor_content` instead of the typed list of the dtype.
 */
export function tensorProto(tensor: ServableTensor, asContent = false): Parts {
  const { dtype, shape } = tensor;
  const layout = layoutOf(dtype);
  if (layout === undefined) throw new RangeError(`values of type ${dtype} cannot be sent`);
  const head = [...integerField(FIELDS.dtype, DTYPES[dtype].code), ...shapeField(shape)];
  if (tensor.dtype === 'string') {
    if (asContent) return [...head, ...bytesField(FIELDS.content, stringContent(tensor.values))];
    return [...head, ...tensor.values.flatMap((value) => bytesField(layout.field, [value]))];
  }
  const { values } = tensor;
  if (values.length === 0) return head;
  if (asContent) return [...head, ...bytesField(FIELDS.content, [bytesOf(values)])];
  const isInteger = layout.kind === 'varint' && isIntegerArray(values);
  return [...head, ...bytesField(layout.field, [isInteger ? writeVarints(values) : bytesOf(values)])];
}

function shapeField(shape: readonly number[]): Parts {
  return bytesField(
    FIELDS.shape,
    shape.flatMap((size) => bytesField(SHAPE_FIELDS.dim >>> 3, integerField(SIZE_TAG >>> 3, BigInt(size)))),
  );
}

function bytesOf(values: TypedArray): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function isIntegerArray(values: TypedArray): values is IntegerArray {
  return !(values instanceof Float32Array || values instanceof Float64Array);
}
