import { resolve } from 'node:path';
import { UserError } from '../errors.js';
import { type RunningServer, startModelServer } from './model_server.js';
import { newestVersion } from './model_versions.js';
import { checkServerOptions, type ServerOptions } from './server_options.js';
import { ServingError } from './status.js';
import { ModelsUnavailable } from './versions/models_unavailable.js';

export type { RunningServer } from './model_server.js';
export type { ServerOptions } from './server_options.js';

/**
 * Loads models and serves them over TensorFlow Serving's protocols: REST, and gRPC where that is asked for.
 * @throws UserError when there is no model, one cannot be loaded, or a port cannot be had.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  checkServerOptions(options);
  const { modelBasePath, modelConfigFile } = options;
  const basePath = modelBasePath === undefined ? undefined : resolve(modelBasePath);
  // A mistake in the path is told at once; the protocol's own server would wait for a first version for ever.
  if (basePath !== undefined && modelConfigFile === undefined) await newestVersion(basePath);
  try {
    return await startModelServer({ ...options, modelBasePath: basePath });
  } catch (error) {
    throw error instanceof ServingError ? asUserError(error) : error;
  }
}

function asUserError(error: ServingError): UserError {
  const [failure, ...others] = error instanceof ModelsUnavailable ? error.failures : [];
  const cause = failure?.error.cause;
  // With one model, what was wrong with it says it all.
  if (others.length === 0 && cause instanceof UserError) return cause;
  return new UserError(failure !== undefined && others.length === 0 ? failure.error.message : error.message, {
    cause: error,
  });
}
