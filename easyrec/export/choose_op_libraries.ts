import { basename } from 'node:path';
import { ConfigError, NativeError } from '../errors.js';
import type { AssetFile } from './asset_files.js';
import type { LibraryUse } from './graph_ops.js';
import type { ExportedLibrary } from './op_library_record.js';
import { describeOpLibrary } from './op_library_record.js';

/** The files of a model, op libraries included, and what the libraries are. */
export interface ChosenLibraries {
  readonly files: readonly AssetFile[];
  /** Described under the names that they have in `assets/`. */
  readonly libraries: readonly ExportedLibrary[];
}

/**
 * Adds the op libraries that a graph uses to the files of its model, each content once: TensorFlow would load the same
 * library under two names twice, and graphs that use it fail then.
 *
 * @throws NativeError when a `.so` is no op library, or a library in use is no longer the file that was loaded.
 * @throws ConfigError when two libraries have one name or register one op.
 */
export async function chooseOpLibraries(
  files: readonly AssetFile[],
  uses: readonly LibraryUse[],
): Promise<ChosenLibraries> {
  const chosen: AssetFile[] = [];
  const libraries = new Map<string, ExportedLibrary>();
  for (const file of files) {
    if (!/\.so(\.\d+)*$/.test(file.name) && !/\.so(\.\d+)*$/.test(file.source)) {
      chosen.push(file);
      continue;
    }
    const library = await describeOpLibrary(file.source);
    if (libraries.has(library.sha256)) continue;
    libraries.set(library.sha256, { ...library, file: file.name });
    chosen.push(file);
  }
  for (const { library } of uses) {
    if (library === undefined || libraries.has(library.sha256)) continue;
    const name = basename(library.path);
    const other = chosen.find((file) => file.name === name);
    if (other !== undefined) {
      throw new ConfigError(
        `asset files: "${name}" is ${other.source}, but the graph was built with ${library.path}, another file of that name`,
      );
    }
    const described = await describeOpLibrary(library.path);
    if (described.sha256 !== library.sha256) {
      throw new NativeError(`op library ${library.path}: has changed since the graph was built with it`);
    }
    libraries.set(library.sha256, described);
    chosen.push({ name, source: library.path });
  }
  checkDistinctOps([...libraries.values()]);
  return { files: chosen, libraries: [...libraries.values()] };
}

/** TensorFlow refuses the second library that registers an op. */
function checkDistinctOps(libraries: readonly ExportedLibrary[]): void {
  const owners = new Map<string, string>();
  for (const { ops, path } of libraries) {
    for (const op of ops) {
      const other = owners.get(op);
      if (other !== undefined) {
        throw new ConfigError(
          `asset files: the op ${op} is registered by ${other} and by ${path}; list one of them`,
        );
      }
      owners.set(op, path);
    }
  }
}
