import type { Log } from '../../log.js';
import type { InferenceObserver, InferenceRecord } from '../inference/index.js';
import { AppendFile } from './append_file.js';

/** Writes a line of JSON for every call. */
export class AccessLog implements InferenceObserver {
  readonly #file: AppendFile;

  constructor(path: string, log: Log) {
    this.#file = new AppendFile(path, log);
  }

  finished(record: InferenceRecord): void {
    this.#file.append(Buffer.from(`${accessLine(record, new Date())}\n`));
  }

  /** Writes what waits and closes the file. */
  close(): Promise<void> {
    return this.#file.close();
  }
}

/** A call as one line of JSON: when it ended, what was called, how it ended, and how long it took in milliseconds. */
export function accessLine(record: InferenceRecord, now: Date): string {
  return JSON.stringify({
    time: now.toISOString(),
    entrypoint: record.entrypoint,
    method: record.method,
    model: record.modelName,
    version: record.version === undefined ? undefined : String(record.version),
    signature: record.signatureName,
    status: record.status,
    error: record.errorMessage,
    latency_ms: rounded(record.latencyMs),
    runtime_ms: record.runtimeMs === undefined ? undefined : rounded(record.runtimeMs),
    examples: record.examples,
  });
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
