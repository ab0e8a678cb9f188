import { SILENT_LOG } from '../log.js';
import { buildBundledOps } from './build_bundled_ops.js';
import { fetchLibtensorflow, type FetchOptions } from './fetch.js';
import { type LibtensorflowLocation, locateOutsideCache } from './locate.js';

export type PrepareOptions = Omit<FetchOptions, 'version'> & {
  /** A version to have in the cache, whatever else is found. Default: any libtensorflow will do. */
  readonly version?: string | undefined;
};

/** What set-up leaves behind. */
export interface Prepared {
  readonly location: LibtensorflowLocation;
  /** The bundled op libraries, full file names. */
  readonly opLibraries: readonly string[];
}

/**
 * Set-up beyond the npm package itself: libtensorflow found or fetched, and the bundled ops built. Where all is there
 * it changes nothing and takes a fraction of a second.
 * @throws NativeError saying what is missing and what to do
 */
export async function prepare(options: PrepareOptions = {}): Promise<Prepared> {
  const { env = process.env, log = SILENT_LOG, version } = options;
  const elsewhere = version === undefined ? locateOutsideCache({ env }) : undefined;
  const cached = version ?? (env.EASYREC_TF_VERSION ? env.EASYREC_TF_VERSION : undefined);
  const location = elsewhere ?? (await fetchLibtensorflow({ ...options, version: cached }));
  log.info(`libtensorflow${location.version ? ` ${location.version}` : ''}: ${location.directory}`);
  // Some come without headers. The C API's are the same from version to version, so any will do to build with.
  const withHeaders =
    location.includeDirectory === undefined
      ? await fetchLibtensorflow({ ...options, version: cached })
      : location;
  const opLibraries = await buildBundledOps(withHeaders, { env, log });
  log.info(`op libraries: ${opLibraries.join(', ')}`);
  return { location, opLibraries };
}
