import { didYouMean, GraphError } from '../errors.js';
import type { DType } from './dtype.js';
import { DTYPES } from './dtype.js';
import type { Shape } from './graph.js';
import type { Handle } from './native.js';
import { native } from './native.js';
import type { AttrDef, AttrValueProto, OpDef, TensorShapeProto } from './protos.js';
import { encodeMessage } from './protos.js';
import { withStatus } from './status.js';
import { Tensor } from './tensor.js';

/** What an attribute takes; the op's definition says which of these it expects. */
export type AttrValue =
  | number
  | bigint
  | boolean
  | string
  | Uint8Array
  | Tensor
  | Shape
  | readonly (number | bigint)[]
  | readonly string[]
  | readonly boolean[]
  | readonly Shape[];

export type Attrs = Readonly<Record<string, AttrValue | undefined>>;

type Description = Handle<'TF_OperationDescription'>;

/**
 * Sets attributes on an op under construction. A problem is returned rather than thrown: the description can
 * only be freed by finishing it.
 */
export function setAttributes(description: Description, opDef: OpDef, attrs: Attrs): GraphError | null {
  const known = new Map((opDef.attr ?? []).map((attr) => [attr.name, attr]));
  for (const [name, value] of Object.entries(attrs)) {
    if (value === undefined) continue;
    const attr = known.get(name);
    if (attr === undefined) {
      return new GraphError(`${opDef.name}: no attribute "${name}"${didYouMean(name, known.keys())}`);
    }
    try {
      setAttribute(description, attr, value);
    } catch (error) {
      return error instanceof GraphError
        ? new GraphError(`${opDef.name}: attribute "${name}": ${error.message}`, { cause: error })
        : new GraphError(`${opDef.name}: attribute "${name}": ${String(error)}`, { cause: error });
    }
  }
  return null;
}

function setAttribute(description: Description, attr: AttrDef, value: AttrValue): void {
  const api = native();
  if (value instanceof Tensor) {
    if (attr.type !== 'tensor') throw mismatch(attr, 'a tensor');
    withStatus((status) => api.TF_SetAttrTensor(description, attr.name, value.handle, status));
    return;
  }
  const proto = encodeMessage('AttrValue', attrValueProto(attr, value));
  withStatus((status) => api.TF_SetAttrValueProto(description, attr.name, proto, proto.byteLength, status));
}

function attrValueProto(attr: AttrDef, value: AttrValue): AttrValueProto {
  switch (attr.type) {
    case 'int':
      return { i: asInt(attr, value) };
    case 'float':
      return { f: asNumber(attr, value) };
    case 'bool':
      if (typeof value !== 'boolean') throw mismatch(attr, typeof value);
      return { b: value };
    case 'string':
      return { s: asBytes(attr, value) };
    case 'type':
      return { type: asDtype(attr, value) };
    case 'shape':
      if (!isShape(value)) throw mismatch(attr, typeof value);
      return { shape: shapeProto(value) };
    case 'func':
      if (typeof value !== 'string') throw mismatch(attr, typeof value);
      return { func: { name: value } };
    default:
      return { list: listProto(attr, value) };
  }
}

function listProto(attr: AttrDef, value: AttrValue): NonNullable<AttrValueProto['list']> {
  if (!Array.isArray(value)) throw mismatch(attr, typeof value);
  const values = value as readonly AttrValue[];
  switch (attr.type) {
    case 'list(int)':
      return { i: values.map((v) => asInt(attr, v)) };
    case 'list(float)':
      return { f: values.map((v) => asNumber(attr, v)) };
    case 'list(bool)':
      return { b: values.map((v) => v === true) };
    case 'list(string)':
      return { s: values.map((v) => asBytes(attr, v)) };
    case 'list(type)':
      return { type: values.map((v) => asDtype(attr, v)) };
    case 'list(shape)':
      return { shape: values.map((v) => shapeProto(v as Shape)) };
    default:
      throw new GraphError(`attributes of type ${attr.type} cannot be set`);
  }
}

/** A static shape as TensorFlow's message. */
export function shapeProto(shape: Shape): TensorShapeProto {
  return shape === null ? { unknown_rank: true } : { dim: shape.map((size) => ({ size })) };
}

function isShape(value: AttrValue): value is Shape {
  return value === null || (Array.isArray(value) && value.every((dim) => typeof dim === 'number'));
}

function asInt(attr: AttrDef, value: AttrValue): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) throw mismatch(attr, describe(value));
  return number;
}

function asNumber(attr: AttrDef, value: AttrValue): number {
  if (typeof value !== 'number') throw mismatch(attr, typeof value);
  return value;
}

function asBytes(attr: AttrDef, value: AttrValue): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  if (value instanceof Uint8Array) return value;
  throw mismatch(attr, typeof value);
}

function asDtype(attr: AttrDef, value: AttrValue): number {
  const entry = typeof value === 'string' ? DTYPES[value as DType] : undefined;
  if (entry === undefined) throw mismatch(attr, describe(value));
  return entry.code;
}

function describe(value: AttrValue): string {
  return typeof value === 'object' ? 'an object' : String(value);
}

function mismatch(attr: AttrDef, received: string): GraphError {
  return new GraphError(`expected ${attr.type}, received ${received}`);
}
