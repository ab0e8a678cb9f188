import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../../errors.js';
import { readRecords } from '../../report/tfrecord_reader.js';
import type { ModelSpec } from '../catalog.js';
import type { CallContext, Inference } from '../inference/index.js';
import { invalidArgument, ServingError } from '../status.js';
import { decodePredictionLog, type RecordedRequest } from './prediction_log.js';

/** Warming up a model with more would only delay it. */
const MAX_RECORDS = 1000;

/** Where a version of a model keeps the requests to warm it up with. */
export function warmupFile(directory: string): string {
  return join(directory, 'assets.extra', 'tf_serving_warmup_requests');
}

/**
 * The requests in a file of recorded ones: a TFRecord file of PredictionLog messages.
 * @returns undefined where there is no such file.
 * @throws ServingError DATA_LOSS when it is damaged, INVALID_ARGUMENT for what is no such message or too many of them,
 * UNIMPLEMENTED for a kind of request that cannot be sent again.
 */
export async function readWarmupRecords(file: string): Promise<readonly RecordedRequest[] | undefined> {
  if (!existsSync(file)) return undefined;
  const requests: RecordedRequest[] = [];
  let count = 0;
  try {
    for await (const record of readRecords(file)) {
      if (++count > MAX_RECORDS) {
        throw invalidArgument(`Number of warmup records exceeds the maximum (${MAX_RECORDS}) at ${file}`);
      }
      const request = decodeRecord(record, count, file);
      if (request !== undefined) requests.push(request);
    }
  } catch (cause) {
    if (cause instanceof DataError) throw new ServingError('DATA_LOSS', cause.message, { cause });
    throw cause;
  }
  return requests;
}

function decodeRecord(record: Uint8Array, count: number, file: string): RecordedRequest | undefined {
  try {
    return decodePredictionLog(record);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (cause instanceof ServingError && cause.code === 'UNIMPLEMENTED') throw cause;
    throw invalidArgument(`Failed to parse warmup record: ${reason} (record ${count} from ${file})`);
  }
}

/** How requests are sent again. */
export interface ReplayOptions {
  /** How often each is sent; default 1. */
  readonly iterations?: number;
  /** Aborted when the model is wanted no more. */
  readonly signal?: AbortSignal;
}

/**
 * Sends recorded requests to a model, whichever model and version they were recorded from, one after the other.
 * @throws ServingError as the model's answer to the first that fails.
 */
export async function replay(
  requests: readonly RecordedRequest[],
  inference: Inference,
  spec: ModelSpec,
  { iterations = 1, signal }: ReplayOptions = {},
): Promise<void> {
  const context: CallContext = { entrypoint: 'GRPC', ...(signal && { signal }) };
  for (const request of requests) {
    for (let i = 0; i < iterations; i++) await send(request, inference, spec, context);
  }
}

async function send(
  request: RecordedRequest,
  inference: Inference,
  spec: ModelSpec,
  context: CallContext,
): Promise<void> {
  switch (request.method) {
    case 'predict':
      await inference.predict(spec, request, context);
      return;
    case 'classify':
      await inference.classify(spec, request.signatureName, request.input, context);
      return;
    case 'regress':
      await inference.regress(spec, request.signatureName, request.input, context);
      return;
    case 'multi_inference':
      await inference.multiInference(
        request.tasks.map((task) => ({ ...task, spec })),
        request.input,
        context,
      );
  }
}
