/** Layouts of fields by the three bits that tell them. */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const GROUP = 3;
const GROUP_END = 4;
const FIXED32 = 5;

/** Groups, an old kind of message, may lie in each other this deep. */
const MAX_DEPTH = 100;

const NOTHING = new Uint8Array();

/**
 * Reads an encoded message from its place among others, without an object for each part of it: a request of many small
 * tensors takes half the time that it would with protobufjs' reader.
 */
export class WireReader {
  readonly #bytes: Uint8Array;
  #at: number;
  readonly #end: number;

  private constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Reads `bytes`, which what is read shares the memory of. */
  static of(bytes: Uint8Array): WireReader {
    return new WireReader(bytes, 0, bytes.length);
  }

  /** Where the next byte is. */
  get position(): number {
    return this.#at;
  }

  /** What was read since a position. */
  since(position: number): Uint8Array {
    return this.#view(position, this.#at);
  }

  /** The number and layout of the field that is next; 0 at the end. */
  tag(): number {
    if (this.#at >= this.#end) return 0;
    const tag = this.uint32();
    if (tag >>> 3 === 0) throw new RangeError('field of number 0');
    return tag;
  }

  /** A number that counts or names something. */
  uint32(): number {
    const bytes = this.#bytes;
    let byte = this.#next();
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift > 63 || this.#at >= this.#end) throw new RangeError('varint without an end');
      byte = bytes[this.#at++] ?? 0;
      if (shift < 32) value |= (byte & 0x7f) << shift;
    }
    return value >>> 0;
  }

  /** A signed 64-bit integer. */
  int64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift <= 63n; shift += 7n) {
      const byte = this.#next();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw new RangeError('varint without an end');
  }

  /** As `int64`, as the nearest number. */
  integer(): number {
    const byte = this.#bytes[this.#at] ?? 0;
    if (byte >= 0x80 || this.#at >= this.#end) return Number(this.int64());
    this.#at++;
    return byte;
  }

  /** The content of a field that is a message. */
  nested(): WireReader {
    const end = this.#contentEnd();
    const nested = new WireReader(this.#bytes, this.#at, end);
    this.#at = end;
    return nested;
  }

  /** The content of a field that is bytes. */
  bytes(): Uint8Array {
    const end = this.#contentEnd();
    const view = this.#view(this.#at, end);
    this.#at = end;
    return view;
  }

  /** The content of a field that is text. */
  text(): string {
    const end = this.#contentEnd();
    const text = asBuffer(this.#bytes).toString('utf8', this.#at, end);
    this.#at = end;
    return text;
  }

  /** Passes over the value of the field whose tag was read. */
  skip(tag: number, depth = 0): void {
    switch (tag & 7) {
      case VARINT:
        for (let length = 1; this.#next() >= 0x80; length++) {
          if (length > 9) throw new RangeError('varint without an end');
        }
        break;
      case FIXED64:
        this.#pass(8);
        break;
      case BYTES:
        this.#at = this.#contentEnd();
        break;
      case GROUP:
        this.#skipGroup(tag >>> 3, depth);
        break;
      case FIXED32:
        this.#pass(4);
        break;
      default:
        throw new RangeError(`field of layout ${tag & 7}`);
    }
  }

  #skipGroup(field: number, depth: number): void {
    if (depth > MAX_DEPTH) throw new RangeError('groups nested too deep');
    for (;;) {
      const tag = this.tag();
      if (tag === 0) throw new RangeError('group without an end');
      if ((tag & 7) === GROUP_END) {
        if (tag >>> 3 !== field) throw new RangeError('group with the end of another');
        return;
      }
      this.skip(tag, depth + 1);
    }
  }

  #next(): number {
    if (this.#at >= this.#end) throw new RangeError('message cut off');
    return this.#bytes[this.#at++] ?? 0;
  }

  #pass(length: number): void {
    this.#at += length;
    if (this.#at > this.#end) throw new RangeError('message cut off');
  }

  #contentEnd(): number {
    const length = this.uint32();
    const end = this.#at + length;
    if (end > this.#end) throw new RangeError('field longer than its message');
    return end;
  }

  #view(start: number, end: number): Uint8Array {
    if (start === end) return NOTHING;
    // A plain view is made in a third of the time that Buffer's own subarray takes.
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, end - start);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
