import { availableParallelism } from 'node:os';
import type protobuf from 'protobufjs';
import { ConfigError } from '../../errors.js';
import { readProtoFile } from '../grpc/proto_file.js';
import { invalidArgument, ServingError } from '../status.js';
import { parseTextProto, readTextProto } from '../text_proto.js';

/** How requests are joined to batches: TensorFlow Serving's BatchingParameters with every default resolved. */
export interface BatchingParameters {
  /** Rows in one request, and in one batch unless large requests are split. */
  readonly maxBatchSize: number;
  /** How long the first request of a batch waits for others while a thread is free. */
  readonly batchTimeoutMicros: number;
  /** Batches that may wait; what comes then is refused with UNAVAILABLE. */
  readonly maxEnqueuedBatches: number;
  /** Batches of one version of a model that run at a time. */
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

/** As it is written: 64-bit numbers are decimal text. */
interface Message {
  readonly max_batch_size?: Wrapper<string>;
  readonly batch_timeout_micros?: Wrapper<string>;
  readonly max_enqueued_batches?: Wrapper<string>;
  readonly num_batch_threads?: Wrapper<string>;
  readonly thread_pool_name?: Wrapper<string>;
  readonly enable_large_batch_splitting?: Wrapper<boolean>;
  readonly max_execution_batch_size?: Wrapper<string>;
  readonly allowed_batch_sizes?: readonly string[];
  readonly pad_variable_length_inputs?: boolean;
}

/** One that is there without a value holds its type's default, as in every proto3 message. */
interface Wrapper<Value> {
  readonly value?: Value;
}

const DEFAULT_MAX_BATCH_SIZE = 1000;

/**
 * Batching as `--enable_batching` without a file means it.
 * @returns TensorFlow Serving's defaults: at most 1000 rows, no waiting, 10 batches in the queue, a thread per core.
 */
export function defaultBatchingParameters(): BatchingParameters {
  return { ...resolved({}), threadPoolName: 'model_server_batch_threads' };
}

/**
 * Reads a BatchingParameters message in text format, as `--batching_parameters_file` names it.
 * @throws DataError when the file cannot be read, ConfigError when it is no such message or its values contradict each
 * other; in that case its cause is a ServingError.
 */
export function readBatchingParameters(file: string): BatchingParameters {
  return fromMessage(readTextProto(messageType(), file), file);
}

/** As `readBatchingParameters`, from text; `file` is what errors call it. */
export function parseBatchingParameters(text: string, file: string): BatchingParameters {
  return fromMessage(parseTextProto(messageType(), text, file), file);
}

function messageType(): protobuf.Type {
  const { root } = readProtoFile('easyrec/serving/protos/batching_parameters.proto');
  return root.lookupType('tensorflow.serving.BatchingParameters');
}

function fromMessage(message: Message, file: string): BatchingParameters {
  try {
    return resolved(message);
  } catch (cause) {
    throw cause instanceof ServingError ? new ConfigError(cause.message, { at: { file }, cause }) : cause;
  }
}

function resolved(message: Message): BatchingParameters {
  const maxBatchSize = wrapped(message.max_batch_size) ?? DEFAULT_MAX_BATCH_SIZE;
  const splits = message.enable_large_batch_splitting?.value ?? false;
  return checked({
    maxBatchSize,
    batchTimeoutMicros: wrapped(message.batch_timeout_micros) ?? 0,
    maxEnqueuedBatches: wrapped(message.max_enqueued_batches) ?? 10,
    numBatchThreads: wrapped(message.num_batch_threads) ?? availableParallelism(),
    threadPoolName: message.thread_pool_name?.value ?? 'batch_threads',
    enableLargeBatchSplitting: splits,
    maxExecutionBatchSize: splits
      ? (wrapped(message.max_execution_batch_size) ?? maxBatchSize)
      : maxBatchSize,
    allowedBatchSizes: (message.allowed_batch_sizes ?? []).map(Number),
    padVariableLengthInputs: message.pad_variable_length_inputs ?? false,
  });
}

function wrapped(wrapper: Wrapper<string> | undefined): number | undefined {
  return wrapper === undefined ? undefined : Number(wrapper.value ?? 0);
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
