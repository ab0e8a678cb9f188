import type { SourceLocation } from '../errors.js';
import type { MessageTypes, Struct, Value } from './generated/types.js';
import { ConfigNode, type FieldState, type NodeValue } from './node.js';
import { type FieldSchema, messageSchema } from './schema.js';
import { parseText } from './text_format.js';

/** What a frozen message was made from: which fields were set, and where. */
const ORIGINS = new WeakMap<object, ConfigNode>();

const NOTHING: readonly unknown[] = Object.freeze([]);

/** Turns a complete node into a plain, deep-frozen message with every default resolved. */
export function freezeNode(node: ConfigNode): object {
  const message: Record<string, unknown> = {};
  for (const field of node.schema.fields.values())
    message[field.name] = frozenField(field, node.get(field.name));
  for (const [oneof, members] of node.schema.oneofs) {
    message[`which_${oneof}`] = members.find((member) => node.get(member) !== undefined) ?? null;
  }
  ORIGINS.set(message, node);
  return Object.freeze(message);
}

function frozenValue(value: NodeValue): unknown {
  return value instanceof ConfigNode ? freezeNode(value) : value;
}

function frozenField(field: FieldSchema, state: FieldState | undefined): unknown {
  if (state?.kind === 'one') return frozenValue(state.value);
  if (state?.kind === 'many') return Object.freeze(state.items.map(({ value }) => frozenValue(value)));
  if (field.kind === 'map') {
    const entries = state?.kind === 'map' ? [...state.entries] : [];
    // Keys are the user's: without a prototype no key means anything but itself.
    const map: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const [key, { value }] of entries) map[key] = freezeNode(value);
    return Object.freeze(map);
  }
  if (field.repeated) return NOTHING;
  return field.kind === 'message' ? null : field.default;
}

/** The node that a frozen message was made from; copies made with `{ ...message }` have none. */
export function nodeOf(message: object): ConfigNode {
  const node = ORIGINS.get(message);
  if (!node) throw new TypeError('not a config message: expected one that the config parser made');
  return node;
}

/** Freezes a node as the message that `name` says it is. */
export function typedMessage<K extends keyof MessageTypes>(name: K, node: ConfigNode): MessageTypes[K] {
  if (node.schema !== messageSchema(name))
    throw new TypeError(`expected a ${name}, received a ${node.schema.name}`);
  return freezeNode(node) as MessageTypes[K];
}

/** Reads one message from text format: `parseMessage('MLP', 'hidden_units: [64, 32]')`. */
export function parseMessage<K extends keyof MessageTypes>(
  name: K,
  text: string,
  file = `<${name}>`,
): MessageTypes[K] {
  return typedMessage(name, parseText(messageSchema(name), text, file));
}

/** A message of which no field is set: what an absent message stands for where EasyRec reads its defaults. */
export function defaultMessage<K extends keyof MessageTypes>(name: K): MessageTypes[K] {
  return parseMessage(name, '');
}

/** Whether a field was set in the config (a repeated one: has elements), as EasyRec's HasField. */
export function has<M extends object>(message: M, field: keyof M & string): boolean {
  return nodeOf(message).get(field) !== undefined;
}

/** The name of a message's type: `TrainConfig`, `DatasetConfig.Field`. */
export function messageName(message: object): string {
  return nodeOf(message).schema.name;
}

/**
 * Where a message or one of its fields was written.
 * @param index which element of a repeated field; the first if not given
 * @returns the message's own place if the field is not set
 */
export function locationOf<M extends object>(
  message: M,
  field?: keyof M & string,
  index = 0,
): SourceLocation {
  const node = nodeOf(message);
  const state = field === undefined ? undefined : node.get(field);
  switch (state?.kind) {
    case undefined:
      return node.at;
    case 'one':
      return state.at;
    case 'many':
      return state.items[index]?.at ?? node.at;
    case 'map':
      return state.entries.values().next().value?.at ?? node.at;
  }
}

/** The set member of a oneof: its name and its value. */
export type OneofCase<M, O extends string> =
  M extends Readonly<Record<`which_${O}`, infer K>>
    ? { [N in K & keyof M & string]: { readonly case: N; readonly value: NonNullable<M[N]> } }[K &
        keyof M &
        string]
    : never;

/** The set member of a oneof, for `switch (chosen.case)` with `chosen.value` of the right type; null if none is set. */
export function oneofCase<O extends string, M extends Readonly<Record<`which_${O}`, string | null>>>(
  message: M,
  oneof: O,
): OneofCase<M, O> | null {
  const name: string | null = message[`which_${oneof}`];
  if (name === null) return null;
  const value: unknown = Object.getOwnPropertyDescriptor(message, name)?.value;
  return { case: name, value } as OneofCase<M, O>;
}

/** Data that a Struct (`st_params`) holds. */
export type PlainData = null | boolean | number | string | readonly PlainData[] | PlainObject;
/** Values of a Struct by key. */
export interface PlainObject {
  readonly [key: string]: PlainData;
}

/** The values of a Struct by their keys; an object without prototype. */
export function structToPlain(struct: Struct): PlainObject {
  const plain: Record<string, PlainData> = Object.create(null) as Record<string, PlainData>;
  for (const [key, value] of Object.entries(struct.fields)) plain[key] = valueToPlain(value);
  return Object.freeze(plain);
}

/** The data of one Value; one that holds nothing is null. */
export function valueToPlain(value: Value): PlainData {
  switch (value.which_kind) {
    case 'number_value':
      return value.number_value;
    case 'string_value':
      return value.string_value;
    case 'bool_value':
      return value.bool_value;
    case 'struct_value':
      return value.struct_value === null ? null : structToPlain(value.struct_value);
    case 'list_value':
      return Object.freeze((value.list_value?.values ?? []).map(valueToPlain));
    case 'null_value':
    case null:
      return null;
  }
}
