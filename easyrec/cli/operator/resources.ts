import type { Resource } from '../../serving/operator/phantoscope_client.js';
import { type CommandHelp, type Flags, parseArguments } from '../args.js';
import type { Command } from '../command.js';
import { clientOf, print, SERVER_FLAGS } from './phantoscope.js';
import { oneWord } from './words.js';

const { server, timeout_ms } = SERVER_FLAGS;
const FLAGS = { server, timeout_ms } as const satisfies Flags;

type Action = 'list' | 'show' | 'delete';

const SUMMARIES: Readonly<Record<Action, (kind: Resource) => string>> = {
  list: (kind) => `Prints the ${kind}s that a Phantoscope server has, as JSON.`,
  show: (kind) => `Prints one ${kind}, as JSON.`,
  delete: (kind) => `Deletes an ${kind} from a Phantoscope server and prints it.`.replace('an p', 'a p'),
};

/** `list`, `show NAME` and `delete NAME` of what a server keeps; `prefix` is what is typed before these. */
export function resourceCommand(kind: Resource, action: Action, prefix: string): Command {
  const name = `${prefix} ${action}`;
  return async (argv, context) => {
    const help: CommandHelp<typeof FLAGS> = {
      name,
      summary: SUMMARIES[action](kind),
      flags: FLAGS,
      ...(action !== 'list' && { positional: 'NAME' }),
    };
    const { flags, words } = parseArguments(argv, help);
    const client = clientOf({ ...flags, api: undefined }, context);
    if (action === 'list') print(await client.list(kind), context);
    else print(await client[action](kind, oneWord(name, `the name of the ${kind}`, words)), context);
    return 0;
  };
}
