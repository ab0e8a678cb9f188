import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { NativeError } from '../errors.js';
import type { Log } from '../log.js';
import { loadOpLibrary, loadSavedModel, readSavedModel, unregisteredOps } from '../tf/index.js';
import type { VersionDirectory } from './model_versions.js';
import type { ServableModel } from './servable.js';
import { SavedModelServable } from './saved_model_servable.js';

/** How a SavedModel is loaded for serving. */
export interface LoadModelOptions {
  /** Whether native code in the model's assets folder may be loaded into this process. */
  readonly loadOpLibraries: boolean;
}

/**
 * Loads one version of a model, ready to run.
 * @throws NativeError when it is no SavedModel, damaged, or uses ops that are not registered.
 */
export async function loadModel(
  { directory }: VersionDirectory,
  { loadOpLibraries }: LoadModelOptions,
  log: Log,
): Promise<ServableModel> {
  const libraries = opLibraryFiles(directory);
  if (loadOpLibraries) {
    for (const file of libraries) {
      const { ops } = loadOpLibrary(file);
      log.info(`loaded op library ${file}: ${ops.map(({ name }) => name).join(', ') || 'no new ops'}`);
    }
  }
  try {
    return new SavedModelServable(await loadSavedModel(directory));
  } catch (error) {
    if (error instanceof NativeError && !loadOpLibraries && libraries.length > 0 && lacksOps(directory)) {
      throw new NativeError(
        `${error.message}; --load_op_libraries loads them (do so only with models you trust: it runs their native code)`,
        { cause: error },
      );
    }
    throw error;
  }
}

/** The op libraries in a SavedModel's assets folder, sorted. */
export function opLibraryFiles(directory: string): readonly string[] {
  const assets = join(directory, 'assets');
  if (!existsSync(assets)) return [];
  return readdirSync(assets, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.so(\.\d+)*$/.test(file))
    .sort()
    .map((file) => join(assets, file));
}

function lacksOps(directory: string): boolean {
  const graphs = readSavedModel(directory).meta_graphs ?? [];
  return graphs.some(({ graph_def }) => unregisteredOps(graph_def ?? {}).length > 0);
}
