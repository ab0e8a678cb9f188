import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../log.js';
import { adaptivelyBatched, batched, readBatchingParameters } from './batching/index.js';
import { readExportRecord } from '../trust/export_record.js';
import { Inference } from './inference/index.js';
import type { LoadRequest } from './loader.js';
import type { ServerMetrics } from './monitoring/index.js';
import { readWarmupRecords, type RecordedRequest, replay, warmupFile } from './request_log/index.js';
import type { ServableModel } from './servable.js';
import type { LoadOptions } from './server_options.js';
import { trialRun } from './trial_run.js';
import { SingleModelCatalog } from './single_model_catalog.js';
import { ServingError, type StatusCode } from './status.js';

/** In a version's folder. */
const PER_MODEL_BATCHING = 'batching_params.pbtxt';

/** Makes a loaded model ready for requests: it is warmed up, and its requests are joined. */
export class ModelPreparation {
  constructor(
    readonly options: LoadOptions,
    readonly log: Log,
    readonly metrics?: ServerMetrics,
  ) {}

  /**
   * The model as it is served; closing it closes the one given.
   * @throws ServingError when a recorded request fails, ConfigError when the model's own batching parameters are wrong.
   */
  async prepare(model: ServableModel, request: LoadRequest): Promise<ServableModel> {
    await this.warmUp(model, request);
    return this.#batched(model, request);
  }

  /**
   * Runs the model's recorded requests, or without any each signature once.
   * @throws ServingError when a recorded request fails.
   */
  async warmUp(model: ServableModel, request: LoadRequest): Promise<void> {
    const { warmup = true } = this.options;
    if (!warmup) return;
    if (existsSync(warmupFile(request.directory))) await this.#replay(model, request);
    else await this.#tryOut(model, request);
  }

  /** Only the toolkit's own exports are known to compute and do nothing else. */
  async #tryOut(model: ServableModel, { modelName, version, directory }: LoadRequest): Promise<void> {
    if ((await readExportRecord(directory)) === undefined) return;
    for (const [signature, problem] of await trialRun(model)) {
      this.log.debug(`model ${modelName} version ${version}: no trial run of ${signature}: ${problem}`);
    }
  }

  async #replay(model: ServableModel, { modelName, version, directory }: LoadRequest): Promise<void> {
    const { warmupIterations: iterations } = this.options;
    const started = performance.now();
    let records: readonly RecordedRequest[] = [];
    let status: StatusCode | 'OK' = 'OK';
    try {
      records = (await readWarmupRecords(warmupFile(directory))) ?? [];
      const inference = new Inference(new SingleModelCatalog(modelName, { version, model }));
      await replay(records, inference, { name: modelName }, iterations === undefined ? {} : { iterations });
      this.log.info(`model ${modelName} version ${version} is warmed up with ${records.length} requests`);
    } catch (error) {
      status = error instanceof ServingError ? error.code : 'UNKNOWN';
      throw error;
    } finally {
      const outcome = { durationMs: performance.now() - started, records: records.length };
      this.metrics?.modelWarmedUp(directory, status, outcome);
    }
  }

  async #batched(model: ServableModel, { directory }: LoadRequest): Promise<ServableModel> {
    const { batching } = this.options;
    if (batching === undefined) {
      const record = await readExportRecord(directory);
      return record?.rowsIndependent === true ? adaptivelyBatched(model, { observer: this.metrics }) : model;
    }
    if (batching.perModel !== true) return batched(model, batching.parameters, this.metrics);
    const file = join(directory, PER_MODEL_BATCHING);
    if (!existsSync(file)) return model;
    const { threadPoolName, numBatchThreads } = batching.parameters;
    return batched(model, { ...readBatchingParameters(file), threadPoolName, numBatchThreads }, this.metrics);
  }
}
