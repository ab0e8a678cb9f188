import { stringify } from 'yaml';
import { type CommandHelp, type Flags, parseArguments } from '../args.js';
import type { Command } from '../command.js';
import { CALL_FLAGS, printJson, withGateway } from './gateway_call.js';
import { functionName } from './words.js';

const HELP = {
  name: 'dcf function info',
  summary: 'Shows one function as YAML; with --json also its version, state and counters.',
  positional: 'NAME',
  flags: CALL_FLAGS,
} as const satisfies CommandHelp<Flags>;

/** `dcf function info NAME`. */
export const functionInfo: Command = async (argv, context) => {
  const { flags, words } = parseArguments(argv, HELP);
  const name = functionName(HELP.name, words);
  return withGateway(flags, 'did not get info', context, async ({ client }) => {
    const info = await client.getMeta(name);
    const known = {
      ...{ name: info.Name, image: info.Image, invocationcount: info.InvocationCount },
      ...{ replicas: info.Replicas, annotations: info.Annotations },
      ...{ availablereplicas: info.AvailableReplicas, labels: info.Labels },
    };
    if (flags.json === true) printJson(context, { ...known, ...(await client.status(name)) });
    else context.stdout.write(stringify(known, { lineWidth: 0 }));
    return 0;
  });
};
