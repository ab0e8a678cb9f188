import type { Log } from '../../log.js';
import type { LoadRequest, ModelLoader } from '../loader.js';
import type { LoadSavedModelOptions } from '../../tf/index.js';
import { type OpLibraryTrust, trustedOpLibraries } from '../../trust/op_library_trust.js';
import type { ServableModel } from '../servable.js';
import type { WorkerHealth } from './health.js';
import { SupervisedModel } from './supervised_model.js';
import type { WorkerLimits } from './worker_limits.js';
import { defaultWorkerLimits } from './worker_limits.js';

/** How models are loaded in processes of their own. */
export interface WorkerLoaderOptions {
  readonly trust: OpLibraryTrust;
  /** How the SavedModels are loaded. Default: as any is. */
  readonly model?: LoadSavedModelOptions | undefined;
  /** Default: `defaultWorkerLimits`, all or in part. */
  readonly limits?: Partial<WorkerLimits> | undefined;
  /**
   * Warms a process up that takes the place of another one; the first is warmed up by whoever loads the model. Default:
   * nothing is done.
   */
  readonly warmUp?: ((request: LoadRequest, model: ServableModel) => Promise<void>) | undefined;
  /** Told whenever a model's process is replaced, is to be, or answers again. Default: nobody is. */
  readonly onHealth?: ((request: LoadRequest, health: WorkerHealth) => void) | undefined;
}

/**
 * Loads each version of a model in a supervised process of its own, so that versions can bring different libraries for
 * the same ops, libraries go when their version goes, and an op that fails brings down its own model alone.
 */
export class WorkerLoader implements ModelLoader {
  readonly #options: WorkerLoaderOptions;
  readonly #models = new Set<SupervisedModel>();

  constructor(options: WorkerLoaderOptions) {
    this.#options = options;
  }

  async load(request: LoadRequest, log: Log): Promise<ServableModel> {
    const { trust, limits, warmUp, onHealth, model: options } = this.#options;
    const name = `model "${request.modelName}" version ${request.version}`;
    const model = await SupervisedModel.start({
      name,
      log,
      limits: { ...defaultWorkerLimits(), ...limits },
      // Looked at again for each process: the files may have changed.
      order: async () => ({
        directory: request.directory,
        libraries: await trustedOpLibraries(name, request.directory, trust),
        options,
      }),
      warmUp: warmUp === undefined ? undefined : (process) => warmUp(request, process),
      onHealth: (health) => {
        if (health.state === 'closed') this.#models.delete(model);
        onHealth?.(request, health);
      },
    });
    this.#models.add(model);
    return model;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#models].map((model) => model.close()));
  }
}
