import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NativeError } from '../errors.js';
import { type Log, SILENT_LOG } from '../log.js';
import { cachedLibraries, cachedWheels, cacheDirectory, type Environment } from './cache.js';
import { download, type DownloadOptions, mismatch, type Progress, TransferError } from './download.js';
import { cachedVersions, type LibtensorflowLocation, locateLibtensorflow } from './locate.js';
import { withLock } from './lock.js';
import { pipCommand, pipDownload, PipError, type PipOptions, pythonTag, resolveWheel } from './pip.js';
import { withTemporaryFolder } from './temporary_folder.js';
import { unpackAllHeaders, unpackLibraries } from './unpack.js';
import { DEFAULT_TENSORFLOW_VERSION, type Wheel, wheelFor, WHEELS, wheelVersions } from './wheels.js';

export interface FetchOptions {
  /** Default: 2.21.0. */
  readonly version?: string | undefined;
  /** Default: `process.env`. */
  readonly env?: Environment;
  /** Default: the machine's, as Node calls it. */
  readonly arch?: string;
  /** Whose pip fetches the wheel, and for which the wheel is chosen. Default: `python3`. */
  readonly python?: string;
  readonly log?: Log;
  readonly onProgress?: Progress | undefined;
  /** What may be fetched. Default: the published wheels. */
  readonly wheels?: readonly Wheel[];
  /** How patient the download is. */
  readonly download?: Pick<DownloadOptions, 'attempts' | 'pauseMs' | 'idleMs'>;
}

/**
 * Puts libtensorflow into the cache, unless it is there: fetches the wheel that contains it, checks the wheel's size
 * and SHA-256, and unpacks the two libraries and the C API's headers. Processes that do this at the same time wait
 * for one another; one that is stopped leaves nothing that is half done, and the next continues its download.
 * @throws NativeError saying what could not be had and what to do instead
 */
export async function fetchLibtensorflow(options: FetchOptions = {}): Promise<LibtensorflowLocation> {
  const cache = cacheDirectory(options.env);
  try {
    return await fetchInto(cache, options);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!DISK_ERRORS.has(code)) throw error;
    throw new NativeError(
      `the cache folder ${cache} cannot be written: ${String(error)}; EASYREC_CACHE can name another`,
      { cause: error },
    );
  }
}

/** Full, read-only, or somebody else's. */
const DISK_ERRORS = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'ENOTDIR']);

async function fetchInto(cache: string, options: FetchOptions): Promise<LibtensorflowLocation> {
  const { version = DEFAULT_TENSORFLOW_VERSION, env = process.env, log = SILENT_LOG } = options;
  const locate = (): LibtensorflowLocation => locateLibtensorflow({ env, version });
  if (cachedVersions(cache).includes(version)) return locate();
  const libraries = cachedLibraries(cache);
  await mkdir(libraries, { recursive: true });
  await withLock(
    join(libraries, `${version}.lock`),
    async () => {
      if (cachedVersions(cache).includes(version)) return;
      const wheel = await fetchWheel(options, await candidateWheels(options));
      log.info(`unpacking libtensorflow ${version} into ${libraries}`);
      await withTemporaryFolder(libraries, `.unpacking-${version}`, async (folder) => {
        await unpackLibraries(wheel, join(folder, version));
        await rename(join(folder, version), join(libraries, version));
      });
    },
    () => log.info('waiting for another process that is fetching libtensorflow'),
  );
  return locate();
}

/**
 * The folder of all TensorFlow headers, which ops on the C++ API are built with. Beside the cache's libtensorflow they
 * are unpacked at the first call; a libtensorflow from elsewhere has to bring them.
 * @throws NativeError when they cannot be had
 */
export async function ensureAllHeaders(
  location: LibtensorflowLocation,
  options: FetchOptions = {},
): Promise<string> {
  const { includeDirectory, version } = location;
  if (includeDirectory !== undefined && hasCxxHeaders(includeDirectory)) return includeDirectory;
  if (location.source !== 'cache' || version === undefined) {
    throw new NativeError(
      `an op on the C++ API needs TensorFlow's C++ headers, and ${location.directory} has none: expected ` +
        join(includeDirectory ?? join(location.directory, 'include'), CXX_HEADER),
    );
  }
  const all = join(location.directory, 'include_all');
  await withLock(`${location.directory}.lock`, async () => {
    if (existsSync(all)) return;
    const wheelOptions = { ...options, version };
    const wheel = await fetchWheel(wheelOptions, await candidateWheels(wheelOptions));
    await withTemporaryFolder(location.directory, '.unpacking', async (folder) => {
      await unpackAllHeaders(wheel, join(folder, 'include'));
      await rename(join(folder, 'include'), all);
    });
  });
  return all;
}

const CXX_HEADER = 'tensorflow/core/framework/op_kernel.h';

function hasCxxHeaders(directory: string): boolean {
  return existsSync(join(directory, CXX_HEADER));
}

/**
 * The checked wheel of a version that the user's own Python can install, fetched into the cache if it is not there.
 * @returns undefined where none is published for that Python
 * @throws NativeError when it cannot be had
 */
export async function fetchInstallableWheel(options: FetchOptions): Promise<string | undefined> {
  const {
    version = DEFAULT_TENSORFLOW_VERSION,
    arch = process.arch,
    env = process.env,
    wheels = WHEELS,
  } = options;
  const python = await pythonTag(pipOptions(options));
  const wheel = wheels.find((row) => row.version === version && row.arch === arch && row.python === python);
  if (!wheel) return undefined;
  const libraries = cachedLibraries(cacheDirectory(env));
  await mkdir(libraries, { recursive: true });
  return await withLock(join(libraries, `${version}.lock`), () => fetchWheel(options, [wheel]));
}

/** The first of `candidates` that is in the cache, checked; else the first, fetched. To be called under the version's lock. */
async function fetchWheel(options: FetchOptions, candidates: readonly [Wheel, ...Wheel[]]): Promise<string> {
  const { env = process.env, log = SILENT_LOG } = options;
  const directory = cachedWheels(cacheDirectory(env));
  for (const wheel of candidates) {
    const file = join(directory, wheel.fileName);
    if (!existsSync(file)) continue;
    const problem = await mismatch(file, wheel);
    if (problem === undefined) return file;
    throw new NativeError(
      `${file} is damaged or another file: ${problem}; remove it, and it will be fetched`,
    );
  }
  const [wheel] = candidates;
  const file = join(directory, wheel.fileName);
  await mkdir(directory, { recursive: true });
  log.info(`fetching ${wheel.fileName} (${Math.round(wheel.bytes / 1e6)} MB) into ${directory}`);
  try {
    await obtain(wheel, file, options);
  } catch (error) {
    if (!(error instanceof PipError)) throw error;
    throw new NativeError(
      `libtensorflow ${wheel.version} could not be fetched: ${error.message}. Connect to a network where pip reaches ` +
        `its index, or fetch ${wheel.fileName} elsewhere (${pipCommand(wheel)}) and put it into ${directory}, or name ` +
        'a folder that holds libtensorflow in EASYREC_LIBTENSORFLOW',
      { cause: error },
    );
  }
  return file;
}

/** The wheels that would do, the one to fetch first. */
async function candidateWheels(options: FetchOptions): Promise<readonly [Wheel, ...Wheel[]]> {
  const { version = DEFAULT_TENSORFLOW_VERSION, arch = process.arch, wheels = WHEELS } = options;
  const preferred = wheelFor(version, arch, await pythonTag(pipOptions(options)), wheels);
  if (!preferred) {
    const known = wheelVersions(arch, wheels).join(', ');
    throw new NativeError(
      `libtensorflow ${version} for ${arch}: expected one of ${known || '(none is published)'}; another one can be ` +
        'used by naming its folder in EASYREC_LIBTENSORFLOW',
    );
  }
  const others = wheels.filter(
    (wheel) => wheel.version === version && wheel.arch === arch && wheel !== preferred,
  );
  return [preferred, ...others];
}

/** Downloads by ourselves, which can be continued; where that fails, through pip, which knows proxies and mirrors. */
async function obtain(wheel: Wheel, file: string, options: FetchOptions): Promise<void> {
  const { log = SILENT_LOG, onProgress } = options;
  const resolved = await resolveWheel(wheel, pipOptions(options));
  if (resolved?.sha256 !== undefined && resolved.sha256 !== wheel.sha256) {
    throw new NativeError(
      `${resolved.url}: pip's index offers another file: expected SHA-256 ${wheel.sha256}, received ${resolved.sha256}`,
    );
  }
  if (resolved?.url.startsWith('file:')) {
    await adopt(wheel, file, (folder) => copyFile(fileURLToPath(resolved.url), join(folder, wheel.fileName)));
    return;
  }
  if (resolved) {
    try {
      await download(resolved.url, file, wheel, { log, onProgress, ...options.download });
      return;
    } catch (error) {
      if (!(error instanceof TransferError)) throw error;
      log.info(`${error.message}; fetching through pip instead`);
    }
  }
  await adopt(wheel, file, (folder) => pipDownload(wheel, folder, pipOptions(options)));
}

/** Has `fill` put the wheel into a temporary folder, checks it there, and moves it to its place. */
async function adopt(wheel: Wheel, file: string, fill: (folder: string) => Promise<unknown>): Promise<void> {
  await withTemporaryFolder(dirname(file), `.fetching-${wheel.version}`, async (folder) => {
    await fill(folder);
    const arrived = join(folder, wheel.fileName);
    const problem = await mismatch(arrived, wheel);
    if (problem !== undefined) throw new NativeError(`${wheel.fileName}: ${problem}`);
    await rename(arrived, file);
  });
}

function pipOptions({ env, python }: FetchOptions): PipOptions {
  return { ...(env && { env }), ...(python !== undefined && { python }) };
}
