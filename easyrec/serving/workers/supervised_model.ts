import { setTimeout as delay } from 'node:timers/promises';
import { NativeError } from '../../errors.js';
import type { Log } from '../../log.js';
import type { Signature, SignatureDef } from '../../tf/index.js';
import { readSignatures } from '../../tf/index.js';
import { BackOff } from '../back_off.js';
import type { RunRequest, ServableModel, ServableTensor } from '../servable.js';
import { ServingError } from '../status.js';
import { CallQueue } from './call_queue.js';
import type { WorkerHealth, WorkerState } from './health.js';
import type { LoadOrder } from './messages.js';
import type { LoadedWorker } from './worker_process.js';
import { WorkerProcess } from './worker_process.js';
import type { WorkerLimits } from './worker_limits.js';

/** What a model in a process of its own is made of. */
export interface SupervisedModelOptions {
  /** The model and version, for messages. */
  readonly name: string;
  /** What to load, asked before each process is started. */
  readonly order: () => Promise<LoadOrder>;
  readonly limits: WorkerLimits;
  readonly log: Log;
  /** Warms a process up that takes the place of another one. Default: nothing is done. */
  readonly warmUp?: ((process: ServableModel) => Promise<void>) | undefined;
  /** Told of each change. Default: nobody is. */
  readonly onHealth?: ((health: WorkerHealth) => void) | undefined;
}

/** Calls that arrive while a process is being replaced wait for the new one, unless it is only to start after that. */
const MAX_WAIT_MS = 2000;

/**
 * A model in a process of its own, which is replaced whenever it ends, is stopped, does not answer, or has an op that
 * does not end. The calls that it was working on fail with UNAVAILABLE then, and no others.
 */
export class SupervisedModel implements ServableModel {
  readonly #options: SupervisedModelOptions;
  readonly #backOff: BackOff;
  readonly #queue: CallQueue;
  /** Those that run, the current one and those that it replaces. */
  readonly #processes = new Set<WorkerProcess>();
  #loaded: LoadedWorker;
  #signatures: ReadonlyMap<string, Signature>;
  /** The one that calls are sent to. */
  #current: WorkerProcess | undefined;
  #since = performance.now();
  /** What the current process had answered before the first call was sent to it. */
  #answersBefore = 0;
  #state: WorkerState = 'running';
  #restarts = 0;
  #problem = '';
  #restartTimer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  private constructor(options: SupervisedModelOptions, process: WorkerProcess, loaded: LoadedWorker) {
    this.#options = options;
    this.#backOff = new BackOff(options.limits);
    this.#queue = new CallQueue(options.limits, (overdue) => this.#retire(overdue));
    this.#loaded = loaded;
    this.#signatures = readSignatures(loaded.signatureDefs);
    this.#logLoaded(process);
    this.#watch(process);
    this.#use(process);
  }

  /**
   * Starts a process and has it load the model.
   *
   * @throws NativeError when the model cannot be loaded, or the process ends in trying.
   */
  static async start(options: SupervisedModelOptions): Promise<SupervisedModel> {
    const order = await options.order();
    const process = new WorkerProcess(options);
    try {
      return new SupervisedModel(options, process, await process.load(order));
    } catch (error) {
      process.kill('could not load its model');
      throw error;
    }
  }

  get signatures(): ReadonlyMap<string, Signature> {
    return this.#signatures;
  }

  get signatureDefs(): Readonly<Record<string, SignatureDef>> {
    return this.#loaded.signatureDefs;
  }

  /** How the process fares. */
  get health(): WorkerHealth {
    return {
      state: this.#state,
      pid: this.#current?.pid,
      restarts: this.#restarts,
      problem: this.#problem,
    };
  }

  run(request: RunRequest): Promise<ReadonlyMap<string, ServableTensor>> {
    if (this.#state === 'closed' || this.#state === 'backing_off') return Promise.reject(this.#unavailable());
    return this.#queue.run(request);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearTimeout(this.#restartTimer);
    this.#forget();
    this.#tell('closed', this.#problem);
    this.#queue.fail(this.#unavailable());
    await Promise.all([...this.#processes].map((process) => process.close()));
  }

  #unavailable(): ServingError {
    const { name } = this.#options;
    if (this.#state === 'closed') return new ServingError('UNAVAILABLE', `${name}: has been unloaded`);
    const problem = this.#problem === '' ? '' : `: ${this.#problem}`;
    return new ServingError('UNAVAILABLE', `${name}: its worker process is being replaced${problem}`);
  }

  #watch(process: WorkerProcess): void {
    this.#processes.add(process);
    void process.ended.then((reason) => {
      this.#processes.delete(process);
      if (process === this.#current) this.#replace(`the worker process ${reason}`);
    });
  }

  #use(process: WorkerProcess): void {
    this.#current = process;
    this.#since = performance.now();
    this.#answersBefore = process.answers;
    this.#queue.use(process);
  }

  #logLoaded(process: WorkerProcess): void {
    const { name, log } = this.#options;
    const { report } = this.#loaded;
    for (const { path, sha256, ops } of report.libraries) {
      log.info(`${name}: loaded op library ${path} (SHA-256 ${sha256}): ${ops.join(', ') || 'no ops'}`);
    }
    log.info(
      `${name}: runs in worker process ${String(process.pid)}, TensorFlow ${report.tensorflowVersion}`,
    );
  }

  #forget(): void {
    this.#current = undefined;
    this.#queue.use(undefined);
  }

  /** Starts another process, sooner or later. */
  #replace(problem: string): void {
    const last = this.#current;
    const heldMs = last === undefined ? 0 : performance.now() - this.#since;
    this.#forget();
    if (this.#isClosed()) return;
    const wasUseful = last !== undefined && last.answers > this.#answersBefore;
    const waitMs = this.#backOff.next({ heldMs, wasUseful });
    const { name, log } = this.#options;
    const when = waitMs === 0 ? 'now' : `in ${waitMs / 1000} s`;
    log.warn(`${name}: ${problem}; another one is started ${when}`);
    this.#tell(waitMs > MAX_WAIT_MS ? 'backing_off' : 'restarting', problem);
    if (this.#state === 'backing_off') this.#queue.fail(this.#unavailable());
    this.#restartTimer = setTimeout(() => void this.#restart(), waitMs);
  }

  async #restart(): Promise<void> {
    const begin = performance.now();
    const { name, log } = this.#options;
    let process: WorkerProcess | undefined;
    if (this.#state === 'backing_off') this.#tell('restarting', this.#problem);
    try {
      const order = await this.#options.order();
      if (this.#isClosed()) return;
      process = new WorkerProcess(this.#options);
      this.#watch(process);
      const loaded = await process.load(order);
      await this.#warmUp(process, loaded);
      if (this.#isClosed()) return;
      this.#signatures = readSignatures(loaded.signatureDefs);
      this.#loaded = loaded;
      this.#restarts++;
      this.#logLoaded(process);
      log.info(
        `${name}: worker process ${String(process.pid)} took over after ${Math.round(performance.now() - begin)} ms`,
      );
      this.#tell('running', this.#problem);
      this.#use(process);
    } catch (error) {
      process?.kill('could not load its model');
      const reason = error instanceof Error ? error.message : String(error);
      this.#replace(`cannot be loaded again: ${reason}`);
    }
  }

  /** Calls wait meanwhile, but not for long. */
  async #warmUp(process: WorkerProcess, { signatureDefs }: LoadedWorker): Promise<void> {
    const { warmUp, name, log, limits } = this.#options;
    if (warmUp === undefined || this.#isClosed()) return;
    const signatures = readSignatures(signatureDefs);
    const run = (request: RunRequest): ReturnType<ServableModel['run']> => process.run(request);
    const model = { signatures, signatureDefs, run, close: () => Promise.resolve() };
    const isWarm = warmUp(model).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn(`${name}: worker process ${String(process.pid)} is not warmed up: ${reason}`);
    });
    const limit = new AbortController();
    const isOver = delay(limits.warmUpMs, undefined, limit).catch(() => undefined);
    await Promise.race([isWarm, isOver]);
    limit.abort();
    // Its end has been told of, and nobody would replace it.
    if (process.isLost) throw new NativeError('its worker process ended while it was warmed up');
  }

  /** Sends nothing more to a process that has got stuck, lets it answer what it still can, and ends it. */
  #retire(process: WorkerProcess): void {
    if (process !== this.#current) return;
    this.#replace('an op does not end; the worker process is given up');
    const kill = (): void => process.kill('had an op that did not end');
    const timer = setTimeout(kill, this.#options.limits.drainMs);
    void process.ended.then(() => clearTimeout(timer));
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #tell(state: WorkerState, problem: string): void {
    this.#state = state;
    this.#problem = problem;
    this.#options.onHealth?.(this.health);
  }
}
