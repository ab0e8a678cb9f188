import { availableParallelism } from 'node:os';
import type { Log } from '../log.js';
import type { ConfigProto } from '../tf/index.js';
import { loadTrustedModel } from '../trust/load_trusted_model.js';
import type { OpLibraryTrust } from '../trust/op_library_trust.js';
import { LimitedModel } from './limited_model.js';
import type { LoadRequest, ModelLoader } from './loader.js';
import { SavedModelServable } from './saved_model_servable.js';
import type { ServableModel } from './servable.js';
import type { WorkerLimits, WorkerLoader, WorkerLoaderOptions } from './workers/index.js';

/** How models are loaded. */
export interface ServingLoaderOptions {
  readonly trust: OpLibraryTrust;
  /** `process`: each version in a process of its own; `auto`: those that bring native code. */
  readonly isolation: 'auto' | 'process';
  /** Of the graph to load. */
  readonly tags: readonly string[];
  readonly config: ConfigProto;
  /** Runs of one version at a time. Default: four for each processor. */
  readonly runsAtATime?: number | undefined;
  /** Calls of one version that may wait. Default: 4096. */
  readonly maxQueuedCalls?: number | undefined;
  readonly warmUp?: WorkerLoaderOptions['warmUp'];
  readonly onHealth?: WorkerLoaderOptions['onHealth'];
}

const MAX_QUEUED_CALLS = 4096;
/** Threads that Node has for such work, unless the environment says otherwise. */
const DEFAULT_THREADS = 4;

/** Loads models in this process or, where they bring native code or that is asked for, each in one of its own. */
export class ServingLoader implements ModelLoader {
  readonly #options: ServingLoaderOptions;
  #workers: Promise<WorkerLoader> | undefined;

  constructor(options: ServingLoaderOptions) {
    this.#options = options;
  }

  async load(request: LoadRequest, log: Log): Promise<ServableModel> {
    const { isolation, trust } = this.#options;
    // With neither flag set there is nothing to look for.
    if (isolation === 'auto' && !trust.fromModels && (trust.files ?? []).length === 0)
      return this.#loadHere(request, log);
    const { needsWorker } = await import('./workers/index.js');
    if (isolation === 'auto' && !needsWorker(request.directory, trust)) return this.#loadHere(request, log);
    this.#workers ??= this.#startWorkers();
    return (await this.#workers).load(request, log);
  }

  async close(): Promise<void> {
    await (await this.#workers)?.close();
  }

  async #startWorkers(): Promise<WorkerLoader> {
    const { trust, warmUp, onHealth, tags, config } = this.#options;
    const { WorkerLoader } = await import('./workers/index.js');
    const limits = this.#workerLimits();
    return new WorkerLoader({ trust, warmUp, onHealth, model: { tags, config }, limits });
  }

  #workerLimits(): Partial<WorkerLimits> {
    const { runsAtATime: threads, maxQueuedCalls: maxQueued } = this.#options;
    return {
      ...(threads !== undefined && { threads }),
      ...(maxQueued !== undefined && { maxQueued }),
    };
  }

  /** Native code that comes with a model is never loaded into this process. */
  async #loadHere({ directory }: LoadRequest, log: Log): Promise<ServableModel> {
    const { tags, config, runsAtATime, maxQueuedCalls = MAX_QUEUED_CALLS } = this.#options;
    const loaded = await loadTrustedModel(directory, { fromModels: false }, { tags, config, log });
    const model = new SavedModelServable(loaded);
    return new LimitedModel(model, { running: runsHere(runsAtATime), waiting: maxQueuedCalls });
  }
}

/** Never all threads of the process, or calls of one model that hang would stop the others. */
function runsHere(wanted = 4 * availableParallelism()): number {
  const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? DEFAULT_THREADS);
  return Math.max(1, Math.min(wanted, Math.floor((threads * 3) / 4)));
}
