import { ConfigError, type SourceLocation } from '../errors.js';
import { SourceText } from './source.js';

/** A key of an object with its value; `at` is the key's place. */
export interface JsonMember {
  readonly name: string;
  readonly at: SourceLocation;
  readonly value: JsonTree;
}

/** A JSON value with the place of each part. */
export type JsonTree =
  | { readonly kind: 'object'; readonly members: readonly JsonMember[]; readonly at: SourceLocation }
  | { readonly kind: 'array'; readonly items: readonly JsonTree[]; readonly at: SourceLocation }
  | { readonly kind: 'string'; readonly value: string; readonly at: SourceLocation }
  | { readonly kind: 'number'; readonly value: number; readonly text: string; readonly at: SourceLocation }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly at: SourceLocation }
  | { readonly kind: 'null'; readonly at: SourceLocation };

const BLANK = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[A-Za-z]+/y;

/** Deeper than any config: a limit that is reached long before the stack's. */
const MAX_DEPTH = 200;

class JsonParser {
  readonly #source: SourceText;
  #offset = 0;
  #depth = 0;

  constructor(file: string, text: string) {
    this.#source = new SourceText(file, text);
  }

  document(): JsonTree {
    const value = this.#value();
    this.#skipBlank();
    if (this.#offset < this.#source.text.length) throw this.#unexpected('the end of the text');
    return value;
  }

  #value(): JsonTree {
    this.#skipBlank();
    const at = this.#source.at(this.#offset);
    if (this.#accept('{')) return { kind: 'object', members: this.#nested(() => this.#members()), at };
    if (this.#accept('[')) {
      return { kind: 'array', items: this.#nested(() => this.#list(']', () => this.#value())), at };
    }
    const text = this.#match(STRING);
    if (text !== null) return { kind: 'string', value: JSON.parse(text) as string, at };
    const number = this.#match(NUMBER);
    if (number !== null) return { kind: 'number', value: Number(number), text: number, at };
    const word = this.#match(WORD);
    if (word === 'true' || word === 'false') return { kind: 'boolean', value: word === 'true', at };
    if (word === 'null') return { kind: 'null', at };
    this.#offset -= word?.length ?? 0;
    throw this.#unexpected('a JSON value');
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw this.#unexpected(`at most ${MAX_DEPTH} levels of nesting`);
    const result = read();
    this.#depth--;
    return result;
  }

  #members(): readonly JsonMember[] {
    const members = this.#list('}', () => this.#member());
    const seen = new Set<string>();
    for (const { name, at } of members) {
      if (seen.has(name)) throw new ConfigError(`the key "${name}" appears twice in one JSON object`, { at });
      seen.add(name);
    }
    return members;
  }

  #member(): JsonMember {
    this.#skipBlank();
    const at = this.#source.at(this.#offset);
    const text = this.#match(STRING);
    if (text === null) throw this.#unexpected('a key in double quotes');
    this.#skipBlank();
    if (!this.#accept(':')) throw this.#unexpected(`":" after the key ${text}`);
    return { name: JSON.parse(text) as string, at, value: this.#value() };
  }

  #list<T>(close: string, element: () => T): readonly T[] {
    const elements: T[] = [];
    this.#skipBlank();
    if (this.#accept(close)) return elements;
    for (;;) {
      elements.push(element());
      this.#skipBlank();
      if (this.#accept(close)) return elements;
      if (!this.#accept(',')) throw this.#unexpected(`"," or "${close}"`);
    }
  }

  #skipBlank(): void {
    this.#match(BLANK);
  }

  #accept(symbol: string): boolean {
    if (this.#source.text[this.#offset] !== symbol) return false;
    this.#offset++;
    return true;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#source.text)?.[0] ?? null;
    this.#offset += found?.length ?? 0;
    return found;
  }

  #unexpected(wanted: string): ConfigError {
    const codePoint = this.#source.text.codePointAt(this.#offset);
    const received =
      codePoint === undefined ? 'the end of the text' : JSON.stringify(String.fromCodePoint(codePoint));
    return new ConfigError(`JSON: expected ${wanted}, received ${received}`, {
      at: this.#source.at(this.#offset),
    });
  }
}

/**
 * Reads JSON, keeping the place of every value.
 * @throws ConfigError with file, line and column for text that is not JSON or repeats a key
 */
export function parseJsonTree(text: string, file: string): JsonTree {
  return new JsonParser(file, text).document();
}

/** How a JSON value appears in an error. */
export function describeJson(tree: JsonTree): string {
  switch (tree.kind) {
    case 'object':
      return 'an object';
    case 'array':
      return 'an array';
    case 'number':
      return `"${tree.text}"`;
    case 'null':
      return 'null';
    case 'string':
    case 'boolean':
      return JSON.stringify(tree.value);
  }
}
