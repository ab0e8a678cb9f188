import { availableParallelism } from 'node:os';
import { readFileSync } from 'node:fs';
import type { ConfigNode } from '../../config/node.js';
import { parseText } from '../../config/text_format.js';
import { UserError } from '../../errors.js';
import { invalidArgument } from '../status.js';
import { messageSchema, wrapperSchema } from './text_schema.js';

/** How requests are joined to batches: TensorFlow Serving's BatchingParameters with every default resolved. */
export interface BatchingParameters {
  /** Rows in one request, and in one batch unless large requests are split. */
  readonly maxBatchSize: number;
  /** How long the first request of a batch waits for others while a thread is free. */
  readonly batchTimeoutMicros: number;
  /** Batches that may wait; what comes then is refused with UNAVAILABLE. */
  readonly maxEnqueuedBatches: number;
  /** Batches of one model that run at a time. */
  readonly numBatchThreads: number;
  /** Label of the metrics. */
  readonly threadPoolName: string;
  /** Whether a request larger than `maxExecutionBatchSize` is run in parts. */
  readonly enableLargeBatchSplitting: boolean;
  /** Rows in one batch where large requests are split; else the same as `maxBatchSize`. */
  readonly maxExecutionBatchSize: number;
  /** Sizes that batches are filled up to, in increasing order; empty for any size. */
  readonly allowedBatchSizes: readonly number[];
  /** Whether inputs of different lengths are filled up to the longest in their batch. */
  readonly padVariableLengthInputs: boolean;
}

const INT64 = { kind: 'message', type: wrapperSchema('Int64Value', 'int64') } as const;
const BOOL = { kind: 'message', type: wrapperSchema('BoolValue', 'bool') } as const;

const SCHEMA = messageSchema('BatchingParameters', {
  max_batch_size: INT64,
  batch_timeout_micros: INT64,
  max_enqueued_batches: INT64,
  num_batch_threads: INT64,
  thread_pool_name: { kind: 'message', type: wrapperSchema('StringValue', 'string') },
  enable_large_batch_splitting: BOOL,
  max_execution_batch_size: INT64,
  allowed_batch_sizes: { kind: 'scalar', type: 'int64', repeated: true },
  pad_variable_length_inputs: { kind: 'scalar', type: 'bool' },
});

const DEFAULT_MAX_BATCH_SIZE = 1000;

/**
 * Batching as `--enable_batching` without a file means it.
 * @returns TensorFlow Serving's defaults: at most 1000 rows, no waiting, 10 batches in the queue, a thread per core.
 */
export function defaultBatchingParameters(): BatchingParameters {
  return { ...parseBatchingParameters('', '<defaults>'), threadPoolName: 'model_server_batch_threads' };
}

/**
 * Reads a BatchingParameters message in text format, as `--batching_parameters_file` names it.
 * @throws UserError when the file cannot be read, ConfigError when it is no such message, ServingError when values contradict each other.
 */
export function readBatchingParameters(file: string): BatchingParameters {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(`batching_parameters_file: ${reason}`, { cause });
  }
  return parseBatchingParameters(text, file);
}

/** As `readBatchingParameters`, from text; `file` is what errors call it. */
export function parseBatchingParameters(text: string, file: string): BatchingParameters {
  const node = parseText(SCHEMA, text, file);
  const maxBatchSize = wrapped(node, 'max_batch_size') ?? DEFAULT_MAX_BATCH_SIZE;
  const splits = node.child('enable_large_batch_splitting')?.one('value') === true;
  const name = node.child('thread_pool_name')?.one('value');
  const parameters: BatchingParameters = {
    maxBatchSize,
    batchTimeoutMicros: wrapped(node, 'batch_timeout_micros') ?? 0,
    maxEnqueuedBatches: wrapped(node, 'max_enqueued_batches') ?? 10,
    numBatchThreads: wrapped(node, 'num_batch_threads') ?? availableParallelism(),
    threadPoolName: typeof name === 'string' ? name : 'batch_threads',
    enableLargeBatchSplitting: splits,
    maxExecutionBatchSize: splits
      ? (wrapped(node, 'max_execution_batch_size') ?? maxBatchSize)
      : maxBatchSize,
    allowedBatchSizes: node.many('allowed_batch_sizes').map(({ value }) => Number(value)),
    padVariableLengthInputs: node.one('pad_variable_length_inputs') === true,
  };
  return checked(parameters);
}

/** The value of a wrapper; one that is there without a value holds 0, as in every proto3 message. */
function wrapped(node: ConfigNode, field: string): number | undefined {
  const wrapper = node.child(field);
  return wrapper === undefined ? undefined : Number(wrapper.one('value') ?? 0);
}

/** Refuses what TensorFlow Serving's scheduler refuses, in its words. */
function checked(parameters: BatchingParameters): BatchingParameters {
  const { maxBatchSize, maxExecutionBatchSize, allowedBatchSizes: sizes } = parameters;
  const positive = {
    num_batch_threads: parameters.numBatchThreads,
    max_batch_size: maxBatchSize,
    max_execution_batch_size: maxExecutionBatchSize,
  };
  for (const [name, value] of Object.entries(positive)) {
    if (value < 1) throw invalidArgument(`${name} must be positive; was ${value}`);
  }
  if (parameters.batchTimeoutMicros < 0) {
    throw invalidArgument(`batch_timeout_micros must be non-negative; was ${parameters.batchTimeoutMicros}`);
  }
  if (maxBatchSize < maxExecutionBatchSize) {
    throw invalidArgument(
      'When enable_large_batch_splitting is true, max_batch_size must be greater than or equal to ' +
        `max_execution_batch_size; were ${maxBatchSize} and ${maxExecutionBatchSize}`,
    );
  }
  checkAllowedSizes(sizes, maxBatchSize);
  return { ...parameters, maxEnqueuedBatches: enqueuedBatches(parameters) };
}

function checkAllowedSizes(sizes: readonly number[], maxBatchSize: number): void {
  const last = sizes.at(-1);
  if (last === undefined) return;
  if (sizes.some((size, i) => size < 1 || size <= (sizes[i - 1] ?? 0))) {
    throw invalidArgument(
      `allowed_batch_sizes must be positive and in increasing order; were ${sizes.join(', ')}`,
    );
  }
  if (last !== maxBatchSize) {
    throw invalidArgument(
      `Last entry in allowed_batch_sizes must match max_batch_size; last entry was ${last}; expected ${maxBatchSize}`,
    );
  }
}

/** Models with few requests are configured with 0, which the original reads as 1 unless it splits. */
function enqueuedBatches({ maxEnqueuedBatches, enableLargeBatchSplitting }: BatchingParameters): number {
  if (maxEnqueuedBatches === 0 && !enableLargeBatchSplitting) return 1;
  if (maxEnqueuedBatches < 1) {
    throw invalidArgument(`max_enqueued_batches must be positive; was ${maxEnqueuedBatches}`);
  }
  return maxEnqueuedBatches;
}
