import { invalidArgument } from '../status.js';
import { JsonDouble, type JsonInteger } from './json_value.js';

/** What TensorFlow Serving's parser says of a document it cannot read. */
export const PARSE_ERRORS = {
  documentEmpty: 'The document is empty.',
  invalidValue: 'Invalid value.',
  missingName: 'Missing a name for object member.',
  missingColon: 'Missing a colon after a name of object member.',
  missingCommaOrBrace: "Missing a comma or '}' after an object member.",
  missingCommaOrBracket: "Missing a comma or ']' after an array element.",
  invalidHex: 'Incorrect hex digit after \\u escape in string.',
  invalidSurrogate: 'The surrogate pair in string is invalid.',
  invalidEscape: 'Invalid escape character in string.',
  missingQuote: 'Missing a closing quotation mark in string.',
  numberTooBig: 'Number too big to be stored in double.',
  missingFraction: 'Miss fraction part in number.',
  missingExponent: 'Miss exponent in number.',
} as const;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const EXPONENT = 0x65;

/** The byte that each simple escape stands for, by the byte after the backslash. */
const ESCAPES: ReadonlyMap<number, number> = new Map(
  Object.entries({ '"': 0x22, '\\': 0x5c, '/': 0x2f, b: 8, f: 12, n: 10, r: 13, t: 9 }).map(
    ([letter, byte]) => [letter.charCodeAt(0), byte] as const,
  ),
);

const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;
/** Powers of ten that a double holds exactly. */
const POWERS_OF_TEN = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/** Reads a document's bytes one value at a time. */
export class JsonScanner {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (const mark of [0xef, 0xbb, 0xbf]) if (this.peek() === mark) this.at++;
  }

  /** The next byte; 0 at the end, and a 0 byte counts as the end. */
  peek(): number {
    return this.#bytes[this.at] ?? 0;
  }

  skipWhitespace(): void {
    for (let c = this.peek(); c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09; c = this.peek())
      this.at++;
  }

  fail(reason: keyof typeof PARSE_ERRORS, offset = this.at): never {
    throw invalidArgument(`JSON Parse error: ${PARSE_ERRORS[reason]} at offset: ${offset}`);
  }

  /** `null`, `true` or `false`, whose first byte is next. */
  literal<T>(word: string, value: T): T {
    this.#expectWord(word);
    return value;
  }

  /** A string, whose opening quote is next, as bytes; they share the document's memory where nothing is escaped. */
  string(): Buffer {
    const start = ++this.at;
    this.#skipPlain();
    return this.peek() === QUOTE ? this.#bytes.subarray(start, this.at++) : this.#escaped(start);
  }

  /** As `string`, decoded as UTF-8. */
  text(): string {
    const start = ++this.at;
    this.#skipPlain();
    if (this.peek() === QUOTE) return this.#bytes.toString('utf8', start, this.at++);
    return this.#escaped(start).toString('utf8');
  }

  number(): JsonInteger | JsonDouble {
    const start = this.at;
    const negative = this.#consume(MINUS);
    const first = this.peek();
    if (first === 0x4e || first === 0x49) return new JsonDouble(this.#nonFinite(negative));
    const integerStart = this.at;
    if (first === ZERO) this.at++;
    else if (!this.#digits()) this.fail('invalidValue');
    const integerEnd = this.at;
    if (this.#consume(POINT) && !this.#digits()) this.fail('missingFraction');
    const mantissaEnd = this.at;
    if ((this.peek() | 0x20) === EXPONENT) {
      this.at++;
      if (!this.#consume(PLUS)) this.#consume(MINUS);
      if (!this.#digits()) this.fail('missingExponent');
    }
    if (this.at === integerEnd) return this.#integer(start, negative);
    const exact = this.at === mantissaEnd ? this.#shortDecimal(integerStart, integerEnd) : undefined;
    if (exact !== undefined) return new JsonDouble(negative ? -exact : exact);
    return this.#double(start);
  }

  /** Goes to what may be the end of a string or of a part of it. */
  #skipPlain(): void {
    for (let c = this.peek(); c !== QUOTE && c !== BACKSLASH && c >= 0x20; c = this.peek()) this.at++;
  }

  /** The rest of a string that began at `start` and is read up to its first escape, or mistake. */
  #escaped(start: number): Buffer {
    const parts: Uint8Array[] = [];
    for (let c = this.peek(); c !== QUOTE; c = this.peek()) {
      if (c !== BACKSLASH) this.fail(c === 0 ? 'missingQuote' : 'invalidEscape');
      parts.push(this.#bytes.subarray(start, this.at), this.#escape());
      start = this.at;
      this.#skipPlain();
    }
    return Buffer.concat([...parts, this.#bytes.subarray(start, this.at++)]);
  }

  #integer(start: number, negative: boolean): JsonInteger | JsonDouble {
    const text = this.#bytes.toString('latin1', start, this.at);
    const value = Number(text);
    if (Number.isSafeInteger(value)) return value + 0;
    const exact = BigInt(text);
    if (negative ? exact >= INT64_MIN : exact <= UINT64_MAX) return exact;
    return this.#double(start);
  }

  #double(start: number): JsonDouble {
    const value = Number(this.#bytes.toString('latin1', start, this.at));
    if (!Number.isFinite(value)) this.fail('numberTooBig', start);
    return new JsonDouble(value);
  }

  /** A decimal of up to 15 digits is one exact integer divided by one exact power of ten, hence correctly rounded. */
  #shortDecimal(start: number, point: number): number | undefined {
    if (this.at - start > 16) return undefined;
    let digits = 0;
    for (let i = start; i < this.at; i++)
      if (i !== point) digits = digits * 10 + (this.#bytes[i] ?? 0) - ZERO;
    return digits / (POWERS_OF_TEN[this.at - point - 1] ?? NaN);
  }

  #nonFinite(negative: boolean): number {
    if (this.peek() === 0x4e) {
      this.#expectWord('NaN');
      return NaN;
    }
    this.#expectWord('Inf');
    if (this.peek() === 0x69) this.#expectWord('inity');
    return negative ? -Infinity : Infinity;
  }

  #expectWord(word: string): void {
    for (let i = 0; i < word.length; i++) if (!this.#consume(word.charCodeAt(i))) this.fail('invalidValue');
  }

  #consume(byte: number): boolean {
    if (this.peek() !== byte) return false;
    this.at++;
    return true;
  }

  #digits(): boolean {
    const start = this.at;
    for (let c = this.peek(); c >= ZERO && c <= NINE; c = this.peek()) this.at++;
    return this.at > start;
  }

  #escape(): Uint8Array {
    const start = this.at++;
    const simple = ESCAPES.get(this.peek());
    if (simple !== undefined) {
      this.at++;
      return Uint8Array.of(simple);
    }
    if (!this.#consume(0x75)) this.fail('invalidEscape', start);
    let codePoint = this.#hex4(start);
    if (codePoint >= 0xd800 && codePoint <= 0xdbff) {
      if (!this.#consume(BACKSLASH) || !this.#consume(0x75)) this.fail('invalidSurrogate', start);
      const low = this.#hex4(start);
      if (low < 0xdc00 || low > 0xdfff) this.fail('invalidSurrogate', start);
      codePoint = 0x10000 + ((codePoint - 0xd800) << 10) + (low - 0xdc00);
    }
    return encodeUtf8(codePoint);
  }

  #hex4(escapeStart: number): number {
    const text = this.#bytes.toString('latin1', this.at, this.at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(text)) this.fail('invalidHex', escapeStart);
    this.at += 4;
    return parseInt(text, 16);
  }
}

/** As UTF-8, also a lone low surrogate, which the original parser lets pass and `TextEncoder` would not. */
function encodeUtf8(codePoint: number): Uint8Array {
  const tail = (shift: number): number => 0x80 | ((codePoint >> shift) & 0x3f);
  if (codePoint < 0x80) return Uint8Array.of(codePoint);
  if (codePoint < 0x800) return Uint8Array.of(0xc0 | (codePoint >> 6), tail(0));
  if (codePoint < 0x10000) return Uint8Array.of(0xe0 | (codePoint >> 12), tail(6), tail(0));
  return Uint8Array.of(0xf0 | (codePoint >> 18), tail(12), tail(6), tail(0));
}
