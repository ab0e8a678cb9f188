import { GatewayClient } from '../../serving/function/gateway_client.js';
import { GatewayError } from '../../serving/function/gateway_error.js';
import { chooseGateway, type DcfConfig, readConfigFile } from '../../serving/function/project/index.js';
import type { Flags } from '../args.js';
import type { CommandContext } from '../command.js';
import { checkInteger, MAX_MS } from './check_integer.js';

/** How a command finds the gateway. */
export const GATEWAY_FLAGS = {
  gateway: {
    type: 'string',
    short: 'g',
    value: 'HOST:PORT',
    help: "default: config.yaml's, else DCF_URL or OPENFX_URL, else 127.0.0.1:32222",
  },
} as const satisfies Flags;

export const CONFIG_FLAG = {
  config: { type: 'string', short: 'f', value: 'FILE', help: 'a config.yaml that describes functions' },
} as const satisfies Flags;

export const JSON_FLAG = {
  json: { type: 'boolean', help: 'print the result as JSON' },
} as const satisfies Flags;

/** What every command takes that calls the gateway and prints its answer. */
export const CALL_FLAGS = {
  ...CONFIG_FLAG,
  ...GATEWAY_FLAGS,
  ...JSON_FLAG,
  timeout_ms: { type: 'number', value: 'MS', help: 'limit for each call of the gateway; default: none' },
} as const satisfies Flags;

/** What a command is given to talk to the gateway. */
export interface GatewayCall {
  readonly client: GatewayClient;
  /** `HOST:PORT`. */
  readonly gateway: string;
  /** What `-f` names. */
  readonly config: DcfConfig | undefined;
}

interface GatewayFlags {
  readonly gateway: string | undefined;
  readonly config?: string | undefined;
  readonly timeout_ms?: number | undefined;
}

/** The gateway's codes for what the user can put right, besides what a function itself makes of a call. */
const MISTAKES = ['InvalidArgument', 'NotFound', 'AlreadyExists', 'FailedPrecondition', 'OutOfRange'];

/**
 * Runs a command with a client for the gateway that its flags name.
 * @param failure goes in front of what the gateway says, such as `did not invoke`.
 * @returns what `work` returns, or the exit code for the gateway's error: 2 for a mistake, 1 for any other.
 */
export async function withGateway(
  flags: GatewayFlags,
  failure: string,
  { stderr, signal }: CommandContext,
  work: (call: GatewayCall) => Promise<number>,
): Promise<number> {
  const config = flags.config === undefined ? undefined : readConfigFile(flags.config);
  const sources = { flag: flags.gateway, config: config?.gateway, environment: process.env };
  const gateway = chooseGateway(sources);
  const timeoutMs = checkInteger('--timeout_ms', flags.timeout_ms, 1, MAX_MS);
  const client = new GatewayClient(gateway, { timeoutMs });
  const stop = (): void => client.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await work({ client, gateway, config });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof GatewayError)) throw error;
    const hint = error.code === 'Unavailable' ? ` (is "dcf gateway" running at ${gateway}?)` : '';
    stderr.write(`Error: ${failure}: ${error.message}${hint}\n`);
    return MISTAKES.includes(error.code) ? 2 : 1;
  } finally {
    signal.removeEventListener('abort', stop);
    client.close();
  }
}

/** Prints a value as JSON. */
export function printJson({ stdout }: CommandContext, value: unknown): void {
  stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
