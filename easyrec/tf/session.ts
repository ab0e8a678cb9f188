import { GraphError } from '../errors.js';
import { bufferBytes } from './buffer.js';
import type { Graph, Operation, Output } from './graph.js';
import { packOperations, packOutputs } from './graph.js';
import type { Handle } from './native.js';
import { native } from './native.js';
import type { ConfigProto, RunMetadata, RunOptions } from './protos.js';
import { decodeMessage, encodeMessage } from './protos.js';
import { withStatus, withStatusAsync } from './status.js';
import { Tensor } from './tensor.js';

export interface SessionOptions {
  readonly config?: ConfigProto;
  /** A TensorFlow server to run on, such as `grpc://127.0.0.1:2222`. Default: this process. */
  readonly target?: string;
}

export interface RunSettings {
  /** Aborting closes the session: TensorFlow cancels a running step in no other way. */
  readonly signal?: AbortSignal;
  /** After so many milliseconds the run fails with DEADLINE_EXCEEDED. Default: no limit. */
  readonly timeoutMs?: number;
  /** Receives the trace of the run. Default: no trace. */
  readonly onTrace?: (metadata: RunMetadata) => void;
}

/** What to feed, fetch and run, packed once and run many times. */
export interface Step {
  readonly feeds: readonly Output[];
  readonly fetches: readonly Output[];
  readonly targets: readonly Operation[];
  readonly packed: {
    readonly feeds: BigInt64Array;
    readonly fetches: BigInt64Array;
    readonly targets: BigInt64Array;
  };
}

export interface StepParts {
  readonly feeds?: readonly Output[];
  readonly fetches?: readonly Output[];
  readonly targets?: readonly Operation[];
}

/** Prepares a step; the same step may run any number of times, with other tensors fed. */
export function makeStep({ feeds = [], fetches = [], targets = [] }: StepParts): Step {
  const packed = {
    feeds: packOutputs(feeds),
    fetches: packOutputs(fetches),
    targets: packOperations(targets),
  };
  return { feeds, fetches, targets, packed };
}

/** Makes the options a session starts with, lends them to `use`, and frees them. */
export function withSessionOptions<Result>(
  settings: SessionOptions,
  use: (options: Handle<'TF_SessionOptions'>) => Result,
): Result {
  const options = newSessionOptions(settings);
  try {
    return use(options);
  } finally {
    native().TF_DeleteSessionOptions(options);
  }
}

/** The options a session starts with, for the caller to free. */
export function newSessionOptions({ config, target }: SessionOptions): Handle<'TF_SessionOptions'> {
  const api = native();
  const options = api.TF_NewSessionOptions();
  try {
    if (target !== undefined) api.TF_SetTarget(options, target);
    if (config !== undefined) {
      const bytes = encodeMessage('ConfigProto', config);
      withStatus((status) => api.TF_SetConfig(options, bytes, bytes.byteLength, status));
    }
    return options;
  } catch (error) {
    api.TF_DeleteSessionOptions(options);
    throw error;
  }
}

/** Runs parts of a graph; holds the values of its variables. */
export class Session {
  #handle: Handle<'TF_Session'> | null;
  #running = 0;
  #closing: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  /** Takes a native session over; use `Session.create` for a new one. */
  constructor(
    readonly graph: Graph,
    handle: Handle<'TF_Session'>,
  ) {
    this.#handle = handle;
  }

  static create(graph: Graph, options: SessionOptions = {}): Session {
    const handle = withSessionOptions(options, (native_) =>
      withStatus((status) => native().TF_NewSession(graph.handle, native_, status)),
    );
    return new Session(graph, handle);
  }

  /**
   * Runs a step off the JavaScript thread and resolves to the fetched tensors, which the caller disposes of.
   * `process.exit()` waits until a step that is running has ended: close the session before, if it could take long.
   *
   * @throws TensorflowError as TensorFlow reports it
   */
  async run(step: Step, feeds: readonly Tensor[] = [], settings: RunSettings = {}): Promise<Tensor[]> {
    const handle = this.#checkedHandle(step, feeds);
    settings.signal?.throwIfAborted();
    const abort = (): void => void this.close();
    settings.signal?.addEventListener('abort', abort, { once: true });
    const values = BigInt64Array.from(feeds, (tensor) => tensor.retain());
    const results = new BigInt64Array(step.fetches.length);
    this.#running++;
    try {
      await this.#call(handle, step, { values, results }, settings);
      return Array.from(results, (address) => new Tensor(address as Handle<'TF_Tensor'>));
    } catch (error) {
      settings.signal?.throwIfAborted();
      throw error;
    } finally {
      for (const tensor of feeds) tensor.release();
      settings.signal?.removeEventListener('abort', abort);
      this.#running--;
      if (this.#running === 0) this.#idle?.();
    }
  }

  /** As `run`, but on the calling thread: for set-up and for tests. */
  runSync(step: Step, feeds: readonly Tensor[] = []): Tensor[] {
    const handle = this.#checkedHandle(step, feeds);
    const values = BigInt64Array.from(feeds, (tensor) => tensor.handle);
    const results = new BigInt64Array(step.fetches.length);
    withStatus((status) => native().TF_SessionRun(...runArguments(handle, step, values, results, status)));
    return Array.from(results, (address) => new Tensor(address as Handle<'TF_Tensor'>));
  }

  /** The devices that TensorFlow sees, such as `/job:localhost/replica:0/task:0/device:CPU:0`. */
  devices(): { readonly name: string; readonly type: string }[] {
    const api = native();
    const list = withStatus((status) => api.TF_SessionListDevices(this.#open(), status));
    try {
      return Array.from({ length: api.TF_DeviceListCount(list) }, (_, i) => ({
        name: withStatus((status) => api.TF_DeviceListName(list, i, status)),
        type: withStatus((status) => api.TF_DeviceListType(list, i, status)),
      }));
    } finally {
      api.TF_DeleteDeviceList(list);
    }
  }

  /** Cancels what is running, waits for it to end, and frees the session. Calling it again does nothing. */
  close(): Promise<void> {
    this.#closing ??= this.#close(this.#open());
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(handle: Handle<'TF_Session'>): Promise<void> {
    await withStatusAsync((status, done) => native().TF_CloseSession.async(handle, status, done));
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    this.#handle = null;
    withStatus((status) => native().TF_DeleteSession(handle, status));
  }

  async #call(
    handle: Handle<'TF_Session'>,
    step: Step,
    { values, results }: { values: BigInt64Array; results: BigInt64Array },
    { timeoutMs, onTrace }: RunSettings,
  ): Promise<void> {
    const api = native();
    if (timeoutMs === undefined && onTrace === undefined) {
      await withStatusAsync((status, done) =>
        api.TF_SessionRun.async(...runArguments(handle, step, values, results, status), done),
      );
      return;
    }
    const runOptions: RunOptions = {
      ...(timeoutMs !== undefined && { timeout_in_ms: Math.ceil(timeoutMs) }),
      ...(onTrace !== undefined && { trace_level: 'FULL_TRACE' as const }),
    };
    const options = encodeMessage('RunOptions', runOptions);
    const buffer = api.TF_NewBufferFromString(options, options.byteLength);
    const metadata = api.TF_NewBuffer();
    try {
      await withStatusAsync((status, done) => {
        const args = runArguments(handle, step, values, results, status);
        args[1] = buffer;
        if (onTrace !== undefined) args[10] = metadata;
        api.TF_SessionRun.async(...args, done);
      });
      onTrace?.(decodeMessage('RunMetadata', bufferBytes(metadata)));
    } finally {
      api.TF_DeleteBuffer(metadata);
      api.TF_DeleteBuffer(buffer);
    }
  }

  #checkedHandle(step: Step, feeds: readonly Tensor[]): Handle<'TF_Session'> {
    const [any] = [...step.feeds, ...step.fetches, ...step.targets];
    if (any !== undefined && any.graph !== this.graph) {
      throw new GraphError(
        `run: expected a step of the session's graph, received one with "${any.name}" of another`,
      );
    }
    if (feeds.length !== step.feeds.length) {
      throw new GraphError(`run: expected ${step.feeds.length} tensors to feed, received ${feeds.length}`);
    }
    return this.#open();
  }

  #open(): Handle<'TF_Session'> {
    if (this.#handle === null || this.#closing !== undefined) {
      throw new GraphError('session: used after close()');
    }
    return this.#handle;
  }
}

type RunArguments = Parameters<ReturnType<typeof native>['TF_SessionRun']>;

function runArguments(
  session: Handle<'TF_Session'>,
  step: Step,
  values: BigInt64Array,
  results: BigInt64Array,
  status: Handle<'TF_Status'>,
): RunArguments {
  const { feeds, fetches, targets } = step.packed;
  return [
    session,
    null,
    feeds,
    values,
    step.feeds.length,
    fetches,
    results,
    step.fetches.length,
    targets,
    step.targets.length,
    null,
    status,
  ];
}
