import type protobuf from 'protobufjs';
import { encodeMessage, type SignatureDef } from '../../tf/index.js';
import { tensorflowProto } from './protos.js';

/** Lists of 32-bit floats, which are printed with no more digits than they need. */
const FLOAT_LISTS: ReadonlySet<string> = new Set(['float_val', 'scomplex_val']);

/** Prints signatures as protobuf does in JSON: fields with default values too, but not messages that are absent. */
export class SignatureJson {
  readonly #type: protobuf.Type = tensorflowProto().root.lookupType('tensorflow.SignatureDef');

  /** @throws Error when a default value is no message. */
  of(signature: SignatureDef): object {
    const bytes = encodeMessage('SignatureDef', signature);
    const message = this.#type.toObject(this.#type.decode(bytes), {
      defaults: true,
      json: true,
      longs: String,
      enums: String,
      bytes: String,
    });
    const { inputs, outputs, method_name, ...others } = Object.fromEntries(printed(message));
    return { inputs, outputs, method_name, ...others };
  }
}

function printed(message: object): readonly (readonly [string, unknown])[] {
  return Object.entries(message)
    .filter(([, value]) => value !== null)
    .map(([key, value]: [string, unknown]) => [
      key,
      FLOAT_LISTS.has(key) && Array.isArray(value) ? value.map(shortest) : withoutAbsent(value),
    ]);
}

function withoutAbsent(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutAbsent);
  return typeof value === 'object' && value !== null ? Object.fromEntries(printed(value)) : value;
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
