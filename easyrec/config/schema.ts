import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { packageFile } from '../package_files.js';

/** A value of a field that is not a message; enums are kept by name. */
export type Scalar = string | number | boolean;

export type ScalarType = 'double' | 'float' | 'int32' | 'int64' | 'uint32' | 'uint64' | 'bool' | 'string';

interface FieldBase {
  readonly name: string;
  readonly number: number;
  readonly repeated: boolean;
  /** The oneof the field is a member of. */
  readonly oneof: string | null;
}

/** A field of numbers, text, bytes or truth values. */
export interface ScalarField extends FieldBase {
  readonly kind: 'scalar';
  readonly type: ScalarType;
  readonly default: Scalar;
}

/** A field whose value is one of a few names. */
export interface EnumField extends FieldBase {
  readonly kind: 'enum';
  readonly type: EnumSchema;
  readonly default: string;
}

/** A field that holds messages. */
export interface MessageField extends FieldBase {
  readonly kind: 'message';
  readonly type: MessageSchema;
}

/** A map from strings to messages: the only kind of map in the config's schema (google.protobuf.Struct). */
export interface MapField extends FieldBase {
  readonly kind: 'map';
  readonly type: MessageSchema;
}

export type FieldSchema = ScalarField | EnumField | MessageField | MapField;

/** An enum: its names and their numbers. */
export interface EnumSchema {
  readonly name: string;
  readonly values: ReadonlyMap<string, number>;
}

/** A message: its fields by name. */
export interface MessageSchema {
  /** As EasyRec's users write it, without the package: `TrainConfig`, `DatasetConfig.Field`. */
  readonly name: string;
  /** By field name, in the order of declaration. */
  readonly fields: ReadonlyMap<string, FieldSchema>;
  /** Names of the members by name of the oneof. */
  readonly oneofs: ReadonlyMap<string, readonly string[]>;
}

const SCALAR_TYPES: ReadonlySet<string> = new Set<ScalarType>([
  'double',
  'float',
  'int32',
  'int64',
  'uint32',
  'uint64',
  'bool',
  'string',
]);

/** Files of the schema that no pipeline.config refers to: requests and responses of EasyRec's servers. */
const SERVING_ONLY: ReadonlySet<string> = new Set(['predict.proto', 'tf_predict.proto']);

/** What `st_params` is made of; our own text, because protobufjs' built-in copy has its field names in camelCase. */
const STRUCT = join('google', 'protobuf', 'struct.proto');

function parseProtos(): protobuf.Root {
  const folder = packageFile('easyrec/config/protos');
  const root = new protobuf.Root();
  // Imports need no resolving: every file goes into one root.
  for (const file of [...readdirSync(folder).sort(), STRUCT]) {
    if (!file.endsWith('.proto') || SERVING_ONLY.has(file)) continue;
    protobuf.parse(readFileSync(join(folder, file), 'utf8'), root, { keepCase: true });
  }
  root.resolveAll();
  return root;
}

function shortName(fullName: string): string {
  return fullName.replace(/^\./, '').replace(/^protos\.|^google\.protobuf\./, '');
}

function implicitDefault(type: ScalarType): Scalar {
  if (type === 'string') return '';
  return type === 'bool' ? false : 0;
}

function isScalarType(type: string): type is ScalarType {
  return SCALAR_TYPES.has(type);
}

/** Turns protobufjs' reflection objects, each once, into the smaller ones that the rest of the folder works with. */
class SchemaBuilder {
  readonly #messages = new Map<protobuf.Type, MessageSchema>();
  readonly #enums = new Map<protobuf.Enum, EnumSchema>();

  message(type: protobuf.Type): MessageSchema {
    const known = this.#messages.get(type);
    if (known) return known;
    const fields = new Map<string, FieldSchema>();
    const oneofs = new Map(type.oneofsArray.map((oneof) => [oneof.name, oneof.oneof]));
    const schema: MessageSchema = { name: shortName(type.fullName), fields, oneofs };
    this.#messages.set(type, schema); // before its fields: messages may contain themselves
    for (const field of type.fieldsArray) fields.set(field.name, this.#field(field));
    return schema;
  }

  #field(field: protobuf.Field): FieldSchema {
    const { name, id: number, repeated } = field;
    const base: FieldBase = { name, number, repeated, oneof: field.partOf?.name ?? null };
    const { resolvedType } = field;
    const explicit: unknown = field.options?.['default'];
    if (resolvedType instanceof protobuf.Type) {
      if (!field.map) return { ...base, kind: 'message', type: this.message(resolvedType) };
      return { ...base, kind: 'map', type: this.message(resolvedType) };
    }
    if (resolvedType instanceof protobuf.Enum) {
      const type = this.#enum(resolvedType);
      const first = type.values.keys().next().value ?? '';
      return { ...base, kind: 'enum', type, default: typeof explicit === 'string' ? explicit : first };
    }
    if (!isScalarType(field.type) || field.map) {
      throw new Error(`${field.fullName}: a field of type ${field.type} is not supported in a config`);
    }
    return { ...base, kind: 'scalar', type: field.type, default: scalarDefault(field.type, explicit) };
  }

  #enum(type: protobuf.Enum): EnumSchema {
    const known = this.#enums.get(type);
    if (known) return known;
    const schema = { name: shortName(type.fullName), values: new Map(Object.entries(type.values)) };
    this.#enums.set(type, schema);
    return schema;
  }
}

function scalarDefault(type: ScalarType, explicit: unknown): Scalar {
  if (typeof explicit === 'number' && type === 'float') return Math.fround(explicit);
  if (typeof explicit === 'string' || typeof explicit === 'number' || typeof explicit === 'boolean') {
    return explicit;
  }
  return implicitDefault(type);
}

function collect(namespace: protobuf.NamespaceBase, found: protobuf.Type[]): protobuf.Type[] {
  for (const nested of namespace.nestedArray) {
    if (nested instanceof protobuf.Type) found.push(nested);
    if (nested instanceof protobuf.Namespace) collect(nested, found);
  }
  return found;
}

function buildSchemas(): ReadonlyMap<string, MessageSchema> {
  const builder = new SchemaBuilder();
  const types = collect(parseProtos(), []);
  return new Map(types.map((type) => [shortName(type.fullName), builder.message(type)]));
}

/** Calls `make` at the first call only and hands out its result ever after. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/**
 * Every message a pipeline.config can contain, by its name without the package.
 * The .proto files are read at the first call (about 40 ms) and kept.
 */
export const configSchemas: () => ReadonlyMap<string, MessageSchema> = once(buildSchemas);

/** The schema of one message. */
export function messageSchema(name: string): MessageSchema {
  const schema = configSchemas().get(name);
  if (!schema) throw new Error(`there is no config message named "${name}"`);
  return schema;
}
