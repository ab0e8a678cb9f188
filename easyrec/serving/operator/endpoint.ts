import { UserError } from '../../errors.js';

/** What an operator says of itself where nobody tells it better, as the original does. */
export const DEFAULT_ENDPOINT = '127.0.0.1:80';

/**
 * The port of an endpoint: what follows its last colon.
 * @throws UserError when that is no port.
 */
export function portOf(endpoint: string): number {
  const colon = endpoint.lastIndexOf(':');
  const text = endpoint.slice(colon + 1);
  const port = Number(text);
  if (colon > 0 && /^\d+$/.test(text) && port <= 65_535) return port;
  throw new UserError(`endpoint: expected HOST:PORT, received ${JSON.stringify(endpoint)}`);
}
