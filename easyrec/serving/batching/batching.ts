import { availableParallelism } from 'node:os';
import type { Signature, SignatureDef } from '../../tf/index.js';
import type { RunRequest, ServableModel, ServableTensor } from '../servable.js';
import { invalidArgument, ServingError } from '../status.js';
import { BatchRunner, type BatchSettings } from './batch_runner.js';
import { BatchScheduler } from './batch_scheduler.js';
import { BatchTask, type Outputs } from './batch_task.js';
import type { BatchingObserver } from './batching_observer.js';
import type { BatchingParameters } from './batching_parameters.js';
import { joinOutputs, sliceInputs } from './join.js';
import { isJoinable } from './tensors.js';

/** A model whose requests are run in batches as TensorFlow Serving's `--enable_batching` runs them. */
export function batched(
  model: ServableModel,
  parameters: BatchingParameters,
  observer?: BatchingObserver,
): ServableModel {
  return new BatchedModel(model, { parameters, isAdaptive: false, observer });
}

/** How requests are joined without anybody having asked for batching. */
export interface AdaptiveOptions {
  readonly observer?: BatchingObserver | undefined;
  /** In a batch. Default: 1024. */
  readonly maxRows?: number | undefined;
}

const ADAPTIVE_MAX_ROWS = 1024;
const ADAPTIVE_MAX_ENQUEUED_BATCHES = 10;

/**
 * A model whose requests are joined only where that costs nobody time: what arrives while runs are in progress is run
 * together. Only for models that compute each row by itself: joining must not change an answer.
 */
export function adaptivelyBatched(
  model: ServableModel,
  { observer, maxRows = ADAPTIVE_MAX_ROWS }: AdaptiveOptions = {},
): ServableModel {
  const parameters: BatchingParameters = {
    maxBatchSize: maxRows,
    maxExecutionBatchSize: maxRows,
    batchTimeoutMicros: 0,
    maxEnqueuedBatches: ADAPTIVE_MAX_ENQUEUED_BATCHES,
    numBatchThreads: availableParallelism(),
    threadPoolName: 'adaptive_batch_threads',
    enableLargeBatchSplitting: false,
    allowedBatchSizes: [],
    padVariableLengthInputs: false,
  };
  return new BatchedModel(model, { parameters, isAdaptive: true, observer });
}

class BatchedModel implements ServableModel {
  readonly #model: ServableModel;
  readonly #settings: BatchSettings;
  readonly #scheduler: BatchScheduler;

  constructor(model: ServableModel, settings: BatchSettings) {
    this.#model = model;
    this.#settings = settings;
    const runner = new BatchRunner(model, settings);
    this.#scheduler = new BatchScheduler(settings.parameters, (kind, tasks) => runner.run(kind, tasks));
  }

  get signatures(): ReadonlyMap<string, Signature> {
    return this.#model.signatures;
  }

  get signatureDefs(): Readonly<Record<string, SignatureDef>> {
    return this.#model.signatureDefs;
  }

  async run(request: RunRequest): Promise<Outputs> {
    const signature = this.#model.signatures.get(request.signatureName);
    // Errors in the request itself are the model's to find, and nobody else's trouble. As in the original, a run of
    // several signatures is one by itself.
    if (signature === undefined || request.also !== undefined || !isComplete(signature, request))
      return this.#model.run(request);
    const rows = this.#rows(signature, request.inputs);
    if (rows === undefined) return this.#model.run(request);
    if (request.signal?.aborted === true) throw new ServingError('CANCELLED', 'the caller has gone');
    return this.#enqueue(signature, request, rows);
  }

  close(): Promise<void> {
    this.#scheduler.close();
    return this.#model.close();
  }

  async #enqueue(signature: Signature, request: RunRequest, rows: number): Promise<Outputs> {
    const { signatureName, inputs, outputs } = request;
    const { parameters, isAdaptive, observer } = this.#settings;
    const key = `${signatureName}\n${outputs?.join('\n') ?? ''}${isAdaptive ? rowShapes(signature, inputs) : ''}`;
    observer?.inputBatch(rows);
    const tasks: BatchTask[] = [];
    this.#scheduler.schedule(key, { signatureName, outputs }, rows, (openRoom) => {
      for (const [start, end] of parts(rows, openRoom, parameters)) {
        const part = end - start === rows ? inputs : sliceInputs(inputs, start, end);
        tasks.push(new BatchTask(end - start, part, request));
      }
      return tasks;
    });
    const [only] = tasks;
    if (only !== undefined && tasks.length === 1) return only.outputs;
    try {
      return joinOutputs(await Promise.all(tasks.map((task) => task.outputs)));
    } catch (error) {
      // Nobody waits for the other parts any more.
      const failure = error instanceof Error ? error : new Error(String(error));
      for (const task of tasks) task.fail(failure);
      throw error;
    }
  }

  /**
   * How many rows a request has; undefined if it is to be run by itself.
   * @throws ServingError INVALID_ARGUMENT when it cannot be batched and the original says so.
   */
  #rows(signature: Signature, inputs: RunRequest['inputs']): number | undefined {
    const { isAdaptive, parameters } = this.#settings;
    if (isAdaptive) {
      const [first] = inputs.values();
      const rows = first?.shape[0];
      const fits = rows !== undefined && rows > 0 && rows <= parameters.maxBatchSize;
      return fits && canJoin(signature, inputs, rows) ? rows : undefined;
    }
    const rows = batchSize([...inputs.values()]);
    return rows > 0 && canJoin(signature, inputs, rows) ? rows : undefined;
  }
}

/** The rows that all inputs must agree on, with the original's errors. */
function batchSize(tensors: readonly ServableTensor[]): number {
  const [first] = tensors;
  if (first === undefined) throw invalidArgument('Batching Run() must have at least one input tensor');
  if (tensors.some(({ shape }) => shape.length === 0)) {
    throw invalidArgument('Batching Run() input tensors must have at least one dimension');
  }
  if (tensors.some(({ shape }) => shape[0] !== first.shape[0])) {
    throw invalidArgument('Batching Run() input tensors must have equal 0th-dimension size');
  }
  return first.shape[0] ?? 0;
}

/** Whether exactly the signature's inputs are there: defaults are filled in for a request, not for a batch. */
function isComplete({ inputs }: Signature, request: RunRequest): boolean {
  if (request.inputs.size !== inputs.size) return false;
  for (const alias of inputs.keys()) if (!request.inputs.has(alias)) return false;
  return true;
}

/**
 * Whether every input is what the signature says. One that is not may work or fail by itself; joined with others it
 * would make them fail.
 */
function canJoin({ inputs }: Signature, sent: RunRequest['inputs'], rows: number): boolean {
  for (const [alias, { dtype, shape }] of inputs) {
    const tensor = sent.get(alias);
    if (tensor === undefined || tensor.dtype !== dtype || !isJoinable(tensor)) return false;
    if (tensor.shape[0] !== rows || (shape !== null && !fits(tensor.shape, shape))) return false;
  }
  return true;
}

/** The first dimension is the batch's, whatever the signature says of it. */
function fits(shape: readonly number[], declared: readonly number[]): boolean {
  if (shape.length !== declared.length) return false;
  for (let i = 1; i < shape.length; i++) if (declared[i] !== -1 && declared[i] !== shape[i]) return false;
  return true;
}

/** The inputs' shapes without their first dimension, as text. */
function rowShapes({ inputs }: Signature, sent: RunRequest['inputs']): string {
  let text = '';
  for (const alias of inputs.keys()) {
    const shape = sent.get(alias)?.shape ?? [];
    text += '\n';
    for (let i = 1; i < shape.length; i++) text += `,${shape[i] ?? 0}`;
  }
  return text;
}

/** Where a request is cut: the first part fills the open batch, the others are whole batches but for the last. */
function* parts(
  rows: number,
  openRoom: number,
  { enableLargeBatchSplitting, maxExecutionBatchSize }: BatchingParameters,
): Generator<readonly [number, number]> {
  if (!enableLargeBatchSplitting || rows <= openRoom) {
    yield [0, rows];
    return;
  }
  let start = 0;
  for (
    let end = openRoom > 0 ? openRoom : maxExecutionBatchSize;
    start < rows;
    end += maxExecutionBatchSize
  ) {
    yield [start, Math.min(end, rows)];
    start = end;
  }
}
