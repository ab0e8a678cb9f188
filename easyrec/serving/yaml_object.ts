import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { inspect } from 'node:util';
import { ConfigError, didYouMean } from '../errors.js';

/** How a YAML file is read. */
export interface YamlOptions {
  /** What the file is to the user, for messages, such as `operator`. */
  readonly what: string;
  /** The keys that there may be. */
  readonly known: readonly string[];
  /** Keys and values as they might stand there, for messages. */
  readonly example: string;
}

/** The keys and values of a YAML file, or of an object in it; what is wrong is told with line and column. */
export class YamlObject {
  readonly #map: YAMLMap | null;
  readonly #file: string;
  readonly #lines: LineCounter;
  /** Goes in front of messages: `operator: `, or `functions.echo: ` within a file. */
  readonly #prefix: string;

  private constructor(map: YAMLMap | null, file: string, lines: LineCounter, prefix: string) {
    this.#map = map;
    this.#file = file;
    this.#lines = lines;
    this.#prefix = prefix;
  }

  /**
   * Reads a file's text.
   * @throws ConfigError when it is no YAML, no object, or has another key.
   */
  static parse(text: string, file: string, { what, known, example }: YamlOptions): YamlObject {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const [problem] = document.errors;
    const contents = document.contents;
    const empty = new YamlObject(null, file, lines, `${what}: `);
    if (problem !== undefined) throw empty.#at(problem.pos[0], problem.message);
    if (!isMap(contents)) throw empty.#at(0, `expected keys and values, such as "${example}"`);
    return new YamlObject(contents, file, lines, `${what}: `).#checked(known);
  }

  #checked(known: readonly string[]): this {
    for (const key of this.keys) {
      if (!known.includes(key)) throw this.keyError(key, `unknown key "${key}"${didYouMean(key, known)}`);
    }
    return this;
  }

  /** The keys that are there. */
  get keys(): readonly string[] {
    return (this.#map?.items ?? []).map(({ key }) => (isScalar(key) ? String(key.value) : String(key)));
  }

  /** An error about a key; its place is the value's. */
  error(key: string, message: string): ConfigError {
    return this.#at(this.#node(key)?.range?.[0] ?? 0, message);
  }

  /** An error about a key itself; its place is the key's. */
  keyError(key: string, message: string): ConfigError {
    const found = this.#pair(key)?.key;
    return this.#at(isScalar(found) ? (found.range?.[0] ?? 0) : 0, message);
  }

  /** @throws ConfigError when there is no value. */
  required<T>(key: string, value: T | undefined): T {
    if (value === undefined) throw this.#at(this.#map?.range?.[0] ?? 0, `${key} is missing`);
    return value;
  }

  /** @throws ConfigError for a key that has no effect, saying why. */
  refuse(keys: readonly string[], because: string): void {
    for (const key of keys) {
      if (this.#node(key) !== undefined) throw this.error(key, `${key}: has no effect since ${because}`);
    }
  }

  /** A text; numbers are taken for one. Empty ones are wrong, unless it is said that they are not. */
  string(key: string, { mayBeEmpty = false }: { readonly mayBeEmpty?: boolean } = {}): string | undefined {
    const value = this.#value(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number') return String(value);
    if (typeof value === 'string' && (mayBeEmpty || value !== '')) return value;
    throw this.#wrong(key, 'a text', value);
  }

  /** One of a few texts. */
  choice<const T extends string>(key: string, choices: readonly T[]): T | undefined {
    const value = this.string(key);
    if (value === undefined) return undefined;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw this.error(
      key,
      `${key}: expected ${choices.join(', ')}, received "${value}"${didYouMean(value, choices)}`,
    );
  }

  boolean(key: string): boolean | undefined {
    const value = this.#value(key);
    if (value === undefined || typeof value === 'boolean') return value;
    throw this.#wrong(key, 'true or false', value);
  }

  number(key: string): number | undefined {
    const value = this.#value(key);
    if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value;
    throw this.#wrong(key, 'a number', value);
  }

  /** A whole number within limits; the same written as a text is one too, as in `dimension: "512"`. */
  integer(key: string, low: number, high: number): number | undefined {
    const value = this.#value(key);
    return value === undefined ? undefined : this.#integer(key, value, low, high);
  }

  /** Whole numbers: one, or a list of them. */
  integers(key: string, low: number, high: number): readonly number[] | undefined {
    const node = this.#node(key);
    if (!isSeq(node)) {
      const value = this.integer(key, low, high);
      return value === undefined ? undefined : [value];
    }
    return node.items.map((item) => this.#integer(key, isScalar(item) ? item.value : item, low, high));
  }

  /**
   * The object that a key holds.
   * @param known the keys that there may be in it; default any.
   */
  object(key: string, known?: readonly string[]): YamlObject | undefined {
    const node = this.#node(key);
    if (node === undefined || (isScalar(node) && node.value === null)) return undefined;
    if (!isMap(node)) throw this.error(key, `${key}: expected keys and values`);
    const object = new YamlObject(
      node,
      this.#file,
      this.#lines,
      `${this.#prefix.replace(/: $/, '.')}${key}: `,
    );
    return known === undefined ? object : object.#checked(known);
  }

  /** Whether a key holds a list. */
  isList(key: string): boolean {
    return isSeq(this.#node(key));
  }

  /** A list of texts; numbers are taken for texts. */
  strings(key: string): readonly string[] {
    const node = this.#node(key);
    if (node === undefined || (isScalar(node) && node.value === null)) return [];
    if (!isSeq(node)) throw this.error(key, `${key}: expected a list, such as "- text"`);
    return node.items.map((item) => {
      const value = isScalar(item) ? item.value : item;
      if (typeof value === 'number' || (typeof value === 'string' && value !== '')) return String(value);
      throw this.#wrong(key, 'a list of texts', isScalar(item) ? value : String(item));
    });
  }

  /** An object's values as they are written: `yes`, `1.10` and `null` stay what they are. */
  texts(key: string): Readonly<Record<string, string>> {
    const object = this.object(key);
    return object === undefined
      ? {}
      : Object.fromEntries(object.keys.map((name) => [name, object.text(name)]));
  }

  /** One value as it is written, without its quotes. */
  text(key: string): string {
    const node = this.#node(key);
    if (node === undefined) return '';
    if (!isScalar(node)) throw this.error(key, `${key}: expected one value, received several`);
    return typeof node.value === 'string' ? node.value : (node.source ?? '');
  }

  #integer(key: string, value: unknown, low: number, high: number): number {
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= low && number <= high)
      return number;
    throw this.#wrong(key, `an integer from ${low} to ${high}`, value);
  }

  /** The value of a key; a key without one counts as not there. */
  #value(key: string): unknown {
    const node = this.#node(key);
    if (node === undefined || !isScalar(node)) {
      if (node !== undefined) throw this.error(key, `${key}: expected one value, received several`);
      return undefined;
    }
    return node.value ?? undefined;
  }

  #node(key: string): Node | undefined {
    const node: unknown = this.#pair(key)?.value;
    return node === undefined || node === null ? undefined : (node as Node);
  }

  /** Keys are compared as texts: a function may be named `123`. */
  #pair(key: string): Pair | undefined {
    return this.#map?.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
  }

  #wrong(key: string, expected: string, value: unknown): ConfigError {
    return this.error(key, `${key}: expected ${expected}, received ${inspect(value)}`);
  }

  #at(offset: number, message: string): ConfigError {
    const { line, col } = this.#lines.linePos(offset);
    return new ConfigError(`${this.#prefix}${message}`, { at: { file: this.#file, line, column: col } });
  }
}
