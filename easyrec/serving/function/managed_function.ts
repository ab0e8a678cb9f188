import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CallQueue, type FunctionCall } from './call_queue.js';
import { Counters } from './counters.js';
import type { Deployment } from './deployment.js';
import { FunctionLog } from './function_log.js';
import { JsonFile } from './json_file.js';
import type { FunctionState, FunctionStatus } from './messages.js';
import type { FunctionVersion } from './version_store.js';
import { WorkerPool } from './worker_pool.js';

/** What a function is and is to become; its function.json. */
export interface FunctionRecord {
  readonly format_version: 1;
  readonly name: string;
  readonly current: Deployment;
  /** What is to take the place of `current` once its workers are ready. */
  readonly next?: Deployment;
}

/** What functions need of their gateway. */
export interface FunctionContext {
  readonly stateDirectory: string;
  /** Limit for a call where the version names none. */
  readonly invokeTimeoutMs: number;
  readonly startTimeoutMs: number;
  readonly readVersion: (id: string) => Promise<FunctionVersion>;
  /** Calls another function by name. */
  readonly mesh: (name: string, input: Buffer) => Promise<Buffer>;
}

const TICK_MS = 250;
/** A function without a least number of workers keeps them for so long after a call. */
const DEFAULT_IDLE_MS = 60_000;

/** A deployed function: its workers, the calls that wait for them, its counts and its log. */
export class ManagedFunction {
  readonly #context: FunctionContext;
  readonly #file: JsonFile;
  readonly #log: FunctionLog;
  readonly #counters: Counters;
  readonly #queue: CallQueue;
  /** Workers of earlier versions, which end their calls. */
  readonly #leaving = new Map<WorkerPool, Promise<void>>();
  readonly #tick: NodeJS.Timeout;
  #record: FunctionRecord;
  #current: WorkerPool;
  #next: WorkerPool | undefined;
  #usedAt = performance.now();
  #isClosing = false;
  /** Counts updates: one that another has overtaken is dropped. */
  #updates = 0;
  /** Which of them `#next` belongs to. */
  #nextUpdate = 0;

  private constructor(context: FunctionContext, record: FunctionRecord, version: FunctionVersion) {
    this.#context = context;
    this.#record = record;
    const directory = join(context.stateDirectory, 'functions', record.name);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#file = new JsonFile(join(directory, 'function.json'));
    this.#log = new FunctionLog(join(directory, 'log'));
    this.#counters = new Counters(join(directory, 'counters'));
    this.#queue = new CallQueue(record.name, () => this.#current);
    this.#current = this.#pool(record.current, version);
    this.#tick = setInterval(() => this.#checkIdle(), TICK_MS);
  }

  /** Starts a function as its record says; `isNew` writes the record first. */
  static async start(
    context: FunctionContext,
    record: FunctionRecord,
    isNew: boolean,
  ): Promise<ManagedFunction> {
    const managed = new ManagedFunction(context, record, await context.readVersion(record.current.version));
    try {
      if (isNew) await managed.#save(record);
      if (record.current.minReplicas > 0) managed.#current.start();
      if (record.next !== undefined) await managed.#prepare(0, record.next.version);
      return managed;
    } catch (error) {
      await managed.close(0);
      throw error;
    }
  }

  get name(): string {
    return this.#record.name;
  }

  /** What was asked for last: the deployment that is to come, if one is. */
  get wanted(): Deployment {
    return this.#record.next ?? this.#record.current;
  }

  /** The versions that it may start workers of. */
  get versions(): readonly string[] {
    return [this.#record.current.version, this.wanted.version];
  }

  /**
   * Has the handler answer, with UTF-8.
   * @param signal aborted when nobody waits for the answer any more.
   * @throws ServingError INTERNAL, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED or CANCELLED
   */
  async invoke(input: Uint8Array, signal?: AbortSignal): Promise<Buffer> {
    this.#counters.add('invocations');
    this.#usedAt = performance.now();
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        const call: FunctionCall = {
          input,
          timeoutMs: this.#timeoutMs(this.#current.version),
          resolve,
          reject,
        };
        this.#queue.add(call, signal);
      });
    } catch (error) {
      this.#counters.add('failures');
      throw error;
    } finally {
      this.#usedAt = performance.now();
    }
  }

  /** Starts what it is to become; calls go there once its workers are ready. */
  async update(deployment: Deployment): Promise<void> {
    const previous = this.#record;
    const record = { ...previous, next: deployment };
    const update = ++this.#updates;
    try {
      await this.#save(record);
      await this.#prepare(update, deployment.version);
    } catch (error) {
      if (this.#record === record) [this.#record, this.#updates] = [previous, update - 1];
      throw error;
    }
  }

  /** Changes the number of workers. */
  async resize(change: (deployment: Deployment) => Deployment): Promise<void> {
    const { current, next } = this.#record;
    const resized = change(current);
    await this.#save({
      ...this.#record,
      current: resized,
      ...(next !== undefined && { next: change(next) }),
    });
    this.#current.resize(resized.minReplicas, resized.maxReplicas);
    this.#next?.resize(Math.max(1, resized.minReplicas), resized.maxReplicas);
  }

  /** Whether it has no call, neither waiting nor running. */
  get isQuiet(): boolean {
    return this.#queue.isEmpty;
  }

  /** All that its workers printed and what the gateway noted, as far as it is kept. */
  readLog(): Promise<string> {
    return this.#log.read();
  }

  status(): FunctionStatus {
    const isServing = this.#current.available > 0 || this.#current.replicas === 0;
    return {
      name: this.name,
      image: this.wanted.image,
      version: isServing ? this.#current.version.id : '',
      next_version: this.#next?.version.id ?? '',
      state: this.#state(),
      error: (this.#next ?? this.#current).problem ?? '',
      replicas: this.#current.replicas,
      available_replicas: this.#current.available,
      invocations: this.#counters.get('invocations'),
      failures: this.#counters.get('failures'),
      restarts: this.#counters.get('restarts'),
      running_calls: this.#current.running,
    };
  }

  /** Takes no more calls, lets those it has end for as long as `drainMs`, then ends the workers. */
  async close(drainMs: number): Promise<void> {
    clearInterval(this.#tick);
    this.#isClosing = true;
    this.#queue.close();
    const timer = setTimeout(() => this.cut(), drainMs);
    await this.#queue.whenEmpty();
    for (const pool of this.#pools()) this.#leave(pool);
    await Promise.all([...this.#leaving.values(), this.#file.settled()]);
    clearTimeout(timer);
    this.#log.close();
    this.#counters.close();
  }

  /** As `close`, for a function whose folder is not its own any more: what its workers still print is dropped. */
  discard(drainMs: number): Promise<void> {
    this.#log.close();
    return this.close(drainMs);
  }

  /** Ends what `close` waits for at once. */
  cut(): void {
    this.#queue.rejectAll('the gateway stops');
    for (const pool of [...this.#pools(), ...this.#leaving.keys()]) pool.kill('was ended: the gateway stops');
  }

  #pools(): readonly WorkerPool[] {
    return this.#next === undefined ? [this.#current] : [this.#current, this.#next];
  }

  #state(): FunctionState {
    if ((this.#next ?? this.#current).problem !== undefined) return 'failing';
    if (this.#next !== undefined) return 'updating';
    if (this.#current.available > 0) return 'ready';
    return this.#current.replicas === 0 ? 'idle' : 'starting';
  }

  async #prepare(update: number, id: string): Promise<void> {
    const version = await this.#context.readVersion(id);
    // Not what was asked for: how many workers there are to be may have changed meanwhile.
    const deployment = this.#record.next;
    if (update !== this.#updates || deployment === undefined || this.#isClosing) return;
    const previous = this.#next;
    this.#next = this.#pool(deployment, version);
    this.#nextUpdate = update;
    if (previous !== undefined) this.#leave(previous);
    this.#log.note(`updates to version ${version.id}`);
    this.#next.start();
  }

  #pool(deployment: Deployment, version: FunctionVersion): WorkerPool {
    const { stateDirectory, startTimeoutMs, mesh } = this.#context;
    return new WorkerPool({
      functionName: this.#record.name,
      deployment,
      version,
      timeoutMs: this.#timeoutMs(version),
      startTimeoutMs,
      stateDirectory,
      log: this.#log,
      mesh,
      onChange: () => this.#changed(),
      onRestart: () => this.#counters.add('restarts'),
    });
  }

  #timeoutMs(version: FunctionVersion): number {
    return version.timeoutMs === 0 ? this.#context.invokeTimeoutMs : version.timeoutMs;
  }

  #changed(): void {
    // A function that is deleted is not to write its record again.
    const isWanted = !this.#isClosing && this.#nextUpdate === this.#updates;
    const next = isWanted ? this.#next : undefined;
    const { current, next: wanted } = this.#record;
    if (next !== undefined && wanted !== undefined && next.available >= Math.max(1, wanted.minReplicas)) {
      const old = this.#current;
      this.#current = next;
      this.#next = undefined;
      this.#usedAt = performance.now();
      this.#log.note(`version ${wanted.version} takes the calls, ${current.version} ends`);
      this.#leave(old);
      // A problem is noted in the log; after a restart of the gateway the update would run once more.
      this.#save({ format_version: 1, name: this.name, current: wanted }).catch(() => undefined);
    }
    this.#queue.dispatch();
    const { loadProblem } = this.#current;
    if (loadProblem !== undefined && this.#next === undefined) this.#queue.rejectAll(loadProblem);
  }

  #leave(pool: WorkerPool): void {
    this.#leaving.set(
      pool,
      pool.drain().finally(() => this.#leaving.delete(pool)),
    );
  }

  #checkIdle(): void {
    this.#current.trim();
    const { idleTimeoutMs } = this.#current.version;
    const idleMs =
      idleTimeoutMs === 0 && this.#record.current.minReplicas === 0 ? DEFAULT_IDLE_MS : idleTimeoutMs;
    if (idleMs === 0 || this.#current.available === 0 || this.#current.running > 0 || !this.#queue.isEmpty)
      return;
    if (performance.now() - this.#usedAt >= idleMs) this.#current.sleep();
  }

  #save(record: FunctionRecord): Promise<void> {
    this.#record = record;
    const written = this.#file.write(record);
    written.catch((error: unknown) => {
      this.#log.note(`function.json: ${error instanceof Error ? error.message : String(error)}`);
    });
    return written;
  }
}
