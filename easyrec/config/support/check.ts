import { ConfigError, formatLocation, type SourceLocation } from '../../errors.js';
import { nodeOf } from '../message.js';
import { ConfigNode, type FieldState, type NodeValue } from '../node.js';
import type { FieldSchema, MessageSchema } from '../schema.js';
import type { FieldRule, SupportTable } from './rule.js';

interface Problem {
  readonly message: string;
  readonly at: SourceLocation;
}

/** A row of the table as it is looked up here: by names that only the schema knows. */
type Rules = Readonly<Record<string, FieldRule<never> | undefined>>;

/** `st_params` and what is in it: the component that reads it checks its keys. */
const FREE_FORM: ReadonlySet<string> = new Set(['Struct', 'Value', 'ListValue']);

/**
 * Fails if a config sets a field that the table does not list, or to a value it does not honour.
 * A singular field set to its default is always accepted.
 * @throws ConfigError at the first such field, naming the others below it
 */
export function checkSupported(config: object, table: SupportTable): void {
  const problems: Problem[] = [];
  checkMessage(nodeOf(config), config, table, problems);
  const [first, ...others] = problems;
  if (!first) return;
  const more = others.map(({ message, at }) => `\n${formatLocation(at)}: ${message}`);
  throw new ConfigError(first.message + more.join(''), { at: first.at });
}

function checkMessage(node: ConfigNode, message: object, table: SupportTable, problems: Problem[]): void {
  if (FREE_FORM.has(node.schema.name)) return;
  const rules: Rules = lookUp(table, node.schema.name) ?? {};
  for (const field of node.schema.fields.values()) {
    const state = node.get(field.name);
    if (!state) continue;
    const value: unknown = Object.getOwnPropertyDescriptor(message, field.name)?.value;
    const rule = rules[field.name];
    const problem = checkField(node.schema, field, rule, value);
    if (problem !== null) problems.push({ message: problem, at: placeOf(state, node) });
    else if (rule?.kind !== 'ignored')
      for (const [child, frozen] of pairs(state, value)) checkMessage(child, frozen, table, problems);
  }
}

function lookUp(table: SupportTable, name: string): Rules | undefined {
  return Object.entries(table).find(([key]) => key === name)?.[1];
}

function checkField(
  owner: MessageSchema,
  field: FieldSchema,
  rule: FieldRule<never> | undefined,
  value: unknown,
): string | null {
  if (rule?.kind === 'honoured' || rule?.kind === 'ignored' || isDefault(field, value)) return null;
  if (!rule) return `field "${field.name}" of ${owner.name} is not supported yet`;
  // The table is typed against the schema's own types, so the value is of the type that the rule takes.
  if (rule.accepts(value as never)) return null;
  const received = typeof value === 'object' ? 'the given value' : JSON.stringify(value);
  return `field "${field.name}" of ${owner.name}: ${received} is not supported yet; expected ${rule.expected}`;
}

/** Members of a oneof have no default that means the same as not being set. */
function isDefault(field: FieldSchema, value: unknown): boolean {
  if (field.repeated || field.oneof !== null) return false;
  return (field.kind === 'scalar' || field.kind === 'enum') && value === field.default;
}

function placeOf(state: FieldState, node: ConfigNode): SourceLocation {
  switch (state.kind) {
    case 'one':
      return state.at;
    case 'many':
      return state.items[0]?.at ?? node.at;
    case 'map':
      return node.at;
  }
}

/** The messages of a field, each as node and as frozen message. */
function pairs(state: FieldState, value: unknown): readonly (readonly [ConfigNode, object])[] {
  const nodes: readonly NodeValue[] =
    state.kind === 'one' ? [state.value] : state.kind === 'many' ? state.items.map((item) => item.value) : [];
  const frozen: readonly unknown[] = Array.isArray(value) ? value : [value];
  return nodes.flatMap((node, index) => {
    const message = frozen[index];
    return node instanceof ConfigNode && typeof message === 'object' && message !== null
      ? [[node, message] as const]
      : [];
  });
}
