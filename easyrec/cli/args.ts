import minimist from 'minimist';
import { type ConfigEdit, EDIT_SECTIONS, parseDottedEdits } from '../config/edit.js';
import { didYouMean, UserError } from '../errors.js';

/** One flag of a command. */
export interface Flag {
  readonly type: 'string' | 'number' | 'boolean' | 'list' | 'optional';
  /** For --help. */
  readonly help: string;
  /** For --help, such as `PATH`. Default: the type. */
  readonly value?: string;
  readonly required?: boolean;
  /** One letter that stands for the name: `f` for `-f FILE`. Default: none. */
  readonly short?: string;
}

export type Flags = Readonly<Record<string, Flag>>;

interface ValueOf {
  readonly string: string;
  readonly number: number;
  readonly boolean: boolean;
  /** From `a,b`, from the flag given several times, or from several words after it. */
  readonly list: readonly string[];
  /** A text, or true where the flag is given without one. */
  readonly optional: string | true;
}

type Value<F extends Flag> = F['type'] extends keyof ValueOf ? ValueOf[F['type']] : never;

/** What was given, by flag name; a flag that was not given, or a boolean set to false, is undefined. */
export type Given<F extends Flags> = {
  readonly [K in keyof F]: F[K] extends { readonly required: true } ? Value<F[K]> : Value<F[K]> | undefined;
};

/** What a command is and takes. */
export interface CommandHelp<F extends Flags> {
  /** As typed: `easyrec train`. */
  readonly name: string;
  readonly summary: string;
  readonly flags: F;
  /** Words that are no flags, such as `FILE...`. Default: none are allowed. */
  readonly positional?: string;
  /** Whether `--train_config.num_steps=100` and the like edit the config. Default: no. */
  readonly edits?: boolean;
}

/** A command line, read. */
export interface Parsed<F extends Flags> {
  readonly flags: Given<F>;
  readonly words: readonly string[];
  /** Dotted flags, in the order given. */
  readonly edits: readonly ConfigEdit[];
}

/** Flags that every command takes. */
export const COMMON_FLAGS = {
  help: { type: 'boolean', help: 'show this text' },
  verbose: { type: 'boolean', short: 'v', help: 'show more, and stack traces of errors' },
} as const satisfies Flags;

/** Thrown to end a command with its help text on standard output and exit code 0. */
export class HelpRequested extends Error {
  override readonly name = 'HelpRequested';
}

/**
 * Reads a command's arguments, `--flag value` and `--flag=value` alike.
 *
 * @throws UserError on an unknown flag (naming the nearest), a missing or unreadable value
 * @throws HelpRequested on --help
 */
export function parseArguments<const F extends Flags>(
  argv: readonly string[],
  command: CommandHelp<F>,
): Parsed<F> {
  const flags: Flags = { ...command.flags, ...COMMON_FLAGS };
  const names = (type: Flag['type']): string[] => Object.keys(flags).filter((k) => flags[k]?.type === type);
  const { edits, rest } = command.edits === true ? parseDottedEdits(argv) : { edits: [], rest: argv };
  const raw: Readonly<Record<string, unknown>> = minimist(joinValues(rest, command, flags), {
    string: [...names('string'), ...names('number'), ...names('list'), ...names('optional'), '_'],
    boolean: names('boolean'),
    alias: { help: 'h' },
    unknown: (word) => {
      if (word.startsWith('-')) throw unknownFlag(word, command, flags);
      return true;
    },
  });
  if (raw['help'] === true) throw new HelpRequested(helpText(command));
  const words = (raw['_'] as string[] | undefined) ?? [];
  if (words.length > 0 && command.positional === undefined) {
    throw new UserError(`${command.name}: expected only flags, received "${words[0] ?? ''}"`);
  }
  const given = Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [name, readFlag(command.name, name, flag, raw[name])]),
  );
  return { flags: given as Given<F>, words, edits };
}

/**
 * Checks the names of flags and writes each flag and its value as one word, `--seed=-5`. By itself minimist takes `-5`
 * for a flag, `--no-x` for x being false, and any value of a boolean for true.
 */
function joinValues(argv: readonly string[], command: CommandHelp<Flags>, flags: Flags): string[] {
  const joined: string[] = [];
  let next = 0;
  while (next < argv.length) {
    const word = longForm(argv[next++] ?? '', flags);
    if (word === '--') return [...joined, ...argv.slice(next - 1)];
    const [, name, inline] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) {
      joined.push(word);
      continue;
    }
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (flag === undefined) throw unknownFlag(`--${name}`, command, flags);
    const values = inline === undefined ? argv.slice(next, wordsEnd(argv, next, flag, command)) : [inline];
    if (inline === undefined) next += values.length;
    if (flag.type === 'boolean') {
      joined.push(`--${name}=${booleanOf(values[0] ?? 'true', `${command.name}: --${name}`)}`);
    } else {
      const none = flag.type === 'optional' && inline === undefined ? [''] : [];
      if (values.length + none.length === 0) {
        throw new UserError(`${command.name}: --${name}: expected a value`);
      }
      joined.push(...(values.length === 0 ? none : values).map((value) => `--${name}=${value}`));
    }
  }
  return joined;
}

/** `--config` for `-f`, `--config=x` for `-fx` and `-f=x`; other words as they are. */
function longForm(word: string, flags: Flags): string {
  const [, letter, rest = ''] = /^-([A-Za-z])(.*)$/s.exec(word) ?? [];
  const [name, flag] = Object.entries(flags).find(([, { short }]) => short === letter) ?? [];
  if (letter === undefined || name === undefined || flag === undefined) return word;
  if (rest === '' || rest.startsWith('=')) return `--${name}${rest}`;
  return flag.type === 'boolean' ? word : `--${name}=${rest}`;
}

/** Where the words end that are values of the flag before `start`. */
function wordsEnd(
  argv: readonly string[],
  start: number,
  { type }: Flag,
  command: CommandHelp<Flags>,
): number {
  const isValue = (word: string): boolean =>
    type === 'boolean' ? /^(true|false)$/i.test(word) : word === '-' || !/^-[^\d.]/.test(word);
  const most = type === 'list' && command.positional === undefined ? argv.length : start + 1;
  let end = start;
  while (end < Math.min(most, argv.length) && isValue(argv[end] ?? '')) end++;
  return end;
}

function booleanOf(text: string, where: string): boolean {
  const lower = text.toLowerCase();
  if (lower === 'true' || lower === '1') return true;
  if (lower === 'false' || lower === '0') return false;
  throw new UserError(`${where}: expected true or false, received "${text}"`);
}

function unknownFlag(word: string, command: CommandHelp<Flags>, flags: Flags): UserError {
  const [dashes = ''] = /^-+/.exec(word) ?? [];
  const name = word.slice(dashes.length).replace(/=.*$/s, '');
  const [section = '', ...rest] = name.split('.');
  const isEdit = command.edits === true && rest.length > 0;
  const hint = isEdit ? didYouMean(section, EDIT_SECTIONS) : didYouMean(name, Object.keys(flags));
  return new UserError(`${command.name}: unknown flag ${dashes}${name}${hint} (see ${command.name} --help)`);
}

function readFlag(command: string, name: string, flag: Flag, value: unknown): unknown {
  const where = `${command}: --${name}`;
  if (flag.type === 'boolean') return value === true ? true : undefined;
  const all = (Array.isArray(value) ? (value as unknown[]) : [value]).filter((v) => v !== undefined);
  if (all.length === 0) {
    if (flag.required === true) throw new UserError(`${where} is missing (${flag.help})`);
    return undefined;
  }
  const texts = all.map(String);
  if (flag.type === 'optional') return texts.at(-1) === '' ? true : texts.at(-1);
  if (texts.includes('')) throw new UserError(`${where}: expected a value`);
  if (flag.type === 'list') {
    const items = texts.flatMap((text) => text.split(',')).filter((text) => text !== '');
    if (items.length === 0) throw new UserError(`${where}: expected a value`);
    return items;
  }
  const last = texts.at(-1) ?? '';
  if (flag.type === 'string') return last;
  const number = last.trim() === '' ? NaN : Number(last);
  if (!Number.isFinite(number)) throw new UserError(`${where}: expected a number, received "${last}"`);
  return number;
}

/** The text that --help shows. */
export function helpText(command: CommandHelp<Flags>): string {
  const flags: Flags = { ...command.flags, ...COMMON_FLAGS };
  const rows = Object.entries(flags).map(([name, flag]): [string, string] => {
    const word = flag.value ?? flag.type.toUpperCase();
    const value = { boolean: '', optional: ` [${word}]` }[flag.type as string] ?? ` ${word}`;
    const short = flag.short === undefined ? '' : `-${flag.short}, `;
    return [`  ${short}--${name}${value}`, `${flag.help}${flag.required === true ? ' (required)' : ''}`];
  });
  if (command.edits === true)
    rows.push(['  --SECTION.FIELD VALUE', 'edit the config, as in --train_config.num_steps 100']);
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  const usage = `usage: ${command.name} [FLAGS]${command.positional === undefined ? '' : ` ${command.positional}`}`;
  return [command.summary, '', usage, '', ...rows.map(([l, r]) => l.padEnd(width) + r)].join('\n');
}
