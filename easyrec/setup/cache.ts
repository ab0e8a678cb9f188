import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** The variables of the environment that decide where set-up keeps and finds things. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The folder outside every project where downloads and unpacked libraries are kept: EASYREC_CACHE, else `easyrec` in
 * XDG_CACHE_HOME, else `~/.cache/easyrec`.
 */
export function cacheDirectory(env: Environment = process.env): string {
  if (env.EASYREC_CACHE) return resolve(env.EASYREC_CACHE);
  // The XDG specification says that a relative path is to be ignored.
  const xdg = env.XDG_CACHE_HOME;
  if (xdg && isAbsolute(xdg)) return join(xdg, 'easyrec');
  return join(env.HOME ? env.HOME : homedir(), '.cache', 'easyrec');
}

/** Where the cache keeps libtensorflow, one folder a version. */
export function cachedLibraries(cache: string): string {
  return join(cache, 'libtensorflow');
}

/** Where the cache keeps downloaded wheels, and where a wheel fetched by other means is to be put. */
export function cachedWheels(cache: string): string {
  return join(cache, 'wheels');
}
