import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { NativeError } from '../errors.js';
import { readElf } from './elf.js';

/**
 * Which of TensorFlow's interfaces a library is written against. One on the stable C interface loads in any TensorFlow
 * 2; one on the C++ interface in the version alone that it was built with.
 */
export type OpLibraryApi = 'stable-c' | 'c++' | 'none';

/** An op library as its file describes it, without loading it. */
export interface OpLibraryFile {
  readonly path: string;
  /** The name it goes by in `assets/`. */
  readonly file: string;
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** As `uname -m` names it. */
  readonly machine: string;
  readonly api: OpLibraryApi;
  /** The libraries it asks the loader for. */
  readonly needed: readonly string[];
  /** The symbols that TensorFlow has to bring, sorted. */
  readonly symbols: readonly string[];
}

const C_SYMBOL = /^(?:TF|TFE|TSL|SP|TFNPD)_[A-Z]/;
// Mangled names that mention a namespace of TensorFlow's or of what it is built with: 10tensorflow is its name with
// its length before it.
const CXX_SYMBOL = /^_Z.*(?:10tensorflow|3tsl|3xla|4absl|6google8protobuf)/;

/**
 * Looks at a library's file.
 *
 * @throws NativeError when it cannot be read, is no shared library, or one for another processor.
 */
export async function inspectOpLibrary(path: string): Promise<OpLibraryFile> {
  const { machine, needed, symbols } = readElf(path);
  const own = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as string] ?? process.arch;
  if (machine !== own) {
    throw new NativeError(`op library ${path}: expected one for ${own}, received one for ${machine}`);
  }
  const missing = symbols.filter(({ isDefined, isWeak }) => !isDefined && !isWeak).map(({ name }) => name);
  // A library may bring its own copy of what TensorFlow is built with.
  const hasOwn = needed.some((library) => /absl|protobuf/.test(library));
  const cxx = missing.filter(
    (name) => CXX_SYMBOL.test(name) && (!hasOwn || /10tensorflow|3tsl|3xla/.test(name)),
  );
  const c = missing.filter((name) => C_SYMBOL.test(name));
  return {
    path,
    file: basename(path),
    sha256: await sha256Of(path),
    size: statSync(path).size,
    machine,
    api: cxx.length > 0 ? 'c++' : c.length > 0 ? 'stable-c' : 'none',
    needed,
    symbols: [...c, ...cxx].sort(),
  };
}

/**
 * The symbols that a library needs and a TensorFlow does not have: with any, it does not load there. With none, a
 * library on the C++ interface may still not work, since what lies behind the names may have changed.
 *
 * @param directory Holds TensorFlow's libraries.
 */
export function missingSymbols(library: OpLibraryFile, directory: string): string[] {
  const wanted = new Set(library.symbols);
  for (const name of ['libtensorflow_framework.so.2', 'libtensorflow_cc.so.2', 'libtensorflow.so.2']) {
    const file = join(directory, name);
    if (wanted.size === 0 || !existsSync(file)) continue;
    for (const symbol of readElf(file).symbols) if (symbol.isDefined) wanted.delete(symbol.name);
  }
  return [...wanted];
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
