import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { didYouMean, NativeError } from '../errors.js';
import { packageFile } from '../package_files.js';
import { loadOpLibrary } from '../tf/index.js';
import type { OpLibrary } from '../tf/index.js';

/** The libraries that ship with the package, by the name that components ask for them with. */
const BUILT_IN = ['edit_distance', 'overlap'] as const;

/** The file name of a library: `overlap` is `liboverlap.so`. */
function fileNameOf(name: string): string {
  return `lib${name}.so`;
}

/** Loads native op libraries when a component asks for them, and remembers which ones a model uses. */
export class OpLibraries {
  readonly #inUse = new Map<string, OpLibrary>();
  readonly #extra: ReadonlyMap<string, string>;

  /** @param paths Library files beside those of the package, as plugins and users name them; they come first. */
  constructor(paths: readonly string[] = []) {
    this.#extra = new Map(paths.map((path) => [basename(path), path]));
  }

  /** Those asked for so far, by name; the exporter puts them into `assets/`. */
  get inUse(): ReadonlyMap<string, OpLibrary> {
    return this.#inUse;
  }

  /**
   * Makes the ops of library `name` usable; loads it at the first call.
   *
   * @throws NativeError when there is no such library, or it does not load.
   */
  require(name: string): OpLibrary {
    const known = this.#inUse.get(name);
    if (known !== undefined) return known;
    const library = loadOpLibrary(this.#find(name));
    this.#inUse.set(name, library);
    return library;
  }

  #find(name: string): string {
    const fileName = fileNameOf(name);
    const extra = this.#extra.get(fileName);
    if (extra !== undefined) return extra;
    const builtIn = join(packageFile('ops/lib'), fileName);
    if (existsSync(builtIn)) return builtIn;
    if (BUILT_IN.some((known) => known === name)) {
      throw new NativeError(
        `op library "${name}": expected the file ${builtIn}, which is not there; build the native ops first (scripts/setup)`,
      );
    }
    const known = [
      ...BUILT_IN,
      ...[...this.#extra.keys()].map((file) => file.replace(/^lib(.*)\.so$/, '$1')),
    ];
    throw new NativeError(
      `op library "${name}": expected one of ${known.join(', ')}${didYouMean(name, known)}; a plugin names its libraries in opLibraries`,
    );
  }
}
