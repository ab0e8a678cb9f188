import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { inspect } from 'node:util';
import { ConfigError, didYouMean } from '../../errors.js';

/** The keys and values of a YAML file that is one flat object; what is wrong is told with line and column. */
export class YamlObject {
  readonly #map: YAMLMap | null;
  readonly #file: string;
  readonly #lines: LineCounter;

  private constructor(map: YAMLMap | null, file: string, lines: LineCounter) {
    this.#map = map;
    this.#file = file;
    this.#lines = lines;
  }

  /**
   * Reads a file's text.
   * @param known the keys that there may be.
   * @throws ConfigError when it is no YAML, no object, or has another key.
   */
  static parse(text: string, file: string, known: readonly string[]): YamlObject {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const [problem] = document.errors;
    const contents = document.contents;
    const empty = new YamlObject(null, file, lines);
    if (problem !== undefined) throw empty.#at(problem.pos[0], problem.message);
    if (!isMap(contents)) throw empty.#at(0, 'expected keys and values, such as "name: resnet50_encoder"');
    const object = new YamlObject(contents, file, lines);
    for (const key of object.keys) {
      if (!known.includes(key)) throw object.error(key, `unknown key "${key}"${didYouMean(key, known)}`);
    }
    return object;
  }

  /** The keys that are there. */
  get keys(): readonly string[] {
    return (this.#map?.items ?? []).map(({ key }) => (isScalar(key) ? String(key.value) : String(key)));
  }

  /** An error about a key; its place is the value's. */
  error(key: string, message: string): ConfigError {
    return this.#at(this.#node(key)?.range?.[0] ?? 0, message);
  }

  /** @throws ConfigError when there is no value. */
  required<T>(key: string, value: T | undefined): T {
    if (value === undefined) throw this.#at(0, `${key} is missing`);
    return value;
  }

  /** @throws ConfigError for a key that has no effect, saying why. */
  refuse(keys: readonly string[], because: string): void {
    for (const key of keys) {
      if (this.#node(key) !== undefined) throw this.error(key, `${key}: has no effect since ${because}`);
    }
  }

  /** A text that is not empty; numbers are taken for one. */
  string(key: string): string | undefined {
    const value = this.#value(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number') return String(value);
    if (typeof value === 'string' && value !== '') return value;
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
    const node: unknown = this.#map?.get(key, true);
    return node === undefined || node === null ? undefined : (node as Node);
  }

  #wrong(key: string, expected: string, value: unknown): ConfigError {
    return this.error(key, `${key}: expected ${expected}, received ${inspect(value)}`);
  }

  #at(offset: number, message: string): ConfigError {
    const { line, col } = this.#lines.linePos(offset);
    return new ConfigError(`operator: ${message}`, { at: { file: this.#file, line, column: col } });
  }
}
