import { NativeError } from '../errors.js';
import type { Log } from '../log.js';
import { cacheDirectory } from '../setup/cache.js';
import { cachedVersions, locateLibtensorflow } from '../setup/locate.js';
import { loadLibtensorflow } from '../tf/index.js';
import type { OpLibraryFile } from './op_library_file.js';
import { inspectOpLibrary } from './op_library_file.js';
import { probeOpLibrary } from './op_library_ops.js';

/** An op library that goes into a model, and the ops it brings. */
export interface ExportedLibrary extends OpLibraryFile {
  readonly ops: readonly string[];
}

/** Whether a library loads in the TensorFlow that a model is meant for. */
export interface TargetVerdict {
  readonly loads: boolean;
  /** `loaded`: tried with that very version; `interface`: concluded from the interface it is written against. */
  readonly because: 'loaded' | 'interface';
  /** Why it does not load; empty when it does. */
  readonly problem: string;
}

/** What to do with a library that would not load in the target version. */
export const INCOMPATIBLE_POLICIES = ['refuse', 'warn'] as const;

export type IncompatiblePolicy = (typeof INCOMPATIBLE_POLICIES)[number];

export interface TargetOptions {
  /** Such as `2.12.0`. Default: the TensorFlow of this process. */
  readonly targetVersion?: string | undefined;
  /** Default: `refuse`. */
  readonly onIncompatible?: IncompatiblePolicy | undefined;
  readonly log: Log;
}

/** The file beside a model that describes its op libraries. */
export const RECORD_FILE = 'op_libraries.json';

/**
 * Inspects a library and asks a process of its own which ops it registers.
 *
 * @throws NativeError when it is no library or does not load in this TensorFlow.
 */
export async function describeOpLibrary(path: string): Promise<ExportedLibrary> {
  const library = await inspectOpLibrary(path);
  const { ops } = await probeOpLibrary(library, loadLibtensorflow().directory);
  return { ...library, ops };
}

/**
 * The content of `op_libraries.json` for a model's libraries, held against the version of TensorFlow that the model
 * is meant for.
 *
 * @throws NativeError when one would not load there and that is to be refused.
 */
export async function recordOpLibraries(
  libraries: readonly ExportedLibrary[],
  { targetVersion, onIncompatible = 'refuse', log }: TargetOptions,
): Promise<string> {
  const own = loadLibtensorflow().version;
  const target = targetVersion ?? own;
  if (!/^\d+\.\d+\.\d+$/.test(target)) {
    throw new NativeError(`target TensorFlow version: expected one such as 2.12.0, received "${target}"`);
  }
  const entries = [];
  for (const library of libraries) {
    const verdict = await judge(library, target);
    if (!verdict.loads) {
      const message = `${verdict.problem}; the model would not load in TensorFlow ${target}`;
      if (onIncompatible === 'refuse') throw new NativeError(message);
      log.warn(message);
    }
    entries.push(recordEntry(library, own, verdict));
  }
  const record = { tensorflow_version: own, target_tensorflow_version: target, libraries: entries };
  return `${JSON.stringify(record, null, 2)}\n`;
}

function recordEntry(library: ExportedLibrary, own: string, verdict: TargetVerdict): Record<string, unknown> {
  const { file, sha256, size, machine, api, ops } = library;
  return {
    file,
    sha256,
    size,
    machine,
    ops,
    api,
    tensorflow_versions: api === 'c++' ? own : '2.x',
    loads_in_target: verdict.loads,
    because: verdict.because,
  };
}

/** Whether a library that loads in this process's TensorFlow loads in another one. */
async function judge(library: ExportedLibrary, target: string): Promise<TargetVerdict> {
  const own = loadLibtensorflow().version;
  if (target === own) return { loads: true, because: 'loaded', problem: '' };
  if (cachedVersions(cacheDirectory()).includes(target)) {
    const { directory } = locateLibtensorflow({ version: target });
    try {
      await probeOpLibrary(library, directory);
      return { loads: true, because: 'loaded', problem: '' };
    } catch (error) {
      if (!(error instanceof NativeError)) throw error;
      return { loads: false, because: 'loaded', problem: error.message };
    }
  }
  if (library.api !== 'c++') return { loads: true, because: 'interface', problem: '' };
  const problem =
    `op library ${library.path}: uses TensorFlow's C++ interface and was built for ${own}; rebuild it for ` +
    `${target}, best on the stable C kernel interface, which every version has`;
  return { loads: false, because: 'interface', problem };
}
