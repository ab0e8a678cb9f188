import { ConfigError } from '../errors.js';
import { ConfigNode, type Located, type NodeValue } from './node.js';
import { type FieldSchema, messageSchema } from './schema.js';

const RANGE = /^([a-zA-Z_]+)\[([0-9]+)-([0-9]+)\]/;

/** `field[1-3]` as field1, field2 and field3; any other name as itself. Text after the bracket is dropped, as in EasyRec. */
export function expandRange(name: string): readonly string[] {
  const match = RANGE.exec(name);
  if (!match) return [name];
  const [, prefix = '', first = '0', last = '0'] = match;
  const count = Math.max(0, Number(last) - Number(first) + 1);
  if (count > 1_000_000)
    throw new ConfigError(`the range "${name}" has ${count} names; at most 1000000 are allowed`);
  return Array.from({ length: count }, (_, i) => `${prefix}${Number(first) + i}`);
}

function fieldOf(node: ConfigNode, name: string): FieldSchema {
  const field = node.schema.fields.get(name);
  if (!field) throw new Error(`${node.schema.name} has no field ${name}`);
  return field;
}

/** Puts new elements in the place of all there are. */
function replaceElements(node: ConfigNode, name: string, items: readonly Located<NodeValue>[]): void {
  const field = fieldOf(node, name);
  node.clear(name);
  for (const { value, at } of items) node.append(field, value, at);
}

function textOf(value: NodeValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function expandStrings(items: readonly Located<NodeValue>[]): readonly Located<NodeValue>[] {
  return items.flatMap(({ value, at }) => expandRange(textOf(value)).map((name) => ({ value: name, at })));
}

function expandInputFields(dataConfig: ConfigNode): void {
  const expanded = dataConfig.many('input_fields').flatMap((item) => {
    const { value, at } = item;
    if (!(value instanceof ConfigNode)) return [item];
    const names = expandRange(textOf(value.one('input_name')));
    if (names.length === 1 && names[0] === value.one('input_name')) return [item];
    return names.map((name) => {
      const copy = value.clone();
      copy.set(fieldOf(copy, 'input_name'), name, at);
      return { value: copy, at };
    });
  });
  replaceElements(dataConfig, 'input_fields', expanded);
}

/** A feature with `shared_names` stays, and each of these names gets a copy at the end of the list. */
function expandSharedNames(owner: ConfigNode, list: string, ranges: boolean): void {
  for (const feature of owner.children(list)) {
    const shared = feature.many('shared_names');
    if (shared.length === 0) continue;
    feature.clear('shared_names');
    for (const { value, at } of ranges ? expandStrings(shared) : [...shared]) {
      const copy = feature.clone();
      replaceElements(copy, 'input_names', [{ value, at }]);
      owner.append(fieldOf(owner, list), copy, at);
    }
  }
}

/**
 * Writes out what a config says in short: `shared_names`, and ranges such as `field[1-3]` in the names of input
 * fields and shared names (only with `data_config.auto_expand_input_fields`) and of a group's features (always).
 */
export function expandConfig(root: ConfigNode): void {
  if (root.schema !== messageSchema('EasyRecConfig'))
    throw new TypeError(`expected an EasyRecConfig, received a ${root.schema.name}`);
  const dataConfig = root.child('data_config');
  const ranges = dataConfig?.one('auto_expand_input_fields') === true;
  const featureConfig = root.child('feature_config');
  if (root.many('feature_configs').length > 0) expandSharedNames(root, 'feature_configs', ranges);
  else if (featureConfig) expandSharedNames(featureConfig, 'features', ranges);
  if (dataConfig && ranges) expandInputFields(dataConfig);
  for (const group of root.child('model_config')?.children('feature_groups') ?? []) {
    replaceElements(group, 'feature_names', expandStrings(group.many('feature_names')));
  }
}
