import { NativeError } from '../errors.js';
import type { Log } from '../log.js';
import {
  hasUnregisteredOps,
  type LoadedSavedModel,
  loadOpLibrary,
  loadSavedModel,
  type LoadSavedModelOptions,
  modelOpLibraries,
} from '../tf/index.js';
import { type OpLibraryTrust, trustedOpLibraries } from './op_library_trust.js';

/**
 * Loads a SavedModel into this process, and before it the op libraries that are trusted.
 *
 * @param directory Holds saved_model.pb.
 * @throws NativeError when the model brings a library that must not be loaded although libraries of models may be, when
 *   it uses ops that are not registered, or is damaged.
 */
export async function loadTrustedModel(
  directory: string,
  trust: OpLibraryTrust,
  { log, ...options }: LoadSavedModelOptions & { readonly log: Log },
): Promise<LoadedSavedModel> {
  for (const { path, sha256 } of await trustedOpLibraries(`saved model ${directory}`, directory, trust)) {
    const names = loadOpLibrary(path, { sha256 }).ops.map(({ name }) => name);
    log.info(`loaded op library ${path} (SHA-256 ${sha256}): ${names.sort().join(', ') || 'no ops'}`);
  }
  try {
    return await loadSavedModel(directory, options);
  } catch (error) {
    if (!(error instanceof NativeError) || trust.fromModels || !bringsMissingOps(directory)) throw error;
    throw new NativeError(
      `${error.message}; --load_op_libraries loads them (do so only with models you trust: it runs their native code)`,
      { cause: error.cause },
    );
  }
}

/** Whether a model uses ops that are not registered, and brings libraries that may have them. */
function bringsMissingOps(directory: string): boolean {
  return modelOpLibraries(directory).length > 0 && hasUnregisteredOps(directory);
}
