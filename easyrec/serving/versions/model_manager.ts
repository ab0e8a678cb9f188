import type { Log } from '../../log.js';
import type { ModelCatalog, ModelSpec, ServedVersion, VersionStatus } from '../catalog.js';
import type { LoadRequest, ModelLoader } from '../loader.js';
import type { ServableModel } from '../servable.js';
import { invalidArgument, ServingError } from '../status.js';
import { checkTransition } from './config_checks.js';
import { ManagedModel, type ModelSettings } from './managed_model.js';
import type { ModelConfig, ModelServerConfig } from './model_server_config.js';
import { type FailedVersion, ModelsUnavailable } from './models_unavailable.js';
import { makeTurns } from './turns.js';
import { assignLabels, type VersionLabels } from './version_labels.js';
import type { Patience } from './version_watch.js';

/** How models are found, loaded and unloaded. */
export interface ModelManagerOptions {
  readonly loader: ModelLoader;
  /** What is done with a loaded model before it is available; the model it returns is served, and closes the other. */
  readonly prepare?: (model: ServableModel, request: LoadRequest) => Promise<ServableModel>;
  /** Told of the models whenever a config is taken; what it rejects with, the one who sent the config is told. */
  readonly onConfig?: (models: readonly ModelConfig[]) => Promise<void>;
  /** Between two looks at the base paths; 0 looks once, a negative number never. Default: 1000. */
  readonly pollMs?: number;
  /** Further attempts to load a version after a failure that may pass. Default: 5. */
  readonly maxLoadRetries?: number;
  /** Default: 60,000. */
  readonly loadRetryIntervalMs?: number;
  /** Whether a new label may name a version that is not available. Default: no. */
  readonly allowLabelsForUnavailable?: boolean;
  /** How many versions load, or unload, at a time; 0 for one of each model. Default: 0. */
  readonly loadThreads?: number;
  readonly unloadThreads?: number;
  /** Calls that run longer than this after their version is withdrawn are cancelled. Default: 30,000. */
  readonly drainMs?: number;
  /** How long a folder must be at rest. Default: 1000 for a whole SavedModel, 10,000 for one that lacks something. */
  readonly patience?: Patience;
  readonly log: Log;
}

/** A catalog whose models can be changed while it is in use. */
export interface ReloadableCatalog extends ModelCatalog {
  /**
   * Serves the models of this config and no others; resolves when those that are new are available.
   * @throws ServingError when the config is refused, which changes nothing; ModelsUnavailable when a new model fails.
   */
  reload(config: ModelServerConfig): Promise<void>;
}

const DEFAULT_PATIENCE: Patience = { quietMs: 1000, incompleteMs: 10_000 };

/** Serves models from folders that hold one folder per version. */
export class ModelManager implements ReloadableCatalog {
  readonly #models = new Map<string, ManagedModel>();
  readonly #settings: ModelSettings;
  readonly #options: ModelManagerOptions;
  #configs: readonly ModelConfig[] | undefined;
  #labels: VersionLabels = new Map();
  #closing: Promise<void> | undefined;
  readonly #closed: Promise<never>;
  #rejectClosed: (error: Error) => void = () => undefined;

  constructor(options: ModelManagerOptions) {
    this.#options = options;
    const { log, pollMs = 1000, patience = DEFAULT_PATIENCE, drainMs = 30_000 } = options;
    this.#settings = {
      open: (request) => this.#open(request),
      maxLoadRetries: options.maxLoadRetries ?? 5,
      loadRetryIntervalMs: options.loadRetryIntervalMs ?? 60_000,
      loadTurn: makeTurns(options.loadThreads ?? 0),
      unloadTurn: makeTurns(options.unloadThreads ?? 0),
      pollMs,
      patience,
      drainMs,
      log,
    };
    this.#closed = new Promise((_resolve, reject) => (this.#rejectClosed = reject));
    this.#closed.catch(() => undefined);
  }

  /** The configs of the models that are served. */
  get configs(): readonly ModelConfig[] {
    return this.#configs ?? [];
  }

  names(): readonly string[] {
    return this.configs.map(({ name }) => name).sort();
  }

  find(spec: ModelSpec): ServedVersion {
    const version = spec.label === undefined ? spec.version : this.#labels.get(spec.name)?.get(spec.label);
    if (spec.label !== undefined && version === undefined) {
      throw invalidArgument(`Unrecognized servable version label: ${spec.label}`);
    }
    const served = this.#models.get(spec.name)?.find(version);
    if (served !== undefined) return served;
    const wanted = version === undefined ? `Latest(${spec.name})` : `Specific(${spec.name}, ${version})`;
    throw new ServingError('NOT_FOUND', `Servable not found for request: ${wanted}`);
  }

  status(spec: ModelSpec): readonly VersionStatus[] {
    const all = this.#models.get(spec.name)?.statuses() ?? [];
    if (all.length === 0) {
      throw new ServingError('NOT_FOUND', `Could not find any versions of model ${spec.name}`);
    }
    // As in TensorFlow Serving, a label does not narrow the answer down.
    if (spec.version === undefined) return all;
    const one = all.filter(({ version }) => version === spec.version);
    if (one.length > 0) return one;
    throw new ServingError('NOT_FOUND', `Could not find version ${spec.version} of model ${spec.name}`);
  }

  /**
   * Tells of a version that is loaded and cannot answer for the moment, since the process that runs it is replaced;
   * with no text that it can again.
   */
  report({ modelName, version }: LoadRequest, problem: string | undefined): void {
    this.#models.get(modelName)?.report(version, problem);
  }

  /**
   * As `reload`, and waits for models whose folders hold no version yet.
   * @throws ServingError as `reload` does
   */
  async start(config: ModelServerConfig): Promise<void> {
    await this.#follow(config, true);
  }

  async reload(config: ModelServerConfig): Promise<void> {
    await this.#follow(config, false);
  }

  /**
   * Unloads everything, after the calls in progress or `drainMs`. Calling it again does nothing.
   * @param drainMs Default: that of the options.
   */
  close(drainMs?: number): Promise<void> {
    return (this.#closing ??= this.#close(drainMs));
  }

  async #close(drainMs: number | undefined): Promise<void> {
    this.#rejectClosed(new ServingError('UNAVAILABLE', 'the server is stopping'));
    await Promise.all([...this.#models.values()].map((model) => model.remove(drainMs)));
    await this.#options.loader.close();
  }

  async #open(request: LoadRequest): Promise<ServableModel> {
    const { loader, prepare, log } = this.#options;
    const model = await loader.load(request, log);
    if (prepare === undefined) return model;
    try {
      return await prepare(model, request);
    } catch (error) {
      await model.close();
      throw error;
    }
  }

  async #follow(config: ModelServerConfig, waitsForFirst: boolean): Promise<void> {
    const added = this.#apply(config);
    const told = this.#options.onConfig?.(this.configs);
    await Promise.all([told, this.#available(added, waitsForFirst)]);
  }

  /** Changes what is served, or nothing at all; returns the models that are new. */
  #apply(config: ModelServerConfig): readonly ManagedModel[] {
    if (this.#closing !== undefined) throw new ServingError('UNAVAILABLE', 'the server is stopping');
    const models = checkTransition(this.#configs, config);
    if (models === undefined) {
      this.#options.log.info('Taking no action for empty config.');
      return [];
    }
    this.#labels = assignLabels(models, this.#labels, {
      allowUnavailable: this.#options.allowLabelsForUnavailable ?? false,
      isAvailable: (name, version) => this.#models.get(name)?.find(version) !== undefined,
    });
    this.#configs = models;
    const names = new Set(models.map(({ name }) => name));
    for (const [name, model] of this.#models) {
      if (!names.has(name) && !model.removed) {
        this.#options.log.info(`model ${name} is served no more`);
        void model.remove();
      }
    }
    const added = models.flatMap((model) => this.#configure(model) ?? []);
    return added;
  }

  /** The model if it is new. */
  #configure(config: ModelConfig): ManagedModel | undefined {
    const known = this.#models.get(config.name);
    const isNew = known === undefined || known.removed;
    const model = known ?? new ManagedModel(config, this.#settings);
    this.#models.set(config.name, model);
    model.configure(config);
    return isNew ? model : undefined;
  }

  /** Waits until each of these models is available, or all that are not have failed. */
  async #available(models: readonly ManagedModel[], waitsForFirst: boolean): Promise<void> {
    const settled = models.map(
      (model) =>
        new Promise<void>((resolve) => {
          const check = (): void => {
            const { kind } = model.outcome;
            if (kind === 'loading' || kind === 'waiting') return;
            if (kind === 'missing' && waitsForFirst && !model.removed) return;
            stop();
            resolve();
          };
          const stop = model.onChange(check);
          check();
        }),
    );
    await Promise.race([Promise.all(settled), this.#closed]);
    const failures: FailedVersion[] = [];
    for (const model of models) {
      const outcome = model.outcome;
      if (model.removed) continue;
      if (outcome.kind === 'missing') throw outcome.error;
      if (outcome.kind !== 'failed') continue;
      const [{ version } = { version: 0n }] = outcome.versions;
      failures.push({ model: model.config.name, version, error: outcome.error });
    }
    if (failures.length > 0) throw new ModelsUnavailable(failures);
  }
}
