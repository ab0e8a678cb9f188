import { ConfigNode, type FieldState, type NodeValue } from './node.js';
import type { FieldSchema } from './schema.js';

const ESCAPES: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '"': '\\"',
  "'": "\\'",
  '\\': '\\\\',
};

/** A quoted text-format string; text other than ASCII stays readable. */
export function quoteText(value: string): string {
  const escaped = value.replace(/[\x00-\x1f\x7f"'\\]/g, (character) => {
    return ESCAPES[character] ?? `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`;
  });
  return `"${escaped}"`;
}

/** The shortest decimal text of a 64-bit number, in Python's notation. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  const [digits = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (value !== 0 && (exponent < -4 || exponent >= 16)) {
    return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const text = Object.is(value, -0) ? '-0' : String(value);
  return text.includes('.') ? text : `${text}.0`;
}

/** The shortest decimal text that reads back as the same 32-bit number. */
export function formatFloat(value: number): string {
  if (!Number.isFinite(value)) return formatDouble(value);
  for (let precision = 6; precision < 9; precision++) {
    const short = Number(value.toPrecision(precision));
    if (Math.fround(short) === Math.fround(value)) return formatDouble(short);
  }
  return formatDouble(Number(value.toPrecision(9)));
}

function formatScalar(field: FieldSchema, value: Exclude<NodeValue, ConfigNode>): string {
  if (field.kind === 'enum') return String(value);
  if (typeof value === 'string') return quoteText(value);
  if (typeof value === 'number' && field.kind === 'scalar') {
    if (field.type === 'float') return formatFloat(value);
    if (field.type === 'double') return formatDouble(value);
  }
  return String(value);
}

function printValue(field: FieldSchema, value: NodeValue, indent: string, lines: string[]): void {
  if (!(value instanceof ConfigNode)) {
    lines.push(`${indent}${field.name}: ${formatScalar(field, value)}`);
    return;
  }
  lines.push(`${indent}${field.name} {`);
  printFields(value, `${indent}  `, lines);
  lines.push(`${indent}}`);
}

function printState(field: FieldSchema, state: FieldState, indent: string, lines: string[]): void {
  switch (state.kind) {
    case 'one':
      printValue(field, state.value, indent, lines);
      return;
    case 'many':
      for (const { value } of state.items) printValue(field, value, indent, lines);
      return;
    case 'map': {
      const byKey = [...state.entries].sort(([a], [b]) => (a < b ? -1 : 1));
      for (const [key, { value }] of byKey) {
        lines.push(`${indent}${field.name} {`, `${indent}  key: ${quoteText(key)}`, `${indent}  value {`);
        printFields(value, `${indent}    `, lines);
        lines.push(`${indent}  }`, `${indent}}`);
      }
    }
  }
}

function printFields(node: ConfigNode, indent: string, lines: string[]): void {
  const byNumber = [...node.schema.fields.values()].sort((a, b) => a.number - b.number);
  for (const field of byNumber) {
    const state = node.get(field.name);
    if (state) printState(field, state, indent, lines);
  }
}

/** Text format of a message's set fields, in the order of their numbers, as Python protobuf prints it. */
export function printNode(node: ConfigNode): string {
  const lines: string[] = [];
  printFields(node, '', lines);
  return lines.map((line) => `${line}\n`).join('');
}
