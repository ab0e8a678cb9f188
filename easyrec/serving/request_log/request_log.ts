import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Log } from '../../log.js';
import { frameRecord } from '../../report/tfrecord.js';
import type { InferenceObserver, InferenceRecord } from '../inference/index.js';
import { AppendFile } from '../monitoring/append_file.js';
import { invalidArgument } from '../status.js';
import type { LoggingConfig } from '../versions/model_server_config.js';
import { encodePredictionLog } from './prediction_log.js';

/** What a request log needs besides its config. */
export interface RequestLogOptions {
  readonly log: Log;
  /** Told of each call that was chosen: `OK`, or the code of why it was not written. */
  readonly onLogged?: (modelName: string, status: string) => void;
  /** Numbers from 0 up to, not with, 1; default `Math.random`. */
  readonly random?: () => number;
}

/** The only kind of collector there is; the empty name means it as well. */
const COLLECTOR = 'tfrecord';
const MAX_PENDING_BYTES = 64 * 1024 * 1024;

/** Where a model's calls are written, and which share of them. */
interface Target {
  readonly file: AppendFile;
  readonly samplingRate: number;
}

/**
 * Writes a sample of the calls that succeed to `<filename_prefix>.tfrecord`, as PredictionLog messages that warm up
 * models.
 */
export class RequestLog implements InferenceObserver {
  readonly #options: RequestLogOptions;
  readonly #files = new Map<string, AppendFile>();
  #targets: ReadonlyMap<string, Target> = new Map();

  constructor(options: RequestLogOptions) {
    this.#options = options;
  }

  /**
   * Follows a change of the configs, keyed by model; files that are not written to any more are closed.
   * @throws ServingError INVALID_ARGUMENT when one cannot be followed: then nothing changes.
   */
  async update(configs: ReadonlyMap<string, LoggingConfig>): Promise<void> {
    for (const config of configs.values()) check(config);
    const targets = new Map<string, Target>();
    for (const [name, { filenamePrefix, samplingRate }] of configs) {
      if (samplingRate > 0)
        targets.set(name, { file: this.#file(`${filenamePrefix}.tfrecord`), samplingRate });
    }
    this.#targets = targets;
    const used = new Set([...targets.values()].map(({ file }) => file));
    const unused = [...this.#files].filter(([, file]) => !used.has(file));
    for (const [path] of unused) this.#files.delete(path);
    await Promise.all(unused.map(([, file]) => file.close()));
  }

  finished(record: InferenceRecord): void {
    const target = this.#targets.get(record.modelName);
    if (target === undefined || record.status !== 'OK') return;
    const { samplingRate, file } = target;
    const { random = Math.random, log, onLogged } = this.#options;
    if (samplingRate < 1 && random() >= samplingRate) return;
    try {
      const message = encodePredictionLog(record, { samplingRate, now: new Date() });
      if (message === undefined) return;
      const isWritten = file.append(frameRecord(message));
      onLogged?.(record.modelName, isWritten ? 'OK' : 'RESOURCE_EXHAUSTED');
    } catch (error) {
      // A request that was answered must not fail because its log does.
      log.warn(`a call of model ${record.modelName} cannot be logged: ${String(error)}`);
      onLogged?.(record.modelName, 'INTERNAL');
    }
  }

  /** Writes what waits and closes the files. */
  async close(): Promise<void> {
    this.#targets = new Map();
    await Promise.all([...this.#files.values()].map((file) => file.close()));
    this.#files.clear();
  }

  #file(path: string): AppendFile {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    makeFolder(dirname(path));
    const file = new AppendFile(path, this.#options.log, { maxPendingBytes: MAX_PENDING_BYTES });
    this.#files.set(path, file);
    return file;
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw invalidArgument(`filename_prefix: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function check({ collectorType, filenamePrefix, samplingRate }: LoggingConfig): void {
  if (collectorType !== '' && collectorType !== COLLECTOR) {
    throw invalidArgument(
      `Cannot find LogCollector::Factory for type: ${collectorType}; this server has only ${COLLECTOR}`,
    );
  }
  if (filenamePrefix === '') {
    throw invalidArgument(
      'logging_config: expected log_collector_config to have a filename_prefix, it has none',
    );
  }
  if (!(samplingRate >= 0 && samplingRate <= 1)) {
    throw invalidArgument(`sampling_rate: expected a number from 0 to 1, received ${samplingRate}`);
  }
}
