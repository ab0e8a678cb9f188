interface Level {
  readonly inArray: boolean;
  count: number;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/**
 * Writes JSON laid out as TensorFlow Serving does (four spaces; optionally arrays on one line), byte for byte.
 * Strings given as bytes are written as they are, even if they are not UTF-8.
 */
export class JsonWriter {
  /** Arrays begun, continued or ended while this is true stay on one line. */
  singleLineArrays = false;
  /** One character per byte, so that any bytes can pass. */
  #text = '';
  readonly #levels: Level[] = [];

  /** Bytes written so far. */
  get size(): number {
    return this.#text.length;
  }

  startObject(): void {
    this.#prefix();
    this.#levels.push({ inArray: false, count: 0 });
    this.#text += '{';
  }

  endObject(): void {
    const empty = this.#levels.pop()?.count === 0;
    this.#text += empty ? '}' : `\n${this.#indent()}}`;
  }

  startArray(): void {
    this.#prefix();
    this.#levels.push({ inArray: true, count: 0 });
    this.#text += '[';
  }

  endArray(): void {
    const empty = this.#levels.pop()?.count === 0;
    this.#text += empty || this.singleLineArrays ? ']' : `\n${this.#indent()}]`;
  }

  /** A key of the object that is open. */
  key(name: string): void {
    this.string(name);
  }

  string(value: string | Uint8Array): void {
    this.#prefix();
    const bytes =
      typeof value === 'string'
        ? Buffer.from(value)
        : Buffer.from(value.buffer, value.byteOffset, value.length);
    this.#text += `"${bytes.toString('latin1').replace(/["\\\u0000-\u001f]/g, escape)}"`;
  }

  /** A value that is JSON already, in ASCII. */
  raw(text: string): void {
    this.#prefix();
    this.#text += text;
  }

  /** What a value's place asks for before it, without the value itself. */
  placeOnly(): void {
    this.#prefix();
  }

  toBytes(): Buffer {
    return Buffer.from(this.#text, 'latin1');
  }

  #prefix(): void {
    const level = this.#levels.at(-1);
    if (level === undefined) return;
    const { inArray, count } = level;
    if (inArray) {
      if (count > 0) this.#text += this.singleLineArrays ? ', ' : ',';
      if (!this.singleLineArrays) this.#text += `\n${this.#indent()}`;
    } else if (count % 2 === 1) {
      this.#text += ': ';
    } else {
      this.#text += `${count > 0 ? ',' : ''}\n${this.#indent()}`;
    }
    level.count++;
  }

  #indent(): string {
    return ' '.repeat(4 * this.#levels.length);
  }
}

function escape(character: string): string {
  return ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}
