import { servicesFile, servingProtos } from './protos.js';

/** Lists of 32-bit floats, which are printed with no more digits than they need. */
const FLOAT_LISTS = ['float_val', 'scomplex_val'] as const;

/**
 * An encoded TensorProto as protobuf prints it in JSON: fields with default values too, but not messages that are absent.
 * @throws Error when the bytes are no message.
 */
export function tensorProtoJson(bytes: Uint8Array): object {
  const type = servicesFile(servingProtos()).root.lookupType('tensorflow.TensorProto');
  const message = type.toObject(type.decode(bytes), {
    defaults: true,
    arrays: true,
    json: true,
    longs: String,
    enums: String,
    bytes: String,
  });
  for (const name of FLOAT_LISTS) {
    const list: unknown = message[name];
    if (Array.isArray(list)) message[name] = list.map(shortest);
  }
  return Object.fromEntries(Object.entries(message).filter(([, value]) => value !== null));
}

/** The number with the fewest digits that is the same 32-bit float; NaN and infinities are texts already. */
function shortest(value: unknown): unknown {
  if (typeof value !== 'number') return value;
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}
