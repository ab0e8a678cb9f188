import type { Log } from '../../log.js';
import type { ServedVersion, VersionState, VersionStatus } from '../catalog.js';
import type { LoadRequest } from '../loader.js';
import type { ServableModel } from '../servable.js';
import type { ServingError } from '../status.js';
import { CountedModel } from './counted_model.js';
import { loadError, mayPass } from './load_error.js';

/** How versions are loaded and unloaded. */
export interface VersionLife {
  /** Loads a version until it can take requests: warmed up as well. */
  open(request: LoadRequest): Promise<ServableModel>;
  /** Further attempts after a failure that may pass. */
  readonly maxLoadRetries: number;
  /** Between one attempt and the next. */
  readonly loadRetryIntervalMs: number;
  /** Calls that run longer than this after a version is withdrawn are cancelled. */
  readonly drainMs: number;
  /** Waits for its turn to load or unload, and returns what gives the turn back. */
  readonly loadTurn: () => Promise<() => void>;
  readonly unloadTurn: () => Promise<() => void>;
  readonly log: Log;
}

/** One version of a model, from the moment it is found until it is freed. */
export class ManagedVersion {
  readonly version: bigint;
  readonly #name: string;
  #state: VersionState = 'START';
  #error: ServingError | undefined;
  #problem: string | undefined;
  #model: CountedModel | undefined;
  #withdrawn = false;
  /** Ends the pause before the next attempt. */
  #wake: (() => void) | undefined;
  #pausing = false;
  #ended: Promise<void> | undefined;

  constructor(
    readonly request: LoadRequest,
    readonly life: VersionLife,
    readonly onChange: () => void,
  ) {
    this.version = request.version;
    this.#name = `model ${request.modelName} version ${request.version}`;
  }

  get state(): VersionState {
    return this.#state;
  }

  /** Why it could not be loaded. */
  get error(): ServingError | undefined {
    return this.#error;
  }

  /** Whether it is wanted no more. */
  get withdrawn(): boolean {
    return this.#withdrawn;
  }

  /** Whether an attempt to load it is under way: not between two attempts. */
  get isBusy(): boolean {
    return this.#state === 'LOADING' && !this.#pausing;
  }

  /** The model while it takes requests. */
  get served(): ServedVersion | undefined {
    return this.#state === 'AVAILABLE' && this.#model
      ? { version: this.version, model: this.#model }
      : undefined;
  }

  /** Tells of a model that was loaded and cannot answer for the moment, or with no text that it can again. */
  report(problem: string | undefined): void {
    this.#problem = problem;
  }

  get status(): VersionStatus {
    const { version, state } = this;
    if (state === 'AVAILABLE' && this.#problem !== undefined) {
      return { version, state: 'LOADING', errorCode: 'UNAVAILABLE', errorMessage: this.#problem };
    }
    return { version, state, errorCode: this.#error?.code ?? 'OK', errorMessage: this.#error?.message ?? '' };
  }

  /** Begins to load it; `onChange` tells of each step. */
  start(): void {
    if (this.#state !== 'START') return;
    this.#to('LOADING');
    this.#ended ??= this.#load();
  }

  /**
   * Takes it out of service: at once for new requests; resolves when it is freed.
   * @param drainMs Calls that run longer are cancelled.
   */
  async withdraw(drainMs = this.life.drainMs): Promise<void> {
    this.#withdrawn = true;
    this.#wake?.();
    if (this.#state === 'START') this.#to('END');
    if (this.#state === 'AVAILABLE') this.#ended = this.#unload(drainMs);
    await this.#ended;
  }

  async #load(): Promise<void> {
    const { maxLoadRetries, log } = this.life;
    for (let attempt = 0; !this.#isWithdrawn(); attempt++) {
      const failure = await this.#attempt();
      if (failure === undefined || this.#isWithdrawn()) break;
      if (attempt >= maxLoadRetries || !mayPass(failure)) {
        this.#error = failure;
        log.warn(`${this.#name} cannot be loaded: ${failure.message}`);
        this.#to('END');
        return;
      }
      log.warn(
        `${this.#name}: attempt ${attempt + 1} of ${maxLoadRetries + 1} to load it failed: ${failure.message}`,
      );
      await this.#pause();
    }
    if (!this.#isWithdrawn()) return;
    await this.#unload(0);
  }

  async #attempt(): Promise<ServingError | undefined> {
    const giveBack = await this.life.loadTurn();
    try {
      if (this.#isWithdrawn()) return undefined;
      const started = performance.now();
      this.life.log.info(`loading ${this.#name} from ${this.request.directory}`);
      this.#model = new CountedModel(await this.life.open(this.request));
      if (this.#isWithdrawn()) return undefined;
      this.life.log.info(`${this.#name} is available after ${Math.round(performance.now() - started)} ms`);
      this.#to('AVAILABLE');
      return undefined;
    } catch (error) {
      return loadError(error);
    } finally {
      giveBack();
    }
  }

  async #pause(): Promise<void> {
    const { loadRetryIntervalMs } = this.life;
    if (loadRetryIntervalMs <= 0) return;
    this.#pausing = true;
    this.onChange();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, loadRetryIntervalMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
    this.#pausing = false;
  }

  async #unload(drainMs: number): Promise<void> {
    const model = this.#model;
    this.#model = undefined;
    if (model !== undefined) {
      this.#to('UNLOADING');
      await model.drained(drainMs);
      const giveBack = await this.life.unloadTurn();
      try {
        await model.close();
        this.life.log.info(`unloaded ${this.#name}`);
      } catch (error) {
        this.life.log.warn(`${this.#name} could not be freed: ${String(error)}`);
      } finally {
        giveBack();
      }
    }
    this.#to('END');
  }

  /** A method, since it changes while others wait. */
  #isWithdrawn(): boolean {
    return this.#withdrawn;
  }

  #to(state: VersionState): void {
    this.#state = state;
    this.onChange();
  }
}
