import { ConfigError, type SourceLocation } from '../errors.js';
import type { Log } from '../log.js';
import { childPlace, type EditTarget, PathResolver } from './edit_path.js';
import { type JsonTree, parseJsonTree } from './json_tree.js';
import { ConfigNode } from './node.js';
import { quoteText } from './print.js';
import type { FieldSchema } from './schema.js';
import { mergeText } from './text_format.js';

/** One edit: where it comes from, the path as given (several joined by ";"), the value as text. */
export interface ConfigEdit {
  readonly path: string;
  readonly value: string;
  readonly at: SourceLocation;
}

/** The parts of a config that command-line arguments edit: `--train_config.num_steps=100`. */
export const EDIT_SECTIONS = [
  'data_config',
  'train_config',
  'feature_config',
  'model_config',
  'export_config',
  'eval_config',
] as const;

const DOTTED = new RegExp(`^--((?:${EDIT_SECTIONS.join('|')})\\..*)$`);

const EDIT_FLAG = '--edit_config_json';

/**
 * Reads the value of `--edit_config_json`: a JSON object of values by path.
 * @param file what errors and locations name the text by
 */
export function parseEditConfigJson(text: string, file = EDIT_FLAG): readonly ConfigEdit[] {
  return editsOf(parseJsonTree(text, file));
}

/** Reads the edits of a hyper-parameter file: a JSON object whose key "param" holds them. */
export function parseHpoParams(text: string, file: string): readonly ConfigEdit[] {
  const tree = parseJsonTree(text, file);
  const param = tree.kind === 'object' ? tree.members.find(({ name }) => name === 'param') : undefined;
  if (!param) throw new ConfigError('expected a JSON object with the key "param"', { at: tree.at });
  return editsOf(param.value);
}

function editsOf(tree: JsonTree): readonly ConfigEdit[] {
  if (tree.kind !== 'object')
    throw new ConfigError('expected a JSON object {"path": value, …}', { at: tree.at });
  return tree.members.map(({ name, value }) => ({ path: name, value: editText(name, value), at: value.at }));
}

function editText(path: string, tree: JsonTree): string {
  switch (tree.kind) {
    case 'string':
      return tree.value;
    case 'number':
      return tree.text;
    case 'boolean':
      return tree.value ? 'True' : 'False'; // as Python writes them, which a string field shows
    case 'array':
      return `[${tree.items.map((item) => (item.kind === 'string' ? quoteText(item.value) : editText(path, item))).join(', ')}]`;
    case 'object':
    case 'null':
      throw new ConfigError(
        `edit "${path}": expected a string, a number, a boolean or a list, received ${tree.kind === 'null' ? 'null' : 'an object'}; a message is given as a string in text format`,
        { at: tree.at },
      );
  }
}

/** Edits found among command-line arguments, and the arguments that are none. */
export interface DottedEdits {
  readonly edits: readonly ConfigEdit[];
  readonly rest: readonly string[];
}

/** Picks `--train_config.num_steps=100` and `--train_config.num_steps 100` out of command-line arguments. */
export function parseDottedEdits(args: readonly string[]): DottedEdits {
  const edits: ConfigEdit[] = [];
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    const body = DOTTED.exec(arg)?.[1];
    if (body === undefined) {
      rest.push(arg);
      continue;
    }
    const equals = body.indexOf('=');
    const value = equals >= 0 ? body.slice(equals + 1) : args[++i];
    if (value === undefined) throw new ConfigError(`${arg}: expected a value after it`);
    const path = equals >= 0 ? body.slice(0, equals) : body;
    edits.push({ path, value: value.replace(/^[ "']+|[ "']+$/g, ''), at: { file: `--${path}` } });
  }
  return { edits, rest };
}

/**
 * Changes a config by EasyRec's edit rules.
 * @param log told when an edit changes nothing or is cut at a ";"
 * @throws ConfigError for unknown names, values of a wrong type, and targets that cannot be edited
 */
export function applyEdits(root: ConfigNode, edits: readonly ConfigEdit[], log: Log): void {
  for (const edit of edits) {
    const paths = edit.path.split(';').map((part) => part.trim());
    const values = splitValues(edit.value);
    if (values.length < paths.length) {
      throw new ConfigError(`edit "${edit.path}": ${paths.length} paths, but ${values.length} values`, {
        at: edit.at,
      });
    }
    if (values.length > paths.length) {
      log.warn(
        `edit "${edit.path}": the value is cut at ";", as EasyRec does: ${JSON.stringify(values.slice(0, paths.length).join('; '))} is used`,
      );
    }
    for (const [index, path] of paths.entries())
      applyOne(root, { ...edit, path, value: values[index] ?? '' }, log);
  }
}

function splitValues(value: string): readonly string[] {
  return value.split(';').map((part) => part.trim());
}

function applyOne(root: ConfigNode, edit: ConfigEdit, log: Log): void {
  const resolver = new PathResolver(edit.path, edit.at);
  const targets = resolver.resolve(root);
  if (targets.length === 0) log.warn(`edit "${edit.path}": selects nothing, so nothing is changed`);
  for (const target of targets) {
    if (target.kind === 'element') assignElement(target, edit, resolver);
    else assignField(target, edit, resolver);
  }
}

type ElementTarget = EditTarget & { readonly kind: 'element' };
type FieldTarget = EditTarget & { readonly kind: 'field' };

function assignElement(
  { field, items, index, owner }: ElementTarget,
  edit: ConfigEdit,
  resolver: PathResolver,
): void {
  const item = items[index];
  if (item === undefined) return;
  if (item.value instanceof ConfigNode) replaceMessage(item.value, edit);
  else items[index] = { value: resolver.cast(field, edit.value), at: edit.at };
  owner.attach();
}

function assignField({ field, place }: FieldTarget, edit: ConfigEdit, resolver: PathResolver): void {
  if (field.kind === 'map' || (field.repeated && field.kind === 'message')) {
    const how =
      field.kind === 'map' ? 'edit the message that holds it' : `edit its elements, as in ${field.name}[0]`;
    throw resolver.fail(`field "${field.name}" cannot be replaced as a whole; ${how}`);
  }
  place.attach();
  if (field.kind === 'message') {
    const child = childPlace(place, field, edit.at);
    child.attach();
    replaceMessage(child.node, edit);
  } else if (field.repeated) replaceList(place.node, field, edit);
  else place.node.set(field, resolver.cast(field, edit.value), edit.at);
}

function editSource(edit: ConfigEdit): string {
  return edit.at.file === EDIT_FLAG ? `${EDIT_FLAG} "${edit.path}"` : edit.at.file;
}

function replaceMessage(node: ConfigNode, edit: ConfigEdit): void {
  node.clearAll();
  const text = edit.value;
  mergeText(node, text.startsWith('{') && text.endsWith('}') ? text.slice(1, -1) : text, editSource(edit));
}

function replaceList(node: ConfigNode, field: FieldSchema, edit: ConfigEdit): void {
  node.clear(field.name);
  mergeText(node, `${field.name}:${edit.value}`, editSource(edit));
}
