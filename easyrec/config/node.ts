import type { SourceLocation } from '../errors.js';
import type { FieldSchema, MessageSchema, Scalar } from './schema.js';

/** What a field holds, with the place it was written. */
export interface Located<V> {
  readonly value: V;
  readonly at: SourceLocation;
}

export type NodeValue = Scalar | ConfigNode;

/** A field that was set: one value, a list, or a map. */
export type FieldState =
  | ({ readonly kind: 'one' } & Located<NodeValue>)
  | { readonly kind: 'many'; readonly items: Located<NodeValue>[] }
  | { readonly kind: 'map'; readonly entries: Map<string, Located<ConfigNode>> };

/**
 * A message while it is being read and edited: set fields only, each with its place.
 * Once complete it becomes a frozen message (message.ts).
 */
export class ConfigNode {
  readonly #fields = new Map<string, FieldState>();

  constructor(
    readonly schema: MessageSchema,
    readonly at: SourceLocation,
  ) {}

  get(name: string): FieldState | undefined {
    return this.#fields.get(name);
  }

  /** The value of a set singular field. */
  one(name: string): NodeValue | undefined {
    const state = this.#fields.get(name);
    return state?.kind === 'one' ? state.value : undefined;
  }

  /** The elements of a repeated field: to be changed in place only if the field is set. */
  many(name: string): Located<NodeValue>[] {
    const state = this.#fields.get(name);
    return state?.kind === 'many' ? state.items : [];
  }

  /** The set message of a singular field. */
  child(name: string): ConfigNode | undefined {
    const value = this.one(name);
    return value instanceof ConfigNode ? value : undefined;
  }

  /** The messages of a repeated field. */
  children(name: string): ConfigNode[] {
    return this.many(name).flatMap(({ value }) => (value instanceof ConfigNode ? [value] : []));
  }

  /** Sets a singular field; of a oneof's members only the last one set stays. */
  set(field: FieldSchema, value: NodeValue, at: SourceLocation): void {
    if (field.oneof !== null) {
      for (const member of this.schema.oneofs.get(field.oneof) ?? []) this.#fields.delete(member);
    }
    this.#fields.set(field.name, { kind: 'one', value, at });
  }

  append(field: FieldSchema, value: NodeValue, at: SourceLocation): void {
    const state = this.#fields.get(field.name);
    if (state?.kind === 'many') state.items.push({ value, at });
    else this.#fields.set(field.name, { kind: 'many', items: [{ value, at }] });
  }

  /** Sets one entry of a map; a later one of the same key replaces the earlier. */
  put(field: FieldSchema, key: string, value: ConfigNode, at: SourceLocation): void {
    const state = this.#fields.get(field.name);
    const entries = state?.kind === 'map' ? state.entries : new Map<string, Located<ConfigNode>>();
    entries.set(key, { value, at });
    this.#fields.set(field.name, { kind: 'map', entries });
  }

  clear(name: string): void {
    this.#fields.delete(name);
  }

  /** Forgets every field. */
  clearAll(): void {
    this.#fields.clear();
  }

  /** A deep copy; places are kept. */
  clone(): ConfigNode {
    const copy = new ConfigNode(this.schema, this.at);
    for (const [name, state] of this.#fields) copy.#fields.set(name, cloneState(state));
    return copy;
  }
}

function cloneValue(value: NodeValue): NodeValue {
  return value instanceof ConfigNode ? value.clone() : value;
}

function cloneState(state: FieldState): FieldState {
  switch (state.kind) {
    case 'one':
      return { ...state, value: cloneValue(state.value) };
    case 'many':
      return { kind: 'many', items: state.items.map(({ value, at }) => ({ value: cloneValue(value), at })) };
    case 'map': {
      const entries = [...state.entries].map(
        ([key, { value, at }]) => [key, { value: value.clone(), at }] as const,
      );
      return { kind: 'map', entries: new Map(entries) };
    }
  }
}
