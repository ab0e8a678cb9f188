import { ConfigError } from '../errors.js';
import { describeJson, type JsonMember, type JsonTree, parseJsonTree } from './json_tree.js';
import { ConfigNode } from './node.js';
import { describeExpected, enumName, isIntegerOf, toFloat, unknownField, wrongValue } from './scalars.js';
import {
  type EnumField,
  type FieldSchema,
  type MapField,
  type MessageSchema,
  messageSchema,
  type Scalar,
  type ScalarField,
} from './schema.js';

/** `hidden_units` as proto JSON spells it: `hiddenUnits`. */
function camelCase(name: string): string {
  return name.replace(/_([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase()).replace(/_/g, '');
}

function findField(schema: MessageSchema, member: JsonMember): FieldSchema {
  const exact = schema.fields.get(member.name);
  if (exact) return exact;
  for (const field of schema.fields.values()) if (camelCase(field.name) === member.name) return field;
  throw unknownField(schema, member.name, member.at);
}

function readObject(node: ConfigNode, tree: JsonTree): void {
  if (tree.kind !== 'object') {
    throw new ConfigError(`expected an object for ${node.schema.name}, received ${describeJson(tree)}`, {
      at: tree.at,
    });
  }
  for (const member of tree.members) readMember(node, member);
}

function readMember(node: ConfigNode, member: JsonMember): void {
  const field = findField(node.schema, member);
  const { value, at } = member;
  // A null stands for an absent field, except where null is itself a value (google.protobuf.Value).
  if (value.kind === 'null' && !(field.kind === 'message' && field.type.name === 'Value')) return;
  if (node.get(field.name)) {
    throw new ConfigError(`field "${field.name}" of ${node.schema.name} is set twice`, { at });
  }
  checkOneof(node, field, member);
  if (field.kind === 'map') readMap(node, field, value);
  else if (!field.repeated) node.set(field, readValue(node.schema, field, value, member), at);
  else if (value.kind === 'array') {
    for (const item of value.items) {
      node.append(field, readValue(node.schema, field, item, { ...member, at: item.at }), item.at);
    }
  } else throw wrongKind(node.schema, field, value, `an array, each element ${describeExpected(field)}`);
}

function checkOneof(node: ConfigNode, field: FieldSchema, member: JsonMember): void {
  if (field.oneof === null) return;
  const other = node.schema.oneofs.get(field.oneof)?.find((name) => node.get(name));
  if (other !== undefined) {
    throw new ConfigError(
      `field "${field.name}" of ${node.schema.name}: "${other}" is set already, and only one of oneof ${field.oneof} may be`,
      { at: member.at },
    );
  }
}

function wrongKind(owner: MessageSchema, field: FieldSchema, value: JsonTree, expected: string): ConfigError {
  return new ConfigError(
    `field "${field.name}" of ${owner.name}: expected ${expected}, received ${describeJson(value)}`,
    { at: value.at },
  );
}

function readMap(node: ConfigNode, field: MapField, tree: JsonTree): void {
  if (tree.kind !== 'object') throw wrongKind(node.schema, field, tree, 'an object');
  for (const entry of tree.members) {
    node.put(field, entry.name, readMessage(field.type, entry.value, entry), entry.at);
  }
}

function readValue(
  owner: MessageSchema,
  field: Exclude<FieldSchema, MapField>,
  tree: JsonTree,
  member: JsonMember,
): Scalar | ConfigNode {
  if (field.kind === 'message') return readMessage(field.type, tree, member);
  const value = field.kind === 'enum' ? enumValue(field, tree) : scalarValue(field, tree);
  if (value === undefined) throw wrongValue(owner, field, describeJson(tree), tree.at);
  return value;
}

function readMessage(schema: MessageSchema, tree: JsonTree, member: JsonMember): ConfigNode {
  const node = new ConfigNode(schema, member.at);
  const field = (name: string): FieldSchema => {
    const found = schema.fields.get(name);
    if (!found) throw new Error(`google.protobuf.${schema.name} has no field ${name}`);
    return found;
  };
  // Struct, Value and ListValue are written in JSON as the data they hold.
  if (schema.name === 'Struct') {
    const fields = field('fields');
    if (fields.kind === 'map') readMap(node, fields, tree);
  } else if (schema.name === 'ListValue') {
    const values = field('values');
    if (tree.kind !== 'array') throw wrongKind(schema, values, tree, 'an array');
    for (const item of tree.items) {
      node.append(values, readMessage(messageSchema('Value'), item, { ...member, at: item.at }), item.at);
    }
  } else if (schema.name === 'Value') readData(node, field, tree, member);
  else readObject(node, tree);
  return node;
}

function readData(
  node: ConfigNode,
  field: (name: string) => FieldSchema,
  tree: JsonTree,
  member: JsonMember,
): void {
  switch (tree.kind) {
    case 'object':
      node.set(field('struct_value'), readMessage(messageSchema('Struct'), tree, member), tree.at);
      return;
    case 'array':
      node.set(field('list_value'), readMessage(messageSchema('ListValue'), tree, member), tree.at);
      return;
    case 'string':
      node.set(field('string_value'), tree.value, tree.at);
      return;
    case 'number':
      node.set(field('number_value'), tree.value, tree.at);
      return;
    case 'boolean':
      node.set(field('bool_value'), tree.value, tree.at);
      return;
    case 'null':
      node.set(field('null_value'), 'NULL_VALUE', tree.at);
  }
}

function enumValue(field: EnumField, tree: JsonTree): string | undefined {
  return tree.kind === 'string' || tree.kind === 'number' ? enumName(field.type, tree.value) : undefined;
}

const NUMBER_TEXT = /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Numbers may be quoted, as proto JSON writes 64-bit ones; infinities and NaN must be. */
function numberOf(tree: JsonTree): number | undefined {
  if (tree.kind === 'number') return tree.value;
  if (tree.kind !== 'string') return undefined;
  if (['NaN', 'Infinity', '-Infinity'].includes(tree.value) || NUMBER_TEXT.test(tree.value))
    return Number(tree.value);
  return undefined;
}

function scalarValue(field: ScalarField, tree: JsonTree): Scalar | undefined {
  switch (field.type) {
    case 'string':
      return tree.kind === 'string' ? tree.value : undefined;
    case 'bool':
      return tree.kind === 'boolean' ? tree.value : undefined;
    case 'float':
    case 'double': {
      const value = numberOf(tree);
      return value === undefined ? undefined : toFloat(field.type, value);
    }
    case 'int32':
    case 'int64':
    case 'uint32':
    case 'uint64': {
      const value = numberOf(tree);
      return value !== undefined && isIntegerOf(field.type, value) ? value : undefined;
    }
  }
}

/**
 * Reads a message from proto JSON: enums by name or number, field names in snake_case or camelCase.
 * @throws ConfigError with file, line and column for anything that is not valid for the schema
 */
export function parseJson(schema: MessageSchema, text: string, file: string): ConfigNode {
  const tree = parseJsonTree(text, file);
  const node = new ConfigNode(schema, tree.at);
  readObject(node, tree);
  return node;
}
