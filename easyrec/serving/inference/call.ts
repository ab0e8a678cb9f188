import type { ModelSpec } from '../catalog.js';
import type { RunRequest } from '../servable.js';
import { ServingError } from '../status.js';
import type { Entrypoint, InferenceContent, InferenceRecord } from './inference_record.js';

/** Where a call comes from, and how long it may take. */
export interface CallContext {
  readonly entrypoint: Entrypoint;
  /** After this the call ends with DEADLINE_EXCEEDED; absent for no limit. */
  readonly timeoutMs?: number;
  /** Aborted when nobody waits for the answer any more: the call ends with CANCELLED. */
  readonly signal?: AbortSignal;
  /** `performance.now()` when the request was there in whole; default now. */
  readonly startedAt?: number;
}

/** A call in progress: what is known of it so far. */
export class Call {
  readonly #startedAt: number;
  version: bigint | undefined;
  runtimeMs: number | undefined;
  examples: number | undefined;

  constructor(
    readonly spec: ModelSpec,
    readonly signatureName: string,
    readonly context: CallContext,
  ) {
    this.#startedAt = context.startedAt ?? performance.now();
  }

  /**
   * How long the model may still run.
   * @throws ServingError when the time is up, or nobody waits any more.
   */
  limits(): Pick<RunRequest, 'timeoutMs' | 'signal'> {
    const { timeoutMs, signal } = this.context;
    if (signal?.aborted === true) throw new ServingError('CANCELLED', 'Cancelled');
    if (timeoutMs === undefined) return signal === undefined ? {} : { signal };
    const left = timeoutMs - (performance.now() - this.#startedAt);
    if (left <= 0) throw new ServingError('DEADLINE_EXCEEDED', 'Deadline exceeded before the model was run');
    return { timeoutMs: Math.ceil(left), ...(signal && { signal }) };
  }

  /** The call, ended with `error` or, where that is undefined, well. */
  record(error: unknown, content: InferenceContent): InferenceRecord {
    const { version, runtimeMs, examples } = this;
    return {
      ...content,
      modelName: this.spec.name,
      ...(version !== undefined && { version }),
      signatureName: this.signatureName,
      entrypoint: this.context.entrypoint,
      ...outcome(error),
      latencyMs: performance.now() - this.#startedAt,
      ...(runtimeMs !== undefined && { runtimeMs }),
      ...(examples !== undefined && { examples }),
    };
  }
}

function outcome(error: unknown): Pick<InferenceRecord, 'status' | 'errorMessage'> {
  if (error === undefined) return { status: 'OK' };
  if (error instanceof ServingError) return { status: error.code, errorMessage: error.message };
  return { status: 'INTERNAL', errorMessage: error instanceof Error ? error.message : 'unknown error' };
}

/**
 * The result, or CANCELLED as soon as nobody waits for it any more: what works on it may go on for a while, and its
 * result is left to be collected.
 */
export function unlessAborted<Result>(
  result: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (signal === undefined) return result;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new ServingError('CANCELLED', 'Cancelled'));
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    void result.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
