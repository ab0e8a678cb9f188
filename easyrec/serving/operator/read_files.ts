import type { Log } from '../../log.js';
import { readDatum } from './datum.js';
import { type FetchLimits, fetchUrl } from './fetch_url.js';
import type { OperatorRequest } from './operator.js';

/** So many URLs of one request are fetched at a time. */
const FETCHES = 4;

/** Reads what a request names, for operators. */
export type FileReader = (request: OperatorRequest, signal: AbortSignal) => Promise<readonly Uint8Array[]>;

/**
 * Makes the function that reads a request's files: its datas, or without any its urls, empty ones ignored. What cannot
 * be read is left out and logged.
 */
export function fileReader(limits: FetchLimits, log: Log): FileReader {
  return async ({ datas, urls }, signal) => {
    if (datas.length > 0) {
      return datas.flatMap((datum, i) => kept(`datum ${i}`, log, () => readDatum(datum)));
    }
    const wanted = urls.filter((url) => url !== '');
    const files: (readonly Uint8Array[])[] = wanted.map(() => []);
    const pending = wanted.entries();
    const work = async (): Promise<void> => {
      for (const [i, url] of pending) {
        signal.throwIfAborted();
        files[i] = await keptAsync(`url ${i}`, log, () => fetchUrl(url, limits, signal));
      }
    };
    await Promise.all(Array.from({ length: FETCHES }, work));
    signal.throwIfAborted();
    return files.flat();
  };
}

function kept<T>(what: string, log: Log, read: () => T): readonly T[] {
  try {
    return [read()];
  } catch (error) {
    logLeftOut(what, log, error);
    return [];
  }
}

async function keptAsync<T>(what: string, log: Log, read: () => Promise<T>): Promise<readonly T[]> {
  try {
    return [await read()];
  } catch (error) {
    logLeftOut(what, log, error);
    return [];
  }
}

/** Tells why a datum, url or image has no result. */
export function logLeftOut(what: string, log: Log, error: unknown): void {
  log.warn(`${what} is left out: ${error instanceof Error ? error.message : String(error)}`);
}
