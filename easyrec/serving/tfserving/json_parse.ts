import { JsonScanner } from './json_scanner.js';
import { JsonObject, type JsonMember, type JsonValue } from './json_value.js';

/** A container whose end has not come yet. */
type Open = { readonly items: JsonValue[] } | { readonly members: JsonMember[]; key: string };

/** What may come next; the names tell what came last. */
type State =
  | 'start'
  | 'openObject'
  | 'key'
  | 'colon'
  | 'member'
  | 'memberComma'
  | 'openArray'
  | 'element'
  | 'elementComma';

/**
 * Reads the JSON value that `bytes` begin with, as TensorFlow Serving does: `NaN`, `Inf` and `Infinity` are numbers,
 * integers stay exact, bytes after the value are ignored, and nesting is limited by memory only.
 * @throws ServingError `JSON Parse error: … at offset: N`.
 */
export function parseJson(bytes: Uint8Array): JsonValue {
  return new JsonParser(bytes).parse();
}

class JsonParser {
  readonly #scanner: JsonScanner;
  readonly #open: Open[] = [];
  #state: State = 'start';

  constructor(bytes: Uint8Array) {
    this.#scanner = new JsonScanner(bytes);
  }

  parse(): JsonValue {
    const scanner = this.#scanner;
    scanner.skipWhitespace();
    while (scanner.peek() !== 0) {
      const value = this.#step(scanner.peek());
      if (value !== undefined) return value;
      scanner.skipWhitespace();
    }
    return this.#unexpected();
  }

  /** Takes one token; the whole document's value once it is complete. */
  #step(c: number): JsonValue | undefined {
    switch (this.#state) {
      case 'openObject':
        if (c === 0x7d) return this.#closeObject();
        return this.#key(c);
      case 'memberComma':
        return this.#key(c);
      case 'key':
        if (c !== 0x3a) return this.#unexpected();
        return this.#delimiter('colon');
      case 'member':
        if (c === 0x7d) return this.#closeObject();
        if (c !== 0x2c) return this.#unexpected();
        return this.#delimiter('memberComma');
      case 'element':
        if (c === 0x5d) return this.#closeArray();
        if (c !== 0x2c) return this.#unexpected();
        return this.#delimiter('elementComma');
      case 'openArray':
        if (c === 0x5d) return this.#closeArray();
        return this.#value(c);
      case 'start':
      case 'colon':
      case 'elementComma':
        return this.#value(c);
    }
  }

  #delimiter(next: State): JsonValue | undefined {
    this.#scanner.at++;
    this.#state = next;
    return undefined;
  }

  #key(c: number): JsonValue | undefined {
    if (c !== 0x22) return this.#unexpected();
    const key = this.#scanner.text();
    const open = this.#open.at(-1);
    if (open && 'members' in open) open.key = key;
    this.#state = 'key';
    return undefined;
  }

  #value(c: number): JsonValue | undefined {
    const scanner = this.#scanner;
    switch (c) {
      case 0x7b: // {
        scanner.at++;
        this.#open.push({ members: [], key: '' });
        this.#state = 'openObject';
        return undefined;
      case 0x5b: // [
        scanner.at++;
        this.#open.push({ items: [] });
        this.#state = 'openArray';
        return undefined;
      case 0x22: // "
        return this.#deliver(scanner.string());
      case 0x6e: // n
        return this.#deliver(scanner.literal('null', null));
      case 0x74: // t
        return this.#deliver(scanner.literal('true', true));
      case 0x66: // f
        return this.#deliver(scanner.literal('false', false));
      case 0x2c: // ,
      case 0x3a: // :
      case 0x5d: // ]
      case 0x7d: // }
        return this.#unexpected();
      default:
        return this.#deliver(scanner.number());
    }
  }

  #closeObject(): JsonValue | undefined {
    this.#scanner.at++;
    const open = this.#open.pop();
    return this.#deliver(new JsonObject(open && 'members' in open ? open.members : []));
  }

  #closeArray(): JsonValue | undefined {
    this.#scanner.at++;
    const open = this.#open.pop();
    return this.#deliver(open && 'items' in open ? open.items : []);
  }

  /** Puts a complete value where it belongs; the document itself if it belongs nowhere. */
  #deliver(value: JsonValue): JsonValue | undefined {
    const open = this.#open.at(-1);
    if (open === undefined) return value;
    if ('members' in open) {
      open.members.push({ key: open.key, value });
      this.#state = 'member';
    } else {
      open.items.push(value);
      this.#state = 'element';
    }
    return undefined;
  }

  #unexpected(): never {
    switch (this.#state) {
      case 'start':
        return this.#scanner.fail('documentEmpty');
      case 'openObject':
      case 'memberComma':
        return this.#scanner.fail('missingName');
      case 'key':
        return this.#scanner.fail('missingColon');
      case 'member':
        return this.#scanner.fail('missingCommaOrBrace');
      case 'element':
        return this.#scanner.fail('missingCommaOrBracket');
      case 'openArray':
      case 'colon':
      case 'elementComma':
        return this.#scanner.fail('invalidValue');
    }
  }
}
