import { UserError } from '../../errors.js';
import {
  API_VERSIONS,
  type ApiVersion,
  PhantoscopeClient,
} from '../../serving/operator/phantoscope_client.js';
import type { Flags } from '../args.js';
import type { CommandContext } from '../command.js';

/** Flags of all commands that talk to a Phantoscope server. */
export const SERVER_FLAGS = {
  server: { type: 'string', value: 'URL', help: 'of Phantoscope; default: http://127.0.0.1:5000' },
  api: { type: 'string', value: 'VERSION', help: 'of Phantoscope, 0.1 or 0.2; default: 0.1' },
  timeout_ms: { type: 'number', value: 'MS', help: 'limit for each request; default: 60000' },
} as const satisfies Flags;

/** What those flags gave. */
export interface ServerGiven {
  readonly server: string | undefined;
  readonly api: string | undefined;
  readonly timeout_ms: number | undefined;
}

/** A client for the server that the flags name. */
export function clientOf(given: ServerGiven, { signal }: CommandContext): PhantoscopeClient {
  const { server = 'http://127.0.0.1:5000', timeout_ms: timeoutMs } = given;
  return new PhantoscopeClient({ server, timeoutMs, signal });
}

/** @throws UserError when the version is none of those known. */
export function apiOf({ api = '0.1' }: ServerGiven): ApiVersion {
  const found = API_VERSIONS.find((version) => version === api);
  if (found !== undefined) return found;
  throw new UserError(`--api: expected ${API_VERSIONS.join(' or ')}, received "${api}"`);
}

/** Prints an answer as JSON. */
export function print(answer: unknown, { stdout }: CommandContext): void {
  stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
}
