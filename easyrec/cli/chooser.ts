import { didYouMean, UserError } from '../errors.js';
import type { Command } from './command.js';

/** One of the commands that a word chooses from. */
export interface Action {
  readonly summary: string;
  /** Loaded when it is used: a command waits for no other's modules. */
  readonly load: () => Promise<Command>;
  /** Other words for the same. Default: none. */
  readonly aliases?: readonly string[];
}

export type Actions = Readonly<Record<string, Action>>;

/** A command whose first word says which of several it is. */
export function chooser(name: string, summary: string, actions: Actions): Command {
  return async (argv, context) => {
    const [word, ...rest] = argv;
    if (word === '--help' || word === '-h' || word === 'help') {
      context.stdout.write(`${usage(name, summary, actions)}\n`);
      return 0;
    }
    const action = word === undefined ? undefined : find(actions, word);
    if (action !== undefined) return (await action.load())(rest, context);
    const names = Object.entries(actions).flatMap(([key, { aliases = [] }]) => [key, ...aliases]);
    const received = word === undefined ? 'nothing' : `"${word}"${didYouMean(word, names)}`;
    const expected = Object.keys(actions).join(', ');
    throw new UserError(`${name}: expected ${expected}, received ${received} (see ${name} --help)`);
  };
}

function find(actions: Actions, word: string): Action | undefined {
  return Object.entries(actions).find(
    ([key, { aliases = [] }]) => key === word || aliases.includes(word),
  )?.[1];
}

function usage(name: string, summary: string, actions: Actions): string {
  const rows = Object.entries(actions).map(([key, action]): readonly [string, string] => [
    [key, ...(action.aliases ?? [])].join(', '),
    action.summary,
  ]);
  const width = Math.max(...rows.map(([words]) => words.length)) + 2;
  const lines = rows.map(([words, text]) => `  ${words.padEnd(width)}${text}`);
  return [
    ...[summary, '', `usage: ${name} ACTION [FLAGS]`, '', ...lines, ''],
    `${name} ACTION --help tells more.`,
  ].join('\n');
}
