import { UserError } from '../../errors.js';
import { type CommandHelp, type Flags, parseArguments } from '../args.js';
import type { Command } from '../command.js';
import { CALL_FLAGS, printJson, withGateway } from './gateway_call.js';
import { WAIT_FLAGS, waitOptions, waitUntilGone } from './wait.js';

const HELP = {
  name: 'dcf function delete',
  summary: 'Takes functions off the gateway: those named, or with -f those in the file. Files here are kept.',
  positional: 'NAME...',
  flags: {
    ...CALL_FLAGS,
    ...WAIT_FLAGS,
    wait: { type: 'boolean', help: 'wait until they are gone' },
  },
} as const satisfies CommandHelp<Flags>;

/** `dcf function delete NAME`, also `remove` and `rm`. */
export const deleteFunctions: Command = async (argv, context) => {
  const { flags, words } = parseArguments(argv, HELP);
  if (words.length === 0 && flags.config === undefined) {
    throw new UserError(
      `please provide a name for the function (${HELP.name}: expected NAME or -f FILE, received nothing)`,
    );
  }
  return withGateway(flags, 'did not delete', context, async ({ client, config }) => {
    const names = words.length > 0 ? words : (config?.functions ?? []).map(({ name }) => name);
    const wait = waitOptions(HELP.name, flags);
    for (const name of names) {
      await client.delete(name);
      if (wait !== undefined) await waitUntilGone(client, name, wait.timeoutMs, context.signal);
      if (flags.json !== true) context.stdout.write(`Deleted: ${name}\n`);
    }
    if (flags.json === true) printJson(context, { deleted: names });
    return 0;
  });
};
