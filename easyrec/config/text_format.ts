import { ConfigError } from '../errors.js';
import { ConfigNode } from './node.js';
import { describeExpected, enumName, parseWord, unknownField, wrongValue } from './scalars.js';
import type {
  EnumField,
  FieldSchema,
  MapField,
  MessageField,
  MessageSchema,
  Scalar,
  ScalarField,
} from './schema.js';
import { describeToken, stringBytes, TextLexer, type TextToken } from './text_lexer.js';

/** As Python protobuf's own limit; only a Struct can be nested so deeply. */
const MAX_DEPTH = 100;

type ValueField = ScalarField | EnumField;

/**
 * Reads protobuf text format into a message, as Python's `text_format.Merge` does: the last value of a repeated
 * scalar assignment wins, a message that appears twice is merged, and a oneof keeps its last member.
 */
class TextParser {
  readonly #lexer: TextLexer;
  #depth = 0;

  constructor(file: string, text: string) {
    this.#lexer = new TextLexer(file, text);
  }

  /** Reads fields up to the closing symbol, or up to the end of the text. */
  fields(node: ConfigNode, close?: '}' | '>'): void {
    for (;;) {
      if (close !== undefined && this.#lexer.accept(close)) return;
      const token = this.#lexer.current;
      if (close === undefined && token.kind === 'end') return;
      if (token.kind !== 'identifier') {
        const wanted = close === undefined ? 'a field name' : `a field name or "${close}"`;
        throw new ConfigError(`expected ${wanted} in ${node.schema.name}, received ${describeToken(token)}`, {
          at: token.at,
        });
      }
      this.#field(node, this.#lexer.next());
    }
  }

  #field(node: ConfigNode, name: TextToken): void {
    const field = node.schema.fields.get(name.text);
    if (!field) throw unknownField(node.schema, name.text, name.at);
    const colon = this.#lexer.accept(':');
    if (!colon && (field.kind === 'scalar' || field.kind === 'enum')) {
      this.#lexer.expect(':', `after field "${field.name}" of ${node.schema.name}`);
    }
    if (field.repeated || field.kind === 'map') this.#elements(node, field, name);
    else this.#value(node, field, name);
    if (!this.#lexer.accept(',')) this.#lexer.accept(';');
  }

  /** One element, or a short list `[a, b]`. */
  #elements(node: ConfigNode, field: FieldSchema, name: TextToken): void {
    if (!this.#lexer.accept('[')) {
      this.#value(node, field, name);
      return;
    }
    if (this.#lexer.accept(']')) return;
    do this.#value(node, field, this.#lexer.current);
    while (this.#lexer.accept(','));
    this.#lexer.expect(']', `or "," in the list of field "${field.name}" of ${node.schema.name}`);
  }

  #value(node: ConfigNode, field: FieldSchema, place: TextToken): void {
    switch (field.kind) {
      case 'scalar':
      case 'enum': {
        const value = this.#scalar(node.schema, field);
        if (field.repeated) node.append(field, value, place.at);
        else node.set(field, value, place.at);
        return;
      }
      case 'message': {
        this.#message(this.#target(node, field, place), node.schema, field);
        return;
      }
      case 'map':
        this.#mapEntry(node, field, place);
    }
  }

  /** The message to read into: the one already there if the field is singular, else a new one. */
  #target(node: ConfigNode, field: MessageField, place: TextToken): ConfigNode {
    const present = field.repeated ? undefined : node.child(field.name);
    if (present) return present;
    const created = new ConfigNode(field.type, place.at);
    if (field.repeated) node.append(field, created, place.at);
    else node.set(field, created, place.at);
    return created;
  }

  #message(target: ConfigNode, owner: MessageSchema, field: FieldSchema): void {
    const { at } = this.#lexer.current;
    if (++this.#depth > MAX_DEPTH) {
      throw new ConfigError(`messages are nested more than ${MAX_DEPTH} levels deep`, { at });
    }
    this.fields(target, this.#open(owner, field));
    this.#depth--;
  }

  #open(owner: MessageSchema, field: FieldSchema): '}' | '>' {
    if (this.#lexer.accept('{')) return '}';
    if (this.#lexer.accept('<')) return '>';
    const token = this.#lexer.current;
    throw new ConfigError(
      `field "${field.name}" of ${owner.name}: expected "{" to begin ${describeExpected(field)}, received ${describeToken(token)}`,
      { at: token.at },
    );
  }

  #mapEntry(node: ConfigNode, field: MapField, place: TextToken): void {
    const close = this.#open(node.schema, field);
    let key = '';
    let value = new ConfigNode(field.type, place.at);
    while (!this.#lexer.accept(close)) {
      const name = this.#lexer.next();
      if (name.kind === 'identifier' && name.text === 'key') {
        this.#lexer.expect(':', 'after "key" of a map entry');
        key = this.#string(node.schema, field);
      } else if (name.kind === 'identifier' && name.text === 'value') {
        this.#lexer.accept(':');
        value = new ConfigNode(field.type, name.at);
        this.#message(value, node.schema, field);
      } else {
        throw new ConfigError(
          `field "${field.name}" of ${node.schema.name}: expected "key" or "value", received ${describeToken(name)}`,
          { at: name.at },
        );
      }
      if (!this.#lexer.accept(',')) this.#lexer.accept(';');
    }
    node.put(field, key, value, place.at);
  }

  #scalar(owner: MessageSchema, field: ValueField): Scalar {
    if (field.kind === 'scalar' && field.type === 'string') return this.#string(owner, field);
    const token = this.#lexer.current;
    const word = token.kind === 'identifier' || token.kind === 'number';
    const value = word ? wordValue(field, token) : undefined;
    if (value === undefined) throw wrongValue(owner, field, describeToken(token), token.at);
    this.#lexer.next();
    return value;
  }

  /** Adjacent string literals are one string. */
  #string(owner: MessageSchema, field: FieldSchema): string {
    const first = this.#lexer.current;
    const bytes: Buffer[] = [];
    while (this.#lexer.current.kind === 'string') bytes.push(stringBytes(this.#lexer.next()));
    if (bytes.length === 0) {
      throw new ConfigError(
        `field "${field.name}" of ${owner.name}: expected a quoted string, received ${describeToken(first)}`,
        { at: first.at },
      );
    }
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(bytes));
    } catch (cause) {
      throw new ConfigError(
        `field "${field.name}" of ${owner.name}: expected a string of UTF-8 bytes, received ${describeToken(first)}`,
        { at: first.at, cause },
      );
    }
  }
}

function wordValue(field: ValueField, token: TextToken): Scalar | undefined {
  if (field.kind === 'scalar') return parseWord(field.type, token.text);
  if (token.kind === 'identifier') return enumName(field.type, token.text);
  const number = parseWord('int32', token.text);
  return typeof number === 'number' ? enumName(field.type, number) : undefined;
}

/**
 * Merges text-format fields into a message.
 * @param file what errors and locations name the text by
 * @throws ConfigError with file, line and column for anything that is not valid for the message's schema
 */
export function mergeText(node: ConfigNode, text: string, file: string): void {
  new TextParser(file, text).fields(node);
}

/** Reads a text-format message of the given schema. */
export function parseText(schema: MessageSchema, text: string, file: string): ConfigNode {
  const node = new ConfigNode(schema, { file, line: 1, column: 1 });
  mergeText(node, text, file);
  return node;
}
