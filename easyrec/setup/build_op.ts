import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { NativeError } from '../errors.js';
import { packageFile } from '../package_files.js';
import type { Environment } from './cache.js';
import { ensureAllHeaders, type FetchOptions } from './fetch.js';
import { type LibtensorflowLocation, locateLibtensorflow } from './locate.js';
import { runTool } from './tool.js';

export interface BuildOpOptions {
  /** The library's file. Default: `lib<first source>.so` in the working directory. */
  readonly out?: string | undefined;
  /** Without optimization and with debug information. Default: false. */
  readonly debug?: boolean | undefined;
  /**
   * For sources that include TensorFlow's C++ headers: the library then loads in this one TensorFlow version only.
   * Default: false.
   */
  readonly cxxApi?: boolean | undefined;
  /** Built against this one. Default: the one that `locateLibtensorflow` finds. */
  readonly location?: LibtensorflowLocation;
  /** Default: CXX of the environment, else g++. */
  readonly compiler?: string | undefined;
  /** Default: `process.env`. */
  readonly env?: Environment;
  /** How to fetch the C++ headers where the cache has not got them. */
  readonly fetch?: Omit<FetchOptions, 'version' | 'env'>;
}

/** A library that was built. */
export interface BuiltOp {
  /** The library's full file name. */
  readonly library: string;
  /** What the compiler warned of; empty as a rule. */
  readonly warnings: string;
}

/**
 * Compiles the sources of one or more ops into a library that `easyrec` and TensorFlow load. The sources find the
 * headers of TensorFlow and those of `ops/common` (`easyrec/op.h`). An existing library is replaced only by a good one.
 * @throws NativeError with the compiler's own message when it fails, and when a source or the compiler is missing
 */
export async function buildOp(sources: readonly string[], options: BuildOpOptions = {}): Promise<BuiltOp> {
  const { env = process.env } = options;
  const [first] = sources;
  if (first === undefined) throw new NativeError('no source file to build an op of');
  const missing = sources.filter((source) => !existsSync(source));
  if (missing.length > 0) throw new NativeError(`${missing.join(', ')}: no such file`);
  const library = resolve(options.out ?? `lib${basename(first, extname(first))}.so`);
  const location = options.location ?? locateLibtensorflow({ env });
  const flags = options.cxxApi ? await cxxApiFlags(location, options) : cApiFlags(location);
  const compiler = options.compiler ?? (env.CXX ? env.CXX : 'g++');
  await mkdir(dirname(library), { recursive: true });
  // Beside it, so that the rename stays on one file system; named by process, so that two builds do not meet.
  const temporary = join(dirname(library), `.${basename(library)}.${process.pid}`);
  try {
    const { stderr, code } = await runTool(
      compiler,
      [
        '-std=c++17',
        '-shared',
        '-fPIC',
        ...(options.debug ? ['-O0', '-g'] : ['-O2']),
        '-Wall',
        `-I${packageFile('ops/common')}`,
        ...flags,
        ...sources,
        '-o',
        temporary,
        `-L${location.directory}`,
        '-l:libtensorflow_framework.so.2',
      ],
      { env, purpose: 'it compiles ops (Debian and Ubuntu: apt-get install g++)' },
    );
    if (code !== 0)
      throw new NativeError(`${compiler} could not build ${sources.join(', ')}:\n${stderr.trim()}`);
    await rename(temporary, library);
    return { library, warnings: stderr.trim() };
  } finally {
    await rm(temporary, { force: true });
  }
}

function cApiFlags(location: LibtensorflowLocation): string[] {
  if (location.includeDirectory === undefined) {
    throw new NativeError(
      `${location.directory} came without headers: expected tensorflow/c/kernels.h in an include folder in it or ` +
        'beside it; `easyrec setup` fetches a libtensorflow that has them',
    );
  }
  // System headers, so that their warnings are not the user's. No symbol of one op is to be taken for another's.
  return ['-isystem', location.includeDirectory, '-fvisibility=hidden', '-Wl,--no-undefined'];
}

async function cxxApiFlags(location: LibtensorflowLocation, options: BuildOpOptions): Promise<string[]> {
  const { env = process.env } = options;
  const include = await ensureAllHeaders(location, { ...options.fetch, env });
  // With the wrong string ABI a library builds and then does not load, for want of a symbol that nobody recognises.
  const framework = await readFile(location.frameworkLibrary);
  const newAbi = framework.includes('B5cxx11') ? 1 : 0;
  // Eigen's alignment is part of the layout of TensorFlow's classes, and TensorFlow is built with this one.
  return ['-isystem', include, `-D_GLIBCXX_USE_CXX11_ABI=${newAbi}`, '-DEIGEN_MAX_ALIGN_BYTES=64'];
}
