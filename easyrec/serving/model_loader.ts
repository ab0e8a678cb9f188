import { availableParallelism } from 'node:os';
import { NativeError } from '../errors.js';
import type { Log } from '../log.js';
import { type ConfigProto, loadSavedModel, readSavedModel, unregisteredOps } from '../tf/index.js';
import { LimitedModel } from './limited_model.js';
import { opLibraryFiles } from './load_model.js';
import type { LoadRequest, ModelLoader } from './loader.js';
import { SavedModelServable } from './saved_model_servable.js';
import type { ServableModel } from './servable.js';
import type { OpLibraryTrust, WorkerLimits, WorkerLoader } from './workers/index.js';

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
  readonly onHealth?: ConstructorParameters<typeof WorkerLoader>[0]['onHealth'];
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
      return this.#loadHere(request);
    const { needsWorker } = await import('./workers/index.js');
    if (isolation === 'auto' && !(await needsWorker(request.directory, trust)))
      return this.#loadHere(request);
    this.#workers ??= this.#startWorkers();
    return (await this.#workers).load(request, log);
  }

  async close(): Promise<void> {
    await (await this.#workers)?.close();
  }

  async #startWorkers(): Promise<WorkerLoader> {
    const { trust, onHealth, tags, config } = this.#options;
    const { WorkerLoader } = await import('./workers/index.js');
    return new WorkerLoader({ trust, onHealth, model: { tags, config }, limits: this.#workerLimits() });
  }

  #workerLimits(): Partial<WorkerLimits> {
    const { runsAtATime: threads, maxQueuedCalls: maxQueued } = this.#options;
    return {
      ...(threads !== undefined && { threads }),
      ...(maxQueued !== undefined && { maxQueued }),
    };
  }

  async #loadHere({ directory }: LoadRequest): Promise<ServableModel> {
    const { tags, config, runsAtATime, maxQueuedCalls = MAX_QUEUED_CALLS } = this.#options;
    try {
      const model = new SavedModelServable(await loadSavedModel(directory, { tags, config }));
      return new LimitedModel(model, { running: runsHere(runsAtATime), waiting: maxQueuedCalls });
    } catch (error) {
      throw withRemedy(error, directory);
    }
  }
}

/** Never all threads of the process, or calls of one model that hang would stop the others. */
function runsHere(wanted = 4 * availableParallelism()): number {
  const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? DEFAULT_THREADS);
  return Math.max(1, Math.min(wanted, Math.floor((threads * 3) / 4)));
}

/** A model whose ops are in libraries that it brings along can be loaded with a flag. */
function withRemedy(error: unknown, directory: string): unknown {
  if (!(error instanceof NativeError) || opLibraryFiles(directory).length === 0 || !lacksOps(directory))
    return error;
  return new NativeError(
    `${error.message}; --load_op_libraries loads them (do so only with models you trust: it runs their native code)`,
    { cause: error.cause },
  );
}

function lacksOps(directory: string): boolean {
  const graphs = readSavedModel(directory).meta_graphs ?? [];
  return graphs.some(({ graph_def }) => unregisteredOps(graph_def ?? {}).length > 0);
}
