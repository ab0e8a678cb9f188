import { existsSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { NativeError } from '../errors.js';
import { type Log, SILENT_LOG } from '../log.js';
import { packageFile } from '../package_files.js';
import type { Environment } from './cache.js';
import type { LibtensorflowLocation } from './locate.js';
import { withLock } from './lock.js';
import { runTool } from './tool.js';

export interface BuildBundledOpsOptions {
  readonly log?: Log;
  /** Default: `process.env`. */
  readonly env?: Environment;
  /** The folder with CMakeLists.txt; libraries go to its `lib`. Default: the package's `ops`. */
  readonly directory?: string;
}

/**
 * Builds the op libraries that ship with the package with CMake, those that are not up to date.
 * @returns the libraries' full file names
 * @throws NativeError with CMake's or the compiler's own message
 */
export async function buildBundledOps(
  location: LibtensorflowLocation,
  { log = SILENT_LOG, env, directory = packageFile('ops') }: BuildBundledOpsOptions = {},
): Promise<string[]> {
  if (location.includeDirectory === undefined) {
    throw new NativeError(`${location.directory} came without headers, which building ops needs`);
  }
  const build = join(directory, 'build');
  const configure = [
    ['-S', directory, '-B', build],
    [
      `-DTENSORFLOW_LIBRARY_DIR=${location.directory}`,
      `-DTENSORFLOW_INCLUDE_DIR=${location.includeDirectory}`,
    ],
  ].flat();
  const steps = [configure, ['--build', build, '--parallel', String(availableParallelism())]];
  await mkdir(build, { recursive: true });
  await withLock(join(build, '.lock'), async () => {
    for (const args of steps) {
      const { stdout, stderr, code } = await runTool('cmake', args, {
        env,
        purpose: 'it builds the op libraries (Debian and Ubuntu: apt-get install cmake g++)',
      });
      log.debug(stdout);
      // Compilers report through CMake's build on either stream, depending on the generator.
      if (code !== 0) throw new NativeError(`the ops could not be built:\n${`${stdout}\n${stderr}`.trim()}`);
    }
  });
  const lib = join(directory, 'lib');
  const libraries = existsSync(lib) ? readdirSync(lib).filter((name) => name.endsWith('.so')) : [];
  return libraries.sort().map((name) => join(lib, name));
}
