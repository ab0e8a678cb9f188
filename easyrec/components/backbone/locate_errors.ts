import type { SourceLocation } from '../../errors.js';
import { ConfigError, GraphError, NativeError } from '../../errors.js';

/** Runs `action`; errors that do not say where they come from are told as of `what` at `at`. */
export function locateErrors<Result>(
  what: string,
  at: SourceLocation | undefined,
  action: () => Result,
): Result {
  try {
    return action();
  } catch (error) {
    const isKnown =
      error instanceof ConfigError || error instanceof GraphError || error instanceof NativeError;
    if (!isKnown || error.at !== undefined) throw error;
    throw new ConfigError(`${what}: ${error.message}`, { at, cause: error });
  }
}
