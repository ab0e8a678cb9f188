import type { SourceLocation } from '../../errors.js';
import { ConfigError, GraphError } from '../../errors.js';

/** Runs `action`; errors that do not say where they come from are told as of `what` at `at`. */
export function locateErrors<Result>(
  what: string,
  at: SourceLocation | undefined,
  action: () => Result,
): Result {
  try {
    return action();
  } catch (error) {
    const isUnlocated =
      (error instanceof ConfigError || error instanceof GraphError) && error.at === undefined;
    if (!isUnlocated) throw error;
    throw new ConfigError(`${what}: ${error.message}`, { at, cause: error });
  }
}
