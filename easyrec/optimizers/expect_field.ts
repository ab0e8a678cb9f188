import { locationOf } from '../config/message.js';
import { ConfigError } from '../errors.js';

/**
 * Checks a field of a config.
 *
 * @param expected in words, for the error
 * @throws ConfigError when it does not hold
 */
export function expectField<M extends object>(
  config: M,
  field: keyof M & string,
  holds: boolean,
  expected: string,
): void {
  if (holds) return;
  throw new ConfigError(`${field}: expected ${expected}, received ${String(config[field])}`, {
    at: locationOf(config, field),
  });
}
