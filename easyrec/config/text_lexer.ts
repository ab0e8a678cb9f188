import { ConfigError, type SourceLocation } from '../errors.js';
import { SourceText } from './source.js';

/** A word, number, string or sign of a text-format file. */
export interface TextToken {
  readonly kind: 'identifier' | 'number' | 'string' | 'symbol' | 'end';
  /** As written; of a string with its quotes. */
  readonly text: string;
  readonly at: SourceLocation;
}

const BLANK = /(?:\s|#[^\n]*)*/y;
// A word or number swallows + - and letters, as in Python's tokenizer, so that `1a` is one wrong token and not two.
const TOKEN =
  /(?<identifier>[A-Za-z_][\w+-]*)|(?<number>(?:[\d+-]|\.\d)[\w.+-]*)|(?<string>"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*')|(?<symbol>[{}<>[\]:,;])/y;

/** The tokens of a text-format file, one after the other. */
export class TextLexer {
  readonly #source: SourceText;
  #offset = 0;
  #current: TextToken;

  constructor(file: string, text: string) {
    this.#source = new SourceText(file, text);
    this.#current = this.#scan();
  }

  /** The token to be read next. */
  get current(): TextToken {
    return this.#current;
  }

  /** Reads one token. */
  next(): TextToken {
    const token = this.#current;
    if (token.kind !== 'end') this.#current = this.#scan();
    return token;
  }

  /** Reads the symbol if it comes next. */
  accept(symbol: string): boolean {
    if (this.#current.kind !== 'symbol' || this.#current.text !== symbol) return false;
    this.next();
    return true;
  }

  /** Reads the symbol, or fails. */
  expect(symbol: string, what: string): void {
    if (!this.accept(symbol)) {
      throw new ConfigError(
        `expected ${JSON.stringify(symbol)} ${what}, received ${describeToken(this.#current)}`,
        { at: this.#current.at },
      );
    }
  }

  #scan(): TextToken {
    const { text } = this.#source;
    BLANK.lastIndex = this.#offset;
    this.#offset += BLANK.exec(text)?.[0].length ?? 0;
    const at = this.#source.at(this.#offset);
    if (this.#offset >= text.length) return { kind: 'end', text: '', at };
    TOKEN.lastIndex = this.#offset;
    const groups = TOKEN.exec(text)?.groups;
    for (const kind of ['identifier', 'number', 'string', 'symbol'] as const) {
      const found = groups?.[kind];
      if (found === undefined) continue;
      this.#offset += found.length;
      return { kind, text: found, at };
    }
    const character = String.fromCodePoint(text.codePointAt(this.#offset) ?? 0);
    const quote = character === '"' || character === "'";
    throw new ConfigError(
      quote
        ? `a string that begins with ${character} does not end on its line`
        : `unexpected character ${JSON.stringify(character)}`,
      { at },
    );
  }
}

/** How a token appears in an error. */
export function describeToken(token: TextToken): string {
  return token.kind === 'end'
    ? 'the end of the text'
    : token.kind === 'string'
      ? token.text
      : `"${token.text}"`;
}

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  "'": 39,
  '"': 34,
};
const ESCAPE = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]))/y;

/** The bytes of a string token: octal and hex escapes stand for single bytes, everything else for UTF-8. */
export function stringBytes(token: TextToken): Buffer {
  const body = token.text.slice(1, -1);
  const parts: Buffer[] = [];
  let offset = 0;
  while (offset < body.length) {
    const backslash = body.indexOf('\\', offset);
    const end = backslash < 0 ? body.length : backslash;
    if (end > offset) parts.push(Buffer.from(body.slice(offset, end)));
    if (backslash < 0) break;
    ESCAPE.lastIndex = backslash;
    const match = ESCAPE.exec(body);
    const bytes = match && escapeBytes(match);
    if (!match || !bytes) {
      throw new ConfigError(
        `wrong escape sequence ${body.slice(backslash, backslash + 2)} in ${token.text}`,
        {
          at: token.at,
        },
      );
    }
    parts.push(bytes);
    offset = backslash + match[0].length;
  }
  return Buffer.concat(parts);
}

function escapeBytes([, octal, hex, unicode, longUnicode, simple = '']: RegExpExecArray): Buffer | null {
  if (octal !== undefined) return parseInt(octal, 8) <= 0xff ? Buffer.of(parseInt(octal, 8)) : null;
  if (hex !== undefined) return Buffer.of(parseInt(hex, 16));
  const codePoint = unicode ?? longUnicode;
  if (codePoint !== undefined) {
    const value = parseInt(codePoint, 16);
    return value <= 0x10ffff ? Buffer.from(String.fromCodePoint(value)) : null;
  }
  const byte = SIMPLE_ESCAPES[simple];
  if (byte !== undefined) return Buffer.of(byte);
  // Python, and so EasyRec, keeps the backslash of an escape it does not know, unless it is a broken code.
  return 'xuUN'.includes(simple) ? null : Buffer.from(`\\${simple}`);
}
