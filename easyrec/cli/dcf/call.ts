import { type CommandHelp, type Flags, parseArguments } from '../args.js';
import type { Command } from '../command.js';
import { CALL_FLAGS, printJson, withGateway } from './gateway_call.js';
import { WAIT_FLAGS, waitOptions, waitUntilReady } from './wait.js';
import { functionName } from './words.js';

const HELP = {
  name: 'dcf function call',
  summary: 'Sends standard input to a function, byte for byte, and prints its answer as it is.',
  positional: 'NAME',
  flags: { ...CALL_FLAGS, ...WAIT_FLAGS },
} as const satisfies CommandHelp<Flags>;

/** `dcf function call NAME`, also `invoke`. */
export const callFunction: Command = async (argv, context) => {
  const { flags, words } = parseArguments(argv, HELP);
  const name = functionName(HELP.name, words);
  return withGateway(flags, 'did not invoke', context, async ({ client }) => {
    const wait = waitOptions(HELP.name, flags);
    if (process.stdin.isTTY) {
      context.stderr.write('Reading from STDIN - hit (Control + D) to stop.\n');
    }
    const input = await readAll(process.stdin);
    if (wait !== undefined) await waitUntilReady(client, name, wait, context.signal);
    const output = await client.invoke(name, input);
    if (flags.json === true) printJson(context, { name, output });
    else context.stdout.write(output);
    return 0;
  });
};

async function readAll(stream: NodeJS.ReadStream): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
