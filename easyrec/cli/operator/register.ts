import { UserError } from '../../errors.js';
import { path, type PhantoscopeClient } from '../../serving/operator/phantoscope_client.js';
import { type CommandHelp, type Flags, type Given, parseArguments } from '../args.js';
import type { Command } from '../command.js';
import { apiOf, clientOf, print, SERVER_FLAGS } from './phantoscope.js';

const HELP = {
  name: 'easyrec operator register',
  summary: 'Registers an operator with a Phantoscope server and prints its answer.',
  flags: {
    ...SERVER_FLAGS,
    name: { type: 'string', value: 'NAME', required: true, help: 'under which pipelines find it' },
    endpoint: { type: 'string', value: 'HOST:PORT', help: '0.1: where the server finds the operator' },
    addr: { type: 'string', value: 'IMAGE', help: "0.2: the operator's container image" },
    type: { type: 'string', value: 'TYPE', help: '0.2: encoder or processor' },
    author: { type: 'string', value: 'TEXT', help: '0.2: default: easyrec' },
    version: { type: 'string', value: 'TEXT', help: '0.2: default: latest' },
    description: { type: 'string', value: 'TEXT', help: '0.2: default: the name' },
    instance: { type: 'string', value: 'NAME', help: '0.2: also start an instance of this name' },
  },
} as const satisfies CommandHelp<Flags>;

type Options = Given<typeof HELP.flags>;

const ONLY_02 = ['addr', 'type', 'author', 'version', 'description', 'instance'] as const;

/** `easyrec operator register`, in the forms of both versions. */
export const registerOperator: Command = async (argv, context) => {
  const { flags } = parseArguments(argv, HELP);
  const client = clientOf(flags, context);
  if (apiOf(flags) === '0.1') print(await register01(client, flags), context);
  else for (const answer of await register02(client, flags)) print(answer, context);
  return 0;
};

function register01(client: PhantoscopeClient, flags: Options): Promise<unknown> {
  const extra = ONLY_02.find((name) => flags[name] !== undefined);
  if (extra !== undefined) throw new UserError(`${HELP.name}: --${extra} needs --api 0.2`);
  const { endpoint, name } = flags;
  if (endpoint === undefined) throw new UserError(`${HELP.name}: --endpoint is missing`);
  // The protocol spells it so.
  return client.send('POST', 'operator/regist', { endpoint, name });
}

async function register02(client: PhantoscopeClient, flags: Options): Promise<readonly unknown[]> {
  const { name, addr, type, author = 'easyrec', version = 'latest', description = name, instance } = flags;
  if (flags.endpoint !== undefined) {
    throw new UserError(`${HELP.name}: --endpoint: a 0.2 server starts the operator itself, from --addr`);
  }
  if (addr === undefined) throw new UserError(`${HELP.name}: --addr is missing`);
  if (type !== 'encoder' && type !== 'processor') {
    throw new UserError(`${HELP.name}: --type: expected encoder or processor, received ${type ?? 'nothing'}`);
  }
  const body = { name, addr, author, version, type, description };
  const answers = [await client.send('POST', 'operator/register', body)];
  if (instance !== undefined) {
    const route = `${path('operator', name)}/instances/${encodeURIComponent(instance)}`;
    answers.push(await client.send('POST', route));
  }
  return answers;
}
