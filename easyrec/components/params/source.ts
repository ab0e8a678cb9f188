import {
  has,
  locationOf,
  type KerasLayer,
  type PlainData,
  structToPlain,
  type Struct,
} from '../../config/index.js';
import type { SourceLocation } from '../../errors.js';

/** The messages of KerasLayer's `params`, without the free-form `st_params`. */
export type ParamsMessage = Exclude<NonNullable<KerasLayer['which_params']>, 'st_params'>;

/** A value as a config holds it. */
export interface RawParam {
  readonly value: PlainData;
  readonly at: SourceLocation;
}

/** Where a component's parameters come from: a message of its own, or the free-form `st_params`. */
export interface ParamSource {
  /** How the parameters are written: `mlp`, `st_params`. */
  readonly label: string;
  readonly at: SourceLocation | undefined;
  /** The names that are set. */
  readonly names: readonly string[];
  /** Whether the source knows names that are not set: a message does, `st_params` does not. */
  readonly schema: readonly string[] | null;
  /** The value to use, by EasyRec's rules; undefined where the component's own default applies. */
  get(name: string): RawParam | undefined;
}

/** Parameters in `st_params`: what is set is used. */
export function structSource(struct: Struct): ParamSource {
  const values = structToPlain(struct);
  const at = locationOf(struct);
  return {
    label: 'st_params',
    at,
    names: Object.keys(values),
    schema: null,
    get(name) {
      const value = values[name];
      const entry = struct.fields[name];
      return value === undefined || entry === undefined ? undefined : { value, at: locationOf(entry) };
    },
  };
}

/**
 * Parameters in a message. A string or a list is used unless it is empty, even one that is not set but has a default in
 * the message; a number or a bool only where it is set: the component's default wins over the message's
 * (EasyRec's layers/utils.py, Parameter.get_or_default).
 */
export function messageSource(label: string, message: object): ParamSource {
  const field = (name: string): PlainData | undefined =>
    Object.getOwnPropertyDescriptor(message, name)?.value as PlainData | undefined;
  const isSet = (name: string): boolean => has(message, name as never);
  const schema = Object.keys(message).filter((name) => !name.startsWith('which_'));
  return {
    label,
    at: locationOf(message),
    names: schema.filter(isSet),
    schema,
    get(name) {
      const value = field(name);
      if (value === undefined) return undefined;
      const isUsed = typeof value === 'string' || Array.isArray(value) ? value.length > 0 : isSet(name);
      return isUsed ? { value, at: locationOf(message, name as never) } : undefined;
    },
  };
}

/** No parameters at all: every default applies. */
export function emptySource(at: SourceLocation | undefined): ParamSource {
  return { label: 'no parameters', at, names: [], schema: null, get: () => undefined };
}
