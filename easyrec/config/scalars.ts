import { ConfigError, didYouMean, type SourceLocation } from '../errors.js';
import type {
  EnumField,
  EnumSchema,
  FieldSchema,
  MessageSchema,
  Scalar,
  ScalarField,
  ScalarType,
} from './schema.js';

type IntegerType = 'int32' | 'int64' | 'uint32' | 'uint64';

// 64-bit fields are JavaScript numbers: exact up to 2^53, far above any count or size a config can mean.
const INTEGER_RANGES: Readonly<Record<IntegerType, readonly [number, number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
};

function isIntegerType(type: ScalarType): type is IntegerType {
  return type in INTEGER_RANGES;
}

/** Whether a number is a whole one that the field's type can hold. */
export function isIntegerOf(type: IntegerType, value: number): boolean {
  const [low, high] = INTEGER_RANGES[type];
  return Number.isInteger(value) && value >= low && value <= high;
}

const INTEGER = /^(?<sign>[+-]?)(?:0[xX](?<hex>[0-9a-fA-F]+)|0(?<octal>[0-7]+)|(?<decimal>0|[1-9]\d*))$/;
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fF]?$/;
const INFINITE = /^(?<sign>[+-]?)inf(?:inity)?f?$/i;
const NOT_A_NUMBER = /^[+-]?nanf?$/i;

function parseInteger(text: string): number | undefined {
  const groups = INTEGER.exec(text)?.groups;
  if (!groups) return undefined;
  const magnitude =
    groups['hex'] !== undefined
      ? parseInt(groups['hex'], 16)
      : groups['octal'] !== undefined
        ? parseInt(groups['octal'], 8)
        : Number(groups['decimal']);
  return groups['sign'] === '-' && magnitude !== 0 ? -magnitude : magnitude;
}

function parseFloatText(text: string): number | undefined {
  if (FLOAT.test(text)) return Number(text.replace(/[fF]$/, ''));
  if (NOT_A_NUMBER.test(text)) return NaN;
  const infinite = INFINITE.exec(text);
  return infinite ? (infinite.groups?.['sign'] === '-' ? -Infinity : Infinity) : undefined;
}

function parseBoolean(text: string): boolean | undefined {
  if (['true', 'True', 't', '1'].includes(text)) return true;
  return ['false', 'False', 'f', '0'].includes(text) ? false : undefined;
}

/**
 * The value that an unquoted word of the text format has in a field of this type, or undefined if it has none.
 * Float fields hold the nearest 32-bit number, as EasyRec sees it.
 */
export function parseWord(type: ScalarType, text: string): Scalar | undefined {
  if (type === 'string') return undefined;
  if (type === 'bool') return parseBoolean(text);
  if (isIntegerType(type)) {
    const value = parseInteger(text);
    return value !== undefined && isIntegerOf(type, value) ? value : undefined;
  }
  const value = parseFloatText(text);
  return value === undefined ? undefined : toFloat(type, value);
}

/** Rounds to what a field of this floating-point type can hold. */
export function toFloat(type: 'float' | 'double', value: number): number {
  return type === 'float' ? Math.fround(value) : value;
}

/** The value name of an enum, given by name or number, or undefined. */
export function enumName(type: EnumSchema, nameOrNumber: string | number): string | undefined {
  if (typeof nameOrNumber === 'string') return type.values.has(nameOrNumber) ? nameOrNumber : undefined;
  for (const [name, value] of type.values) if (value === nameOrNumber) return name;
  return undefined;
}

/** What a field takes, in the words of an error. */
export function describeExpected(field: FieldSchema): string {
  switch (field.kind) {
    case 'scalar':
      return field.type;
    case 'enum':
      return `a value of enum ${field.type.name}`;
    case 'message':
      return `a message ${field.type.name}`;
    case 'map':
      return `an entry { key: "…" value { … } } of a map to ${field.type.name}`;
  }
}

/** The error for a value that a field cannot take. */
export function wrongValue(
  owner: MessageSchema,
  field: ScalarField | EnumField,
  received: string,
  at: SourceLocation,
): ConfigError {
  const hint = field.kind === 'enum' ? enumHint(field.type, received) : rangeHint(field.type, received);
  return new ConfigError(
    `field "${field.name}" of ${owner.name}: expected ${describeExpected(field)}, received ${received}${hint}`,
    { at },
  );
}

function enumHint(type: EnumSchema, received: string): string {
  const near = didYouMean(received.replace(/^["']|["']$/g, ''), type.values.keys());
  return near || `; its values are ${[...type.values.keys()].join(', ')}`;
}

function rangeHint(type: ScalarType, received: string): string {
  const value = parseInteger(received.replace(/^"|"$/g, ''));
  if (value === undefined || !isIntegerType(type)) return '';
  const [low, high] = INTEGER_RANGES[type];
  return `; the range is ${low} to ${high}`;
}

/** The error for a field name that a message does not have. */
export function unknownField(owner: MessageSchema, name: string, at?: SourceLocation): ConfigError {
  const near = didYouMean(name, owner.fields.keys());
  const valid =
    owner.fields.size === 0
      ? '; it has no fields'
      : `; its fields are ${[...owner.fields.keys()].join(', ')}`;
  return new ConfigError(`unknown field "${name}" in ${owner.name}${near || valid}`, { at });
}
