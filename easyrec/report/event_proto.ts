/** One value of a summary: a tag such as `loss` and a number, kept as float32. */
export interface ScalarValue {
  readonly tag: string;
  readonly value: number;
}

/** The fields of `tensorflow.Event` that TensorBoard needs for scalars and the graph. */
export interface TensorboardEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  readonly fileVersion?: string;
  /** A serialized GraphDef. */
  readonly graphDef?: Uint8Array;
  readonly scalars: readonly ScalarValue[];
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

function key(field: number, wireType: number): Buffer {
  return varint((field << 3) | wireType);
}

function delimited(field: number, payload: Uint8Array): Buffer {
  return Buffer.concat([key(field, LENGTH_DELIMITED), varint(payload.length), payload]);
}

function float(field: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeFloatLE(value);
  return Buffer.concat([key(field, FIXED32), payload]);
}

function double(field: number, value: number): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeDoubleLE(value);
  return Buffer.concat([key(field, FIXED64), payload]);
}

/** `tensorflow.Event{wall_time = 1, step = 2, file_version = 3, graph_def = 4, summary = 5}`, with `Summary.Value{tag = 1, simple_value = 2}`. */
export function encodeEvent(event: TensorboardEvent): Buffer {
  const parts = [double(1, event.wallTime)];
  if (event.step !== 0) parts.push(key(2, VARINT), varint(event.step));
  if (event.fileVersion !== undefined) parts.push(delimited(3, Buffer.from(event.fileVersion)));
  if (event.graphDef !== undefined) parts.push(delimited(4, event.graphDef));
  if (event.scalars.length > 0) {
    const values = event.scalars.map(({ tag, value }) =>
      delimited(1, Buffer.concat([delimited(1, Buffer.from(tag)), float(2, value)])),
    );
    parts.push(delimited(5, Buffer.concat(values)));
  }
  return Buffer.concat(parts);
}
