import { ConfigError, didYouMean } from '../../errors.js';
import type { Param } from './param.js';
import type { ParamSource, RawParam } from './source.js';

/** The parameters of a component by the names that configs use. */
export type ParamTable = Readonly<Record<string, Param<unknown>>>;

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : S;

/** What a component is given: every parameter under its camelCase name, with all defaults resolved. */
export type ConfigOf<P extends ParamTable> = {
  readonly [K in keyof P & string as Camel<K>]: P[K] extends Param<infer T> ? T : never;
};

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function readOne(owner: string, name: string, param: Param<unknown>, source: ParamSource): unknown {
  const raw = source.get(name);
  if (raw === undefined) {
    if (param.fallback !== undefined) return param.fallback.value;
    throw new ConfigError(`${owner}.${name}: expected ${param.expected}, received nothing: it must be set`, {
      at: source.at,
    });
  }
  const value = param.read(raw.value);
  if (value !== undefined) return value;
  throw wrongValue(`${owner}.${name}`, param, raw);
}

function wrongValue(what: string, param: Param<unknown>, raw: RawParam): ConfigError {
  return new ConfigError(`${what}: expected ${param.expected}, received ${JSON.stringify(raw.value)}`, {
    at: raw.at,
  });
}

/** The names that are set though the component has no such parameter. */
function unknownNames(table: ParamTable, source: ParamSource): string[] {
  return source.names.filter((name) => !Object.hasOwn(table, name));
}

function refuseUnknown(owner: string, table: ParamTable, source: ParamSource): void {
  const [name] = unknownNames(table, source);
  if (name === undefined || source.schema !== null) return;
  const known = Object.keys(table);
  const names = known.length === 0 ? 'none' : known.join(', ');
  throw new ConfigError(
    `${owner}: unknown parameter "${name}"${didYouMean(name, known)}; parameters: ${names}`,
    { at: source.get(name)?.at ?? source.at },
  );
}

/** Fields of a message that are set and that the component never reads, for a warning: EasyRec passes over them. */
export function ignoredFields(table: ParamTable, source: ParamSource): readonly string[] {
  return source.schema === null ? [] : unknownNames(table, source);
}

/**
 * The parameters of a component, checked and complete.
 *
 * @param owner The component's name, for messages.
 * @throws ConfigError for an unknown, missing or wrong parameter, at its place in the config.
 */
export function readParams<P extends ParamTable>(owner: string, table: P, source: ParamSource): ConfigOf<P> {
  refuseUnknown(owner, table, source);
  const entries = Object.entries(table).map(([name, param]) => [
    camelCase(name),
    readOne(owner, name, param, source),
  ]);
  // The keys are those of the table and each value was read by its param, which Object.entries cannot say.
  return Object.freeze(Object.fromEntries(entries)) as ConfigOf<P>;
}
