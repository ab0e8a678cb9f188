import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ConfigError, DataError } from '../../../easyrec/errors.js';
import {
  defaultBatchingParameters,
  parseBatchingParameters,
  readBatchingParameters,
} from '../../../easyrec/serving/batching/batching_parameters.js';
import { ServingError } from '../../../easyrec/serving/status.js';

const folder = mkdtempSync(join(tmpdir(), 'easyrec-batching-'));
after(() => rmSync(folder, { recursive: true }));

test('a parameters file as the guide of the original shows it is read', () => {
  const file = join(folder, 'batching.pbtxt');
  writeFileSync(
    file,
    `# as in the guide
max_batch_size { value: 128 }
batch_timeout_micros { value: 5000 }
max_enqueued_batches { value: 1000000 }
num_batch_threads { value: 8 }
thread_pool_name { value: "threads" }
allowed_batch_sizes : 32
allowed_batch_sizes : [ 64, 128 ]
pad_variable_length_inputs: true
enable_large_batch_splitting { value: true }
max_execution_batch_size { value: 64 }
`,
  );
  assert.deepEqual(readBatchingParameters(file), {
    maxBatchSize: 128,
    batchTimeoutMicros: 5000,
    maxEnqueuedBatches: 1_000_000,
    numBatchThreads: 8,
    threadPoolName: 'threads',
    enableLargeBatchSplitting: true,
    maxExecutionBatchSize: 64,
    allowedBatchSizes: [32, 64, 128],
    padVariableLengthInputs: true,
  });
});

test('what is not given has the defaults of the original', () => {
  assert.deepEqual(defaultBatchingParameters(), {
    maxBatchSize: 1000,
    batchTimeoutMicros: 0,
    maxEnqueuedBatches: 10,
    numBatchThreads: availableParallelism(),
    threadPoolName: 'model_server_batch_threads',
    enableLargeBatchSplitting: false,
    maxExecutionBatchSize: 1000,
    allowedBatchSizes: [],
    padVariableLengthInputs: false,
  });
  assert.equal(parseBatchingParameters('max_enqueued_batches {}', 'f').maxEnqueuedBatches, 1);
});

test('parameters that contradict each other are refused, naming the file', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    [
      'max_batch_size { value: 8 } allowed_batch_sizes: [2, 4]',
      /^f: Last entry in allowed_batch_sizes must match max_batch_size; last entry was 4; expected 8$/,
    ],
    ['max_batch_size { value: 4 } allowed_batch_sizes: [2, 2, 4]', /increasing order; were 2, 2, 4/],
    ['num_batch_threads { value: 0 }', /^f: num_batch_threads must be positive; was 0$/],
    ['batch_timeout_micros { value: -1 }', /^f: batch_timeout_micros must be non-negative; was -1$/],
    ['max_enqueued_batches { value: -1 }', /^f: max_enqueued_batches must be positive; was -1$/],
    [
      'max_batch_size { value: 4 } enable_large_batch_splitting { value: true } max_execution_batch_size { value: 8 }',
      /greater than or equal to max_execution_batch_size; were 4 and 8$/,
    ],
  ];
  for (const [text, message] of refused) {
    assert.throws(
      () => parseBatchingParameters(text, 'f'),
      (error) =>
        error instanceof ConfigError &&
        error.cause instanceof ServingError &&
        error.cause.code === 'INVALID_ARGUMENT' &&
        message.test(error.message),
      text,
    );
  }
});

test('a file that is no such message, or is not there, is an error that names it', () => {
  assert.throws(
    () => parseBatchingParameters('max_batch_sizes { value: 1 }', 'b.pbtxt'),
    (error) =>
      error instanceof ConfigError &&
      /b\.pbtxt:1.*BatchingParameters: unknown field 'max_batch_sizes'; did you mean "max_batch_size"/.test(
        error.message,
      ),
  );
  assert.throws(
    () => readBatchingParameters(join(folder, 'missing.pbtxt')),
    (error) => error instanceof DataError && /missing\.pbtxt: cannot be read/.test(error.message),
  );
});
