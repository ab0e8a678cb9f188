import type { ServableModel } from '../servable.js';
import { ServingError, type StatusCode } from '../status.js';
import type { BatchKind } from './batch_queue.js';
import type { BatchTask, Outputs } from './batch_task.js';
import type { BatchingObserver } from './batching_observer.js';
import type { BatchingParameters } from './batching_parameters.js';
import { joinInputs, splitOutputs } from './join.js';

/** How a model is batched. */
export interface BatchSettings {
  readonly parameters: BatchingParameters;
  /**
   * Whether nobody asked for batching: then it must not be the reason for any error, and a batch that cannot be split is
   * run one by one.
   */
  readonly isAdaptive: boolean;
  readonly observer: BatchingObserver | undefined;
}

/** Errors that may be one request's fault: what they did to the others of the batch is undone. */
const FAULTS: ReadonlySet<StatusCode> = new Set<StatusCode>([
  'INVALID_ARGUMENT',
  'OUT_OF_RANGE',
  'FAILED_PRECONDITION',
  'NOT_FOUND',
  'UNIMPLEMENTED',
  'UNKNOWN',
  'INTERNAL',
  'RESOURCE_EXHAUSTED',
]);

/** A batch whose shapes cannot be joined, or whose outputs cannot be split. */
class JoinError extends Error {
  constructor(readonly reason: ServingError) {
    super(reason.message);
  }
}

/** Runs batches of one model. */
export class BatchRunner {
  readonly #model: ServableModel;
  readonly #settings: BatchSettings;

  constructor(model: ServableModel, settings: BatchSettings) {
    this.#model = model;
    this.#settings = settings;
  }

  /** Runs the tasks together and answers each; never rejects. */
  async run(kind: BatchKind, tasks: readonly BatchTask[]): Promise<void> {
    const { parameters, observer } = this.#settings;
    const now = performance.now();
    for (const { enqueuedAt } of tasks) {
      observer?.dequeued(parameters.threadPoolName, (now - enqueuedAt) * 1000);
    }
    await this.#runTogether(kind, tasks);
  }

  async #runTogether(kind: BatchKind, all: readonly BatchTask[]): Promise<void> {
    const tasks = all.filter((task) => !task.ended);
    if (tasks.length === 0) return;
    try {
      const shares = await this.#compute(kind, tasks);
      tasks.forEach((task, i) => task.succeed(shares[i] ?? new Map<string, never>()));
    } catch (error) {
      if (tasks.length > 1 && this.#isOneTasksFault(error)) {
        const half = Math.ceil(tasks.length / 2);
        await this.#runTogether(kind, tasks.slice(0, half));
        await this.#runTogether(kind, tasks.slice(half));
        return;
      }
      const reason = error instanceof JoinError ? error.reason : error;
      for (const task of tasks) task.fail(reason instanceof Error ? reason : new Error(String(reason)));
    }
  }

  /** The outputs of each task. */
  async #compute(kind: BatchKind, tasks: readonly BatchTask[]): Promise<readonly Outputs[]> {
    const { isAdaptive, observer } = this.#settings;
    const rows = tasks.map((task) => task.rows);
    const total = rows.reduce((sum, each) => sum + each, 0);
    const paddingRows = this.#allowedSize(total) - total;
    observer?.processedBatch(total + paddingRows, paddingRows);
    const inputs = this.#join(kind, tasks, paddingRows);
    const outputs = await this.#runModel(kind, tasks, inputs);
    if (isAdaptive && tasks.length === 1) return [outputs];
    return joining(() => splitOutputs(outputs, rows, paddingRows));
  }

  #join(kind: BatchKind, tasks: readonly BatchTask[], paddingRows: number): BatchTask['inputs'] {
    const [first] = tasks;
    if (first !== undefined && tasks.length === 1 && paddingRows === 0) return first.inputs;
    const signature = this.#model.signatures.get(kind.signatureName);
    if (signature === undefined) throw new Error(`no signature ${kind.signatureName}`);
    const { padVariableLengthInputs } = this.#settings.parameters;
    const inputs = tasks.map((task) => task.inputs);
    return joining(() => joinInputs(signature, inputs, { paddingRows, padVariableLengthInputs }));
  }

  /** Runs until the last of the tasks' deadlines, or until nobody waits any more. */
  async #runModel(
    kind: BatchKind,
    tasks: readonly BatchTask[],
    inputs: BatchTask['inputs'],
  ): Promise<Outputs> {
    const abort = new AbortController();
    let waiting = tasks.length;
    for (const task of tasks) {
      task.onEnd = () => {
        if (--waiting === 0) abort.abort();
      };
    }
    const deadline = Math.max(...tasks.map((task) => task.deadline));
    const timeoutMs = Math.max(1, deadline - performance.now());
    try {
      return await this.#model.run({
        signatureName: kind.signatureName,
        inputs,
        signal: abort.signal,
        ...(kind.outputs !== undefined && { outputs: kind.outputs }),
        ...(deadline < Infinity && { timeoutMs }),
      });
    } finally {
      for (const task of tasks) task.onEnd = undefined;
    }
  }

  #allowedSize(rows: number): number {
    return this.#settings.parameters.allowedBatchSizes.find((size) => size >= rows) ?? rows;
  }

  #isOneTasksFault(error: unknown): boolean {
    if (error instanceof JoinError) return this.#settings.isAdaptive;
    return error instanceof ServingError && FAULTS.has(error.code);
  }
}

function joining<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw error instanceof ServingError ? new JoinError(error) : error;
  }
}
