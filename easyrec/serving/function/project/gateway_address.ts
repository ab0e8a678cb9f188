import { UserError } from '../../../errors.js';
import { DEFAULT_GATEWAY_PORT } from '../protocol.js';

/** Environment variables that name the gateway, the first that is set wins. */
export const GATEWAY_VARIABLES = ['DCF_URL', 'OPENFX_URL'] as const;

/** Where a gateway is looked for. */
export interface GatewaySources {
  /** From the command line. */
  readonly flag: string | undefined;
  /** From config.yaml. */
  readonly config: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The gateway's `HOST:PORT`: the flag's, config.yaml's, the environment's, or one on this machine.
 * @throws UserError when what is found is no address.
 */
export function chooseGateway({ flag, config, environment }: GatewaySources): string {
  if (flag !== undefined) return gatewayAddress(flag, (message) => new UserError(`--gateway: ${message}`));
  if (config !== undefined) return config;
  const variable = GATEWAY_VARIABLES.find((name) => (environment[name] ?? '') !== '');
  if (variable === undefined) return `127.0.0.1:${DEFAULT_GATEWAY_PORT}`;
  return gatewayAddress(environment[variable] ?? '', (message) => new UserError(`${variable}: ${message}`));
}

/**
 * Reads `HOST:PORT`, also as a URL or with a "/" behind it; the port may be left out.
 * @throws whatever `problem` makes of the message.
 */
export function gatewayAddress(text: string, problem: (message: string) => Error): string {
  const [, host, port = String(DEFAULT_GATEWAY_PORT)] =
    /^(?:http:\/\/|grpc:\/\/)?([\w.-]+|\[[\da-fA-F:.]+\])(?::(\d+))?\/*$/.exec(text.trim()) ?? [];
  if (host !== undefined && Number(port) >= 1 && Number(port) <= 65_535) return `${host}:${port}`;
  throw problem(`expected the gateway as HOST:PORT, received "${text}"`);
}
