import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Log } from '../../log.js';
import { NativeError } from '../../errors.js';
import type { SignatureDef } from '../../tf/index.js';
import { decodeMessage } from '../../tf/index.js';
import type { RunRequest, ServableTensor } from '../servable.js';
import { ServingError } from '../status.js';
import { withStreams } from '../with_streams.js';
import { Channel } from './channel.js';
import type { Frame } from './frames.js';
import type { Failure, LoadOrder, LoadReport, RunOrder } from './messages.js';
import { errorOf } from './messages.js';
import { logLines } from './line_log.js';
import { socketPair } from './process_calls.js';
import type { TensorText } from './tensor_codec.js';
import { decodeTensors, encodeTensors } from './tensor_codec.js';
import type { WorkerLimits } from './worker_limits.js';

/** What a worker that has loaded its model tells of it. */
export interface LoadedWorker {
  readonly signatureDefs: Readonly<Record<string, SignatureDef>>;
  readonly report: LoadReport;
}

/** How a worker is started. */
export interface WorkerOptions {
  /** The model and version, for messages and lists of processes. */
  readonly name: string;
  readonly limits: WorkerLimits;
  /** Lines that the process prints go there. */
  readonly log: Log;
}

interface Call {
  readonly resolve: (results: ReadonlyMap<string, ServableTensor>) => void;
  readonly reject: (error: Error) => void;
  readonly sentBytes: number;
}

const ENTRY = fileURLToPath(new URL('worker_main.js', import.meta.url));
const CHECK_MS = 250;
/** A process that has not answered for so long is looked at: if it has been stopped, it will not answer. */
const SILENT_MS = 500;
/** Until TensorFlow and the op libraries are loaded a process cannot answer, for as long as the disk takes. */
const START_SILENT_MS = 120_000;
/** What the channel may still hold when its process has ended is read at once; a process that inherited it is not. */
const LAST_FRAMES_MS = 200;
const CLOSE_MS = 2000;

/**
 * One worker process: it loads one model, runs it, and ends. It is watched from its start: one that is stopped or does
 * not answer is killed. It never outlives this process.
 */
export class WorkerProcess {
  /** Settles when the process has ended, to the reason in words; calls in progress have failed by then. */
  readonly ended: Promise<string>;
  readonly #options: WorkerOptions;
  readonly #child: ChildProcess;
  readonly #channel: Channel;
  readonly #calls = new Map<number, Call>();
  readonly #timer: NodeJS.Timeout;
  #nextId = 1;
  #answers = 0;
  #inFlightBytes = 0;
  #stage = 'starting';
  #loading: { resolve: (loaded: LoadedWorker) => void; reject: (error: Error) => void } | undefined;
  #heard = performance.now();
  #checked = performance.now();
  #killedFor: string | undefined;
  #reason: string | undefined;
  #isLost = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { own, other } = socketPair();
    try {
      this.#child = startProcess(options, other);
    } catch (error) {
      closeSync(own);
      throw error;
    } finally {
      closeSync(other);
    }
    let closed = (): void => undefined;
    const channelClosed = new Promise<void>((resolve) => (closed = resolve));
    this.#channel = new Channel(own, {
      onFrame: (frame) => this.#receive(frame),
      onClose: () => {
        this.#isLost = true;
        closed();
      },
      onProblem: (error) => this.kill(`sent what cannot be read (${error.message})`),
    });
    this.ended = this.#watchEnd(channelClosed);
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
    this.#timer.unref();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether another call may be sent: the process is there, and not enough are on their way. */
  get hasRoom(): boolean {
    const { threads, maxInFlightBytes } = this.#options.limits;
    if (this.#isLost) return false;
    if (this.#calls.size === 0) return true;
    return this.#calls.size < threads && this.#inFlightBytes < maxInFlightBytes;
  }

  /** Calls that have come to their end. */
  get answers(): number {
    return this.#answers;
  }

  /** Whether it has ended or is about to: what is sent now would not be answered. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Has the process load its model, once.
   *
   * @throws NativeError when it cannot, or its process ends in trying.
   */
  load(order: LoadOrder): Promise<LoadedWorker> {
    return new Promise((resolve, reject) => {
      this.#loading = { resolve, reject };
      if (this.#reason !== undefined) this.#failLoading(this.#reason);
      else this.#channel.send('load', 0, JSON.stringify(order));
    });
  }

  /** Runs the model; the inputs must not change until then. The request's signal is left to the caller. */
  run(request: RunRequest): Promise<ReadonlyMap<string, ServableTensor>> {
    return new Promise((resolve, reject) => {
      if (this.#reason !== undefined) {
        reject(this.#lost(this.#reason));
        return;
      }
      const { signatureName, outputs, also, timeoutMs } = request;
      const { texts, parts } = encodeTensors(request.inputs);
      const order: RunOrder = {
        signatureName,
        inputs: texts,
        ...(outputs !== undefined && { outputs }),
        ...(also !== undefined && { also }),
        ...(timeoutMs !== undefined && { timeoutMs }),
      };
      const id = this.#nextId;
      this.#nextId = (id + 1) >>> 0;
      const sentBytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
      this.#calls.set(id, { resolve, reject, sentBytes });
      this.#inFlightBytes += sentBytes;
      this.#channel.send('run', id, JSON.stringify(order), parts);
    });
  }

  /** Lets the process free its model and end; kills it when it does not within 2 s. Calls in progress are CANCELLED. */
  async close(): Promise<void> {
    this.#failCalls(new ServingError('CANCELLED', `${this.#options.name}: is being unloaded`));
    this.#channel.end();
    const timer = setTimeout(() => this.kill('did not end when it was closed'), CLOSE_MS);
    await this.ended;
    clearTimeout(timer);
  }

  /** Ends the process at once. */
  kill(why: string): void {
    if (this.#reason !== undefined) return;
    this.#killedFor ??= why;
    this.#isLost = true;
    this.#child.kill('SIGKILL');
  }

  #receive({ kind, id, text, payload }: Frame): void {
    this.#heard = performance.now();
    switch (kind) {
      case 'pong':
        return;
      case 'stage':
        this.#stage = text;
        return;
      case 'loaded': {
        const { signature_def: signatureDefs = {} } = decodeMessage('MetaGraphDef', payload);
        this.#loading?.resolve({ signatureDefs, report: JSON.parse(text) as LoadReport });
        this.#loading = undefined;
        return;
      }
      case 'failed':
        this.#loading?.reject(errorOf(JSON.parse(text) as Failure));
        this.#loading = undefined;
        return;
      case 'result':
        this.#take(id)?.resolve(decodeTensors(JSON.parse(text) as TensorText[], payload));
        return;
      case 'error':
        this.#take(id)?.reject(errorOf(JSON.parse(text) as Failure));
        return;
      case 'load':
      case 'run':
      case 'ping':
        this.kill(`sent a frame of kind ${kind}`);
    }
  }

  #take(id: number): Call | undefined {
    const call = this.#calls.get(id);
    if (call === undefined) return undefined;
    this.#answers++;
    this.#calls.delete(id);
    this.#inFlightBytes -= call.sentBytes;
    return call;
  }

  async #watchEnd(channelClosed: Promise<void>): Promise<string> {
    const child = this.#child;
    const exit = new Promise<string>((resolve) => {
      child.on('error', (error) => resolve(`could not be started: ${error.message}`));
      child.on('exit', (code, signal) => resolve(`ended with ${signal ?? `exit status ${String(code)}`}`));
    });
    // A process that closes its channel is of no more use.
    void channelClosed.then(() => setTimeout(() => this.kill('closed its channel'), CLOSE_MS).unref());
    const end = await exit;
    this.#isLost = true;
    await Promise.race([channelClosed, once(AbortSignal.timeout(LAST_FRAMES_MS), 'abort')]);
    this.#channel.destroy();
    clearInterval(this.#timer);
    const reason = this.#killedFor === undefined ? end : `${this.#killedFor} and was killed`;
    this.#reason = reason;
    this.#failLoading(reason);
    this.#failCalls(this.#lost(reason));
    return reason;
  }

  #failCalls(error: ServingError): void {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { reject } of calls) reject(error);
  }

  #failLoading(reason: string): void {
    const name = this.#options.name;
    // One on TensorFlow's C++ interface may find all its symbols and still crash in another version.
    const hint = this.#stage.includes('op library') ? '; was it built for another TensorFlow?' : '';
    this.#loading?.reject(new NativeError(`${name}: its worker process, ${this.#stage}, ${reason}${hint}`));
    this.#loading = undefined;
  }

  #lost(reason: string): ServingError {
    return new ServingError('UNAVAILABLE', `${this.#options.name}: its worker process ${reason}; try again`);
  }

  /** Asks for a sign of life, and ends a process that gives none. */
  #check(): void {
    const now = performance.now();
    const wasAsleep = now - this.#checked > 4 * CHECK_MS;
    this.#checked = now;
    this.#channel.send('ping', 0, '');
    // What arrived while this process itself was busy has not been read.
    if (wasAsleep) return;
    const silentMs = now - this.#heard;
    if (silentMs >= SILENT_MS && isStopped(this.#child.pid)) this.kill('was stopped');
    const limit = this.#loading === undefined ? this.#options.limits.hangMs : START_SILENT_MS;
    if (silentMs >= limit) this.kill(`did not answer for ${Math.round(silentMs / 1000)} s`);
  }
}

/** Whether a signal such as SIGSTOP has stopped a process. */
function isStopped(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    // `pid (name) state ...`, where the name may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
  } catch {
    // It has ended, which is told elsewhere.
    return false;
  }
}

/**
 * Starts the process, with one end of the channel, and passes on what it prints.
 *
 * @throws NativeError when this process has no file descriptors left.
 */
function startProcess({ name, limits, log }: WorkerOptions, channel: number): ChildProcess {
  const child = spawn(process.execPath, [ENTRY, String(process.pid), name], {
    // A run occupies a thread of the pool until it ends.
    env: { ...process.env, UV_THREADPOOL_SIZE: String(limits.threads) },
    stdio: ['ignore', 'pipe', 'pipe', channel],
  });
  const { stdout, stderr } = withStreams('a worker process', child);
  if (stdout !== null) logLines(stdout, (line) => log.info(`${name}: ${line}`));
  if (stderr !== null) logLines(stderr, (line) => log.warn(`${name}: ${line}`));
  return child;
}
