import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { didYouMean, NativeError } from '../errors.js';
import { cachedLibraries, cacheDirectory, type Environment } from './cache.js';
import { DEFAULT_TENSORFLOW_VERSION } from './wheels.js';

/** Where a libtensorflow was found. */
export interface LibtensorflowLocation {
  /** Holds the libraries. */
  readonly directory: string;
  readonly source: 'environment' | '@tensorflow/tfjs-node-gpu' | '@tensorflow/tfjs-node' | 'cache';
  /** The library with the C API: the file's full name. */
  readonly library: string;
  /** The library that op libraries link against: the file's full name. */
  readonly frameworkLibrary: string;
  /** The folder for the compiler's `-I`, where `tensorflow/c/kernels.h` is; undefined where none came along. */
  readonly includeDirectory: string | undefined;
  /** As in `2.21.0`; undefined where only loading the library can tell. */
  readonly version: string | undefined;
}

export interface LocateOptions {
  /** Default: `process.env`. */
  readonly env?: Environment;
  /** Takes this version from the cache and looks nowhere else. Default: look everywhere; in the cache, take
   * EASYREC_TF_VERSION, else 2.21.0. */
  readonly version?: string | undefined;
  /** Files or folders from which installed npm packages are resolved. Default: the working directory, then this package. */
  readonly resolveFrom?: readonly string[];
}

const FRAMEWORK = 'libtensorflow_framework.so.2';
/** The wheel's library with the C API, then the name it has in the C API's own releases. */
const C_API_LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow.so.2'];
const TFJS_PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** How to get a libtensorflow, for the end of a message. */
const REMEDY =
  'run `easyrec setup` (in a checkout: `bash scripts/setup`), which fetches it, or name a folder that has it in ' +
  'EASYREC_LIBTENSORFLOW';

/**
 * Finds libtensorflow: the folder that EASYREC_LIBTENSORFLOW names, else an installed @tensorflow/tfjs-node-gpu or
 * tfjs-node, else the cache that set-up fills.
 * @throws NativeError saying where it looked and what to run; also when EASYREC_LIBTENSORFLOW names a folder without
 *   the libraries, since silently taking another one would hide the mistake.
 */
export function locateLibtensorflow(options: LocateOptions = {}): LibtensorflowLocation {
  const env = options.env ?? process.env;
  if (options.version !== undefined) return fromCache(cacheDirectory(env), options.version, []);
  const elsewhere = locateOutsideCache(options);
  if (elsewhere) return elsewhere;
  const tried = [
    'EASYREC_LIBTENSORFLOW (not set)',
    `${TFJS_PACKAGES.join(' and ')} (not installed, or not in use)`,
  ];
  return fromCache(
    cacheDirectory(env),
    env.EASYREC_TF_VERSION ? env.EASYREC_TF_VERSION : DEFAULT_TENSORFLOW_VERSION,
    tried,
  );
}

/**
 * The libtensorflow that EASYREC_LIBTENSORFLOW names or that an installed tfjs-node brings; undefined where there is
 * none and the cache is to be used. EASYREC_TF_VERSION asks for the cache: tfjs-node brings whichever version it brings.
 * @throws NativeError when EASYREC_LIBTENSORFLOW names a folder without the libraries
 */
export function locateOutsideCache(options: LocateOptions = {}): LibtensorflowLocation | undefined {
  const env = options.env ?? process.env;
  if (env.EASYREC_LIBTENSORFLOW) return fromEnvironment(resolve(env.EASYREC_LIBTENSORFLOW));
  if (env.EASYREC_TF_VERSION) return undefined;
  return fromTfjs(
    options.resolveFrom ?? [join(process.cwd(), 'package.json'), fileURLToPath(import.meta.url)],
  );
}

/** The versions that the cache holds, unpacked and complete. */
export function cachedVersions(cache: string): string[] {
  const directory = cachedLibraries(cache);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter(
      (name) => /^\d+\.\d+\.\d+$/.test(name) && findLibraries(join(directory, name)).library !== undefined,
    )
    .sort();
}

function fromEnvironment(directory: string): LibtensorflowLocation {
  const location = locationIn(directory, 'environment', [
    join(directory, 'include'),
    join(directory, '../include'),
  ]);
  if (location) return location;
  throw new NativeError(
    `EASYREC_LIBTENSORFLOW: expected a folder that holds ${FRAMEWORK} and ${C_API_LIBRARIES.join(' or ')}, received ` +
      `${directory}, ${describeFolder(directory)}`,
  );
}

function fromTfjs(resolveFrom: readonly string[]): LibtensorflowLocation | undefined {
  for (const source of TFJS_PACKAGES) {
    for (const from of resolveFrom) {
      const root = packageDirectory(source, from);
      if (root === undefined) continue;
      // The package's install step downloads the library; where that step was skipped the folder is not there.
      const location = locationIn(join(root, 'deps/lib'), source, [join(root, 'deps/include')]);
      if (location) return location;
    }
  }
  return undefined;
}

function fromCache(cache: string, version: string, tried: readonly string[]): LibtensorflowLocation {
  const directory = join(cachedLibraries(cache), version);
  const location = locationIn(directory, 'cache', [join(directory, 'include')]);
  if (location) return { ...location, version };
  const known = cachedVersions(cache);
  const others =
    known.length === 0 ? '' : `; the cache holds ${known.join(', ')} (choose one with EASYREC_TF_VERSION)`;
  throw new NativeError(
    `libtensorflow ${version} was not found${didYouMean(version, known)}: looked at ${[...tried, directory].join(', ')}` +
      `${others}; ${REMEDY}`,
  );
}

function locationIn(
  directory: string,
  source: LibtensorflowLocation['source'],
  includes: readonly string[],
): LibtensorflowLocation | undefined {
  const { library, frameworkLibrary } = findLibraries(directory);
  if (library === undefined || frameworkLibrary === undefined) return undefined;
  const includeDirectory = includes.find((candidate) =>
    existsSync(join(candidate, 'tensorflow/c/kernels.h')),
  );
  return { directory, source, library, frameworkLibrary, includeDirectory, version: undefined };
}

function findLibraries(directory: string): {
  library: string | undefined;
  frameworkLibrary: string | undefined;
} {
  const frameworkLibrary = join(directory, FRAMEWORK);
  if (!existsSync(frameworkLibrary)) return { library: undefined, frameworkLibrary: undefined };
  const library = C_API_LIBRARIES.map((name) => join(directory, name)).find((file) => existsSync(file));
  return { library, frameworkLibrary };
}

function packageDirectory(name: string, from: string): string | undefined {
  try {
    return dirname(createRequire(from).resolve(`${name}/package.json`));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

function describeFolder(directory: string): string {
  if (!existsSync(directory)) return 'which does not exist';
  try {
    const libraries = readdirSync(directory).filter((name) => /^libtensorflow.*\.so/.test(name));
    return libraries.length === 0
      ? 'which holds no libtensorflow file'
      : `which holds only ${libraries.join(', ')}`;
  } catch {
    return 'which is not a folder that can be read';
  }
}
