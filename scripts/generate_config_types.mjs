// node scripts/generate_config_types.mjs [--check]
// Writes easyrec/config/generated/types.ts, the TypeScript interfaces of the messages in easyrec/config/protos.
// With --check nothing is written: exits 1 if the file is not what would be written.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

const PROTOS = fileURLToPath(new URL('../easyrec/config/protos/', import.meta.url));
const OUTPUT = fileURLToPath(new URL('../easyrec/config/generated/types.ts', import.meta.url));
const SERVING_ONLY = new Set(['predict.proto', 'tf_predict.proto']);

function loadRoot() {
  const root = new protobuf.Root();
  for (const file of [...readdirSync(PROTOS).sort(), 'google/protobuf/struct.proto']) {
    if (!file.endsWith('.proto') || SERVING_ONLY.has(file)) continue;
    protobuf.parse(readFileSync(join(PROTOS, file), 'utf8'), root, { keepCase: true });
  }
  return root.resolveAll();
}

function collect(namespace, kind, found = []) {
  for (const nested of namespace.nestedArray) {
    if (nested instanceof kind) found.push(nested);
    if (nested instanceof protobuf.Namespace) collect(nested, kind, found);
  }
  return found;
}

const configName = (type) => type.fullName.replace(/^\.?(protos|google\.protobuf)\./, '');
const typeName = (type) => configName(type).replaceAll('.', '_');
const byName = (a, b) => (typeName(a) < typeName(b) ? -1 : 1);

function valueType(field) {
  const { resolvedType } = field;
  if (resolvedType) return typeName(resolvedType);
  if (field.type === 'string') return 'string';
  return field.type === 'bool' ? 'boolean' : 'number';
}

function fieldType(field) {
  const value = valueType(field);
  if (field.map) return `Readonly<Record<string, ${value}>>`;
  if (field.repeated) return `readonly ${value}[]`;
  return field.resolvedType instanceof protobuf.Type ? `${value} | null` : value;
}

function fieldDoc(field) {
  const explicit = field.options?.default;
  const notes = [];
  if (explicit !== undefined) {
    const isEnum = field.resolvedType instanceof protobuf.Enum;
    notes.push(`Default ${typeof explicit === 'string' && !isEnum ? JSON.stringify(explicit) : explicit}.`);
  }
  if (field.partOf) notes.push(`Member of oneof ${field.partOf.name}.`);
  return notes.length > 0 ? `  /** ${notes.join(' ')} */\n` : '';
}

function messageText(type) {
  if (type.fieldsArray.length === 0)
    return `export type ${typeName(type)} = Readonly<Record<never, never>>;\n`;
  const fields = type.fieldsArray.map(
    (field) => `${fieldDoc(field)}  readonly ${field.name}: ${fieldType(field)};\n`,
  );
  const oneofs = type.oneofsArray.map((oneof) => {
    const members = oneof.oneof.map((name) => `'${name}'`).join(' | ');
    return `  /** The member of oneof ${oneof.name} that is set. */\n  readonly which_${oneof.name}: ${members} | null;\n`;
  });
  return `export interface ${typeName(type)} {\n${fields.join('')}${oneofs.join('')}}\n`;
}

function enumText(type) {
  return `export type ${typeName(type)} =\n${Object.keys(type.values)
    .map((name) => `  | '${name}'`)
    .join('\n')};\n`;
}

function mapText(messages) {
  const rows = messages.map((type) => `  readonly '${configName(type)}': ${typeName(type)};\n`);
  return `/** Interfaces by the name of the message. */\nexport interface MessageTypes {\n${rows.join('')}}\n`;
}

function generate() {
  const root = loadRoot();
  const messages = collect(root, protobuf.Type).sort(byName);
  const enums = collect(root, protobuf.Enum).sort(byName);
  const header =
    '// Generated from easyrec/config/protos by scripts/generate_config_types.mjs; do not edit.\n';
  return [header, ...enums.map(enumText), ...messages.map(messageText), mapText(messages)].join('\n');
}

const text = generate();
if (process.argv.includes('--check')) {
  let present = '';
  try {
    present = readFileSync(OUTPUT, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  if (present !== text) {
    console.error('easyrec/config/generated/types.ts is stale: run node scripts/generate_config_types.mjs');
    process.exit(1);
  }
} else {
  mkdirSync(dirname(OUTPUT), { recursive: true });
  writeFileSync(OUTPUT, text);
}
