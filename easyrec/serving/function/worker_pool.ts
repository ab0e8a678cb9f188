import { BackOff } from '../back_off.js';
import type { Deployment } from './deployment.js';
import type { FunctionLog } from './function_log.js';
import type { FunctionVersion } from './version_store.js';
import { Worker, type WorkerCall } from './worker.js';

/** What a pool needs besides its deployment. */
export interface WorkerPoolOptions {
  readonly functionName: string;
  readonly deployment: Deployment;
  readonly version: FunctionVersion;
  readonly timeoutMs: number;
  readonly startTimeoutMs: number;
  readonly stateDirectory: string;
  readonly log: FunctionLog;
  readonly mesh: (name: string, input: Buffer) => Promise<Buffer>;
  /** Told whenever workers have come or gone. */
  readonly onChange: () => void;
  /** Told of each worker that ended without being asked to. */
  readonly onRestart: () => void;
}

/** Calls that one worker takes at once: as many as the original has threads. */
const DEFAULT_CONCURRENCY = 10;
/** A handler that loads is tried again soon, one that does not less and less often. */
const BACK_OFF = {
  backOffMs: 200,
  maxUsefulBackOffMs: 2_000,
  maxBackOffMs: 30_000,
  stableMs: 10_000,
} as const;
/** Workers beyond the least number leave when they had nothing to do for so long. */
const SPARE_MS = 60_000;

/** The workers of one deployment: keeps as many as are wanted, replaces those that end. */
export class WorkerPool {
  readonly deployment: Deployment;
  #problem: string | undefined;
  #doesNotLoad = false;
  readonly #options: WorkerPoolOptions;
  readonly #workers = new Map<Worker, number>();
  #target = 0;
  readonly #backOff = new BackOff(BACK_OFF);
  #retry: NodeJS.Timeout | undefined;
  #isClosing = false;
  #whenEmpty: (() => void)[] = [];
  #minReplicas: number;
  #maxReplicas: number;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.deployment = options.deployment;
    this.#minReplicas = options.deployment.minReplicas;
    this.#maxReplicas = options.deployment.maxReplicas;
  }

  get version(): FunctionVersion {
    return this.#options.version;
  }

  /** Workers that are wanted now. */
  get replicas(): number {
    return this.#target;
  }

  get available(): number {
    return this.#all().filter((worker) => worker.isReady).length;
  }

  get running(): number {
    return this.#all().reduce((sum, worker) => sum + worker.running, 0);
  }

  /** Why there is no worker: what ended the last one. Undefined where there is one. */
  get problem(): string | undefined {
    return this.available === 0 ? this.#problem : undefined;
  }

  /** The same, where its handler did not load and no worker is trying now: no call need wait for it. */
  get loadProblem(): string | undefined {
    return this.#doesNotLoad && !this.#all().some((worker) => worker.isStarting) ? this.problem : undefined;
  }

  /** Starts the least number of workers, at least one. */
  start(): void {
    this.#scaleTo(Math.max(1, this.#minReplicas));
  }

  /** Changes how many workers it has at least and at most. */
  resize(minReplicas: number, maxReplicas: number): void {
    this.#minReplicas = minReplicas;
    this.#maxReplicas = maxReplicas;
    this.#scaleTo(minReplicas);
  }

  /** The worker with room that does least, if there is one. */
  acquire(): Worker | undefined {
    const free = this.#all().filter((worker) => worker.hasRoom);
    return free.reduce<Worker | undefined>(
      (a, b) => (a === undefined || b.running < a.running ? b : a),
      undefined,
    );
  }

  /** Calls wait: starts one more worker if there may be one and none is starting. */
  wantMore(): void {
    if (this.#target === 0) this.#scaleTo(Math.max(1, this.#minReplicas));
    else if (this.#target < this.#maxReplicas && !this.#all().some((worker) => worker.isStarting)) {
      this.#scaleTo(this.#target + 1);
    }
  }

  /** Ends all workers until there is a call again. */
  sleep(): void {
    this.#options.log.note('no calls for a while: the workers end until the next one');
    this.#scaleTo(0);
  }

  /** Ends one worker beyond the least number that had nothing to do for a while, if there is one. */
  trim(): void {
    if (this.#target <= Math.max(1, this.#minReplicas)) return;
    const since = performance.now() - SPARE_MS;
    if (this.#all().some((w) => w.isReady && w.running === 0 && w.usedAt < since))
      this.#scaleTo(this.#target - 1);
  }

  /** Gives a call up that has taken too long: its worker takes no more, and another takes its place. */
  giveUp(call: WorkerCall): void {
    call.giveUp();
    this.#fill();
  }

  /** Lets calls end, then ends all workers; resolves when they are gone. */
  async drain(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#retry);
    this.#target = 0;
    for (const worker of this.#all()) worker.retire();
    if (this.#workers.size > 0) await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
  }

  /** Ends all workers at once; their calls fail, saying `problem`. */
  kill(problem: string): void {
    this.#isClosing = true;
    clearTimeout(this.#retry);
    for (const worker of this.#all()) worker.kill(problem);
  }

  #all(): readonly Worker[] {
    return [...this.#workers.keys()];
  }

  #scaleTo(target: number): void {
    this.#target = target;
    const staying = this.#all().filter((worker) => !worker.isLeaving);
    // Those that do least leave first, and of these the youngest.
    const leaving = staying.reverse().sort((a, b) => a.running - b.running);
    for (const worker of leaving.slice(0, Math.max(0, staying.length - target))) worker.retire();
    this.#fill();
    this.#options.onChange();
  }

  #fill(): void {
    if (this.#isClosing || this.#retry !== undefined) return;
    let staying = this.#all().filter((worker) => !worker.isLeaving).length;
    while (staying < this.#target && this.#tryToStart()) staying++;
  }

  #tryToStart(): boolean {
    try {
      this.#startWorker();
      return true;
    } catch (error) {
      const problem = `cannot be started: ${error instanceof Error ? error.message : String(error)}`;
      this.#options.log.note(`a worker ${problem}`);
      this.#failed(problem, false, 0);
      return false;
    }
  }

  #startWorker(): void {
    const { functionName, deployment, version, timeoutMs, stateDirectory, log } = this.#options;
    const concurrency = version.concurrency === 0 ? DEFAULT_CONCURRENCY : version.concurrency;
    const { environment, limits } = deployment;
    const started = performance.now();
    let wasReady = false;
    const worker: Worker = new Worker(
      { functionName, version, environment, limits, concurrency, timeoutMs, stateDirectory },
      {
        log,
        startTimeoutMs: this.#options.startTimeoutMs,
        mesh: this.#options.mesh,
        onReady: () => {
          wasReady = true;
          this.#problem = undefined;
          this.#doesNotLoad = false;
          log.note(`worker ${worker.pid ?? 0} is ready after ${Math.round(performance.now() - started)} ms`);
          this.#options.onChange();
        },
        onEnd: (problem) => this.#ended(worker, problem, wasReady),
      },
    );
    this.#workers.set(worker, started);
    log.note(`worker ${worker.pid ?? 0} starts version ${version.id}`);
  }

  #ended(worker: Worker, problem: string | undefined, wasReady: boolean): void {
    const started = this.#workers.get(worker) ?? 0;
    this.#workers.delete(worker);
    this.#options.log.note(`worker ${worker.pid ?? 0} ${problem ?? 'has ended'}`);
    if (problem !== undefined && !this.#isClosing)
      this.#failed(problem, wasReady, performance.now() - started);
    this.#fill();
    if (this.#workers.size === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
    this.#options.onChange();
  }

  #failed(problem: string, wasReady: boolean, livedMs: number): void {
    this.#problem = `the worker ${problem}`;
    this.#doesNotLoad = !wasReady;
    this.#options.onRestart();
    const delay = this.#backOff.next({ heldMs: wasReady ? livedMs : 0, wasUseful: wasReady });
    if (this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#fill();
      this.#options.onChange();
    }, delay);
  }
}
