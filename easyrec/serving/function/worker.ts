import { isUtf8 } from 'node:buffer';
import { decodeMeshCall, FRAME_KINDS, type Frame, frameHead, FrameReader, type MeshCall } from './frames.js';
import { FunctionFailure } from './function_failure.js';
import type { FunctionLog } from './function_log.js';
import { killGroup } from './owned_processes.js';
import {
  residentBytes,
  startWorkerProcess,
  type WorkerLaunch,
  type WorkerProcess,
} from './worker_process.js';

/** What a worker needs besides its launch. */
export interface WorkerOptions {
  readonly log: FunctionLog;
  /** A handler that is not loaded by then is given up. */
  readonly startTimeoutMs: number;
  /** Answers the worker's calls to other functions. */
  readonly mesh: (name: string, input: Buffer) => Promise<Buffer>;
  /** Told once, when the handler is loaded. */
  readonly onReady: () => void;
  /** Told once, when the process is gone; `problem` is undefined when it was asked to end. */
  readonly onEnd: (problem: string | undefined) => void;
}

/** A call that a worker has begun. */
export interface WorkerCall {
  /** UTF-8; fails with a FunctionFailure. Settles when the handler has, or the process has ended, however late. */
  readonly answer: Promise<Buffer>;
  /** Nobody waits any more: the worker takes no more calls, and is killed when only such are left. */
  giveUp(): void;
}

interface Waiting {
  readonly resolve: (text: Buffer) => void;
  readonly reject: (error: Error) => void;
  isOverdue: boolean;
}

const MEMORY_CHECK_MS = 100;
const LAST_WORDS_MS = 500;
/** How long a worker that was asked to end may take. */
const STOP_MS = 2_000;

/** One process of a function. */
export class Worker {
  readonly pid: number | undefined;
  /** When it last began or ended a call. */
  usedAt = performance.now();
  readonly #process: WorkerProcess;
  readonly #options: WorkerOptions;
  readonly #concurrency: number;
  readonly #reader = new FrameReader();
  readonly #calls = new Map<number, Waiting>();
  readonly #timers: NodeJS.Timeout[] = [];
  #next = 0;
  #state: 'starting' | 'ready' | 'retiring' | 'ended' = 'starting';
  /** Why it is being killed. */
  #problem: string | undefined;
  #isStopping = false;

  constructor(launch: WorkerLaunch, options: WorkerOptions) {
    this.#options = options;
    this.#concurrency = launch.concurrency;
    this.#process = startWorkerProcess(launch);
    this.pid = this.#process.pid;
    for (const stream of this.#process.output) options.log.capture(stream);
    const { child, connection } = this.#process;
    connection.on('data', (chunk: Buffer) => this.#receive(chunk));
    // Its end comes with the process's own.
    connection.on('error', () => undefined);
    child.on('error', (error) => this.#ended(`cannot be started: ${error.message}`));
    child.on('exit', (code, signal) => {
      const how = signal === null ? `ended with exit code ${code ?? 0}` : `was ended by ${signal}`;
      // What it said last may still be on its way.
      connection.once('close', () => this.#ended(how));
      this.#timers.push(setTimeout(() => this.#ended(how), LAST_WORDS_MS));
    });
    const { startTimeoutMs } = options;
    const late = `was not ready within ${startTimeoutMs / 1000} s`;
    this.#timers.push(setTimeout(() => this.#state === 'starting' && this.kill(late), startTimeoutMs));
    const { memoryBytes } = launch.limits;
    if (memoryBytes !== undefined) this.#watchMemory(memoryBytes);
  }

  /** Whether its handler is loaded and it takes calls, now or when it has ended some. */
  get isReady(): boolean {
    return this.#state === 'ready';
  }

  get isStarting(): boolean {
    return this.#state === 'starting';
  }

  /** Whether it is to take no more calls, or is gone. */
  get isLeaving(): boolean {
    return this.#state === 'retiring' || this.#state === 'ended';
  }

  /** Calls that it has begun and not ended. */
  get running(): number {
    return this.#calls.size;
  }

  get hasRoom(): boolean {
    return this.#state === 'ready' && this.#calls.size < this.#concurrency;
  }

  /** Has the handler answer. */
  begin(input: Uint8Array): WorkerCall {
    const id = (this.#next = (this.#next + 1) >>> 0);
    this.usedAt = performance.now();
    const answer = new Promise<Buffer>((resolve, reject) => {
      this.#calls.set(id, { resolve, reject, isOverdue: false });
      this.#send(FRAME_KINDS.call, id, input);
    }).finally(() => {
      this.usedAt = performance.now();
      this.#settleLeaving();
    });
    const giveUp = (): void => {
      const waiting = this.#calls.get(id);
      if (waiting === undefined) return;
      waiting.isOverdue = true;
      this.retire();
    };
    return { answer, giveUp };
  }

  /** Takes no more calls, ends when it has none. */
  retire(): void {
    if (this.#state !== 'ended') this.#state = 'retiring';
    this.#settleLeaving();
  }

  /** Ends it at once; its calls fail, saying `problem`. */
  kill(problem: string): void {
    if (this.#state === 'ended') return;
    this.#problem ??= problem;
    this.#state = 'retiring';
    killGroup(this.pid);
  }

  #settleLeaving(): void {
    if (this.#state !== 'retiring') return;
    if (this.#calls.size === 0) this.#stop();
    else if ([...this.#calls.values()].every(({ isOverdue }) => isOverdue)) {
      this.kill('did not end a call in time');
    }
  }

  /** Its end of the connection is closed, at which it leaves; else it is killed. */
  #stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#process.connection.end();
    this.#timers.push(setTimeout(() => killGroup(this.pid), STOP_MS));
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(chunk)) this.#take(frame);
    } catch (error) {
      this.kill(`broke the protocol: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #take({ kind, id, payload }: Frame): void {
    if (kind === FRAME_KINDS.result) this.#answered(id, payload);
    else if (kind === FRAME_KINDS.failure) {
      const message = `rpc error: code = Unknown desc = Exception calling application: ${payload.toString('utf8')}`;
      this.#settle(id)?.reject(new FunctionFailure(message));
    } else if (kind === FRAME_KINDS.meshCall) void this.#mesh(id, decodeMeshCall(payload));
    else if (kind === FRAME_KINDS.loadError)
      this.#problem ??= `cannot be loaded: ${payload.toString('utf8')}`;
    else if (kind === FRAME_KINDS.ready && this.#state === 'starting') {
      this.#state = 'ready';
      this.#options.onReady();
    }
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#calls.get(id);
    this.#calls.delete(id);
    return waiting;
  }

  #answered(id: number, payload: Buffer): void {
    const waiting = this.#settle(id);
    // Runners see to it; a handler that writes to the gateway by itself may not have.
    if (isUtf8(payload)) waiting?.resolve(payload);
    else waiting?.reject(new FunctionFailure('handler returned bytes that are not UTF-8'));
  }

  async #mesh(id: number, { name, input }: MeshCall): Promise<void> {
    const reply = await this.#options.mesh(name, input).then(
      (text) => Buffer.concat([Buffer.of(0), text]),
      (error: unknown) => Buffer.from(`\x01${error instanceof Error ? error.message : String(error)}`),
    );
    this.#send(FRAME_KINDS.meshReply, id, reply);
  }

  #send(kind: number, id: number, payload: Uint8Array): void {
    const { connection } = this.#process;
    if (!connection.writable) return;
    connection.cork();
    connection.write(frameHead(kind, id, payload.length));
    connection.write(payload);
    connection.uncork();
  }

  #watchMemory(limitBytes: number): void {
    const check = (): void => {
      const used = this.pid === undefined ? 0 : residentBytes(this.pid);
      if (used > limitBytes) {
        const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
        this.kill(`used ${mib(used)} MiB of memory, more than its limit of ${mib(limitBytes)} MiB`);
      }
    };
    this.#timers.push(setInterval(check, MEMORY_CHECK_MS));
  }

  #ended(how: string): void {
    if (this.#state === 'ended') return;
    const asked = this.#isStopping && this.#problem === undefined;
    this.#state = 'ended';
    for (const timer of this.#timers) clearTimeout(timer);
    // What the handler started goes with it.
    killGroup(this.pid);
    const problem = this.#problem ?? how;
    for (const { reject } of this.#calls.values()) reject(new FunctionFailure(`the worker ${problem}`));
    this.#calls.clear();
    this.#process.connection.destroy();
    this.#options.onEnd(asked ? undefined : problem);
  }
}
