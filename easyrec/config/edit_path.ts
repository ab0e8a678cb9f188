import { ConfigError, didYouMean, type SourceLocation } from '../errors.js';
import { ConfigNode, type Located, type NodeValue } from './node.js';
import { enumName, parseWord, unknownField } from './scalars.js';
import type { FieldSchema, Scalar } from './schema.js';

/**
 * A message on the way to what an edit changes. It may be absent so far:
 * `attach` makes it, and everything above it, part of the config.
 */
export interface Place {
  readonly node: ConfigNode;
  attach(): void;
}

/** What a path points at: a whole field of a message, or one element of a repeated field. */
export type EditTarget =
  | { readonly kind: 'field'; readonly place: Place; readonly field: FieldSchema }
  | {
      readonly kind: 'element';
      readonly field: FieldSchema;
      readonly owner: Place;
      readonly items: Located<NodeValue>[];
      readonly index: number;
    };

interface Step {
  readonly name: string;
  /** The text in brackets. */
  readonly selector: string | null;
}

const COMPARISONS = ['>=', '<=', '>', '<', '='] as const;
type Comparison = (typeof COMPARISONS)[number];

/** Follows one path of `--edit_config_json` through a config. */
export class PathResolver {
  constructor(
    readonly path: string,
    readonly at: SourceLocation,
  ) {}

  /** Everything the path points at; empty if a condition or a slice selects nothing. */
  resolve(root: ConfigNode): readonly EditTarget[] {
    return this.#follow({ node: root, attach: () => undefined }, this.path);
  }

  fail(message: string): ConfigError {
    return new ConfigError(`edit "${this.path}": ${message}`, { at: this.at });
  }

  #follow(start: Place, path: string): readonly EditTarget[] {
    // EasyRec splits the whole path at every dot, also inside brackets.
    const steps = path
      .split('.')
      .filter((part) => part !== '')
      .map((part) => this.#step(part.trim()));
    if (steps.length === 0) throw this.fail('the path is empty');
    let places: readonly Place[] = [start];
    let targets: readonly EditTarget[] = [];
    for (const [index, step] of steps.entries()) {
      if (index > 0) places = targets.map((target) => this.#enter(target));
      targets = places.flatMap((place) => this.#select(place, step));
    }
    return targets;
  }

  #step(part: string): Step {
    const open = part.indexOf('[');
    if (open < 0) return { name: part, selector: null };
    if (!part.endsWith(']')) {
      throw this.fail(`expected "]" at the end of "${part}"; a dot cannot stand inside brackets`);
    }
    return { name: part.slice(0, open), selector: part.slice(open + 1, -1).trim() };
  }

  #select(place: Place, step: Step): readonly EditTarget[] {
    const field = place.node.schema.fields.get(step.name);
    if (!field) throw this.fail(unknownField(place.node.schema, step.name).message);
    if (step.selector === null) return [{ kind: 'field', place, field }];
    if (!field.repeated) {
      throw this.fail(
        `field "${field.name}" of ${place.node.schema.name} is not repeated, so it takes no [${step.selector}]`,
      );
    }
    const items = place.node.many(field.name);
    return this.#indices(items, field, step.selector).map((index) => ({
      kind: 'element',
      field,
      owner: place,
      items,
      index,
    }));
  }

  #indices(items: readonly Located<NodeValue>[], field: FieldSchema, selector: string): readonly number[] {
    const all = [...items.keys()];
    const slice = /^\s*([+-]?\d+)?\s*:\s*([+-]?\d+)?\s*$/.exec(selector);
    if (slice) {
      return all.slice(
        slice[1] === undefined ? 0 : Number(slice[1]),
        slice[2] === undefined ? undefined : Number(slice[2]),
      );
    }
    if (/^[+-]?\d+$/.test(selector)) {
      const index = all.at(Number(selector));
      if (index === undefined) {
        throw this.fail(
          `"${field.name}[${selector}]" is out of range: the list has ${items.length} elements`,
        );
      }
      return [index];
    }
    return all.filter((index) => this.#matches(items[index]?.value, field, selector));
  }

  #matches(item: NodeValue | undefined, field: FieldSchema, condition: string): boolean {
    if (!(item instanceof ConfigNode)) {
      throw this.fail(`expected an index or a slice for "${field.name}", received [${condition}]`);
    }
    const operator = COMPARISONS.find((candidate) => condition.includes(candidate));
    if (operator === undefined) {
      throw this.fail(
        `expected an index, a slice or a condition such as [name=value], received [${condition}]`,
      );
    }
    const position = condition.lastIndexOf(operator);
    const path = condition.slice(0, position).trim();
    const wanted = condition.slice(position + operator.length).trim();
    return this.#compare({ node: item, attach: () => undefined }, path, operator, wanted);
  }

  #compare(place: Place, path: string, operator: Comparison, wanted: string): boolean {
    const target = this.#conditionTarget(place, path);
    if (target === undefined) return false; // an element the item does not have
    const { field } = target;
    if (field.kind !== 'scalar' && field.kind !== 'enum') {
      throw this.fail(`the condition compares "${path}", which is a message and not a value`);
    }
    const current = currentValue(target);
    if (current === undefined) {
      throw this.fail(`the condition compares the whole list "${path}"; name an element, as in ${path}[0]`);
    }
    return compare(field, current, this.cast(field, wanted), operator);
  }

  #conditionTarget(place: Place, path: string): EditTarget | undefined {
    const element = /^(\w+)\[([+-]?\d+)\]$/.exec(path);
    if (element && place.node.many(element[1] ?? '').at(Number(element[2])) === undefined) {
      const field = place.node.schema.fields.get(element[1] ?? '');
      if (field?.repeated) return undefined;
    }
    return this.#follow(place, path).at(-1);
  }

  #enter(target: EditTarget): Place {
    const { field } = target;
    if (field.kind !== 'message') {
      throw this.fail(
        `field "${field.name}" is ${field.kind === 'map' ? 'a map' : 'a value'}; nothing can follow it in a path`,
      );
    }
    if (target.kind === 'element') {
      const item = target.items[target.index]?.value;
      if (item instanceof ConfigNode) return { node: item, attach: () => target.owner.attach() };
    }
    if (target.kind === 'element' || field.repeated) {
      throw this.fail(
        `field "${field.name}" is repeated; say which elements, as in ${field.name}[0] or ${field.name}[:]`,
      );
    }
    return childPlace(target.place, field, this.at);
  }

  /** The value that a text stands for in a field, by the rules of EasyRec's edits. */
  cast(field: FieldSchema, text: string): Scalar {
    const value = castText(field, text);
    if (value === undefined) throw this.fail(castError(field, text));
    return value;
  }
}

/** The singular message field of a place, made (but not yet attached) if it is absent. */
export function childPlace(
  place: Place,
  field: FieldSchema & { readonly kind: 'message' },
  at: SourceLocation,
): Place {
  const present = place.node.child(field.name);
  if (present) return { node: present, attach: () => place.attach() };
  const node = new ConfigNode(field.type, at);
  return {
    node,
    attach: () => {
      if (place.node.child(field.name) === node) return;
      place.attach();
      place.node.set(field, node, at);
    },
  };
}

function currentValue(target: EditTarget): Scalar | undefined {
  const { field } = target;
  if (target.kind === 'element') {
    const value = target.items[target.index]?.value;
    return value instanceof ConfigNode ? undefined : value;
  }
  const value = target.place.node.one(field.name);
  if (value !== undefined && !(value instanceof ConfigNode)) return value;
  return (field.kind === 'scalar' || field.kind === 'enum') && !field.repeated ? field.default : undefined;
}

function castText(field: FieldSchema, text: string): Scalar | undefined {
  if (field.kind === 'enum') return enumName(field.type, /^[+-]?\d+$/.test(text) ? Number(text) : text);
  if (field.kind !== 'scalar') return undefined;
  if (field.type === 'string') return text;
  // Python's bool rule: the words only, not t, f, 1 or 0.
  if (field.type === 'bool') return /^(?:true|True|false|False)$/.test(text) ? /^[tT]/.test(text) : undefined;
  return parseWord(field.type, text);
}

function castError(field: FieldSchema, text: string): string {
  const what =
    field.kind === 'enum'
      ? `a value of enum ${field.type.name}`
      : field.kind === 'scalar'
        ? field.type
        : 'a value';
  const hint = field.kind === 'enum' ? didYouMean(text, field.type.values.keys()) : '';
  return `field "${field.name}": expected ${what}, received ${JSON.stringify(text)}${hint}`;
}

function compare(field: FieldSchema, current: Scalar, wanted: Scalar, operator: Comparison): boolean {
  // Enums compare by number, as in Python.
  const order = (value: Scalar): Scalar =>
    field.kind === 'enum' && typeof value === 'string' ? (field.type.values.get(value) ?? value) : value;
  const a = order(current);
  const b = order(wanted);
  switch (operator) {
    case '=':
      return a === b;
    case '>=':
      return a >= b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '<':
      return a < b;
  }
}
