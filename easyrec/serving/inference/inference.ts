import type { ModelCatalog, ModelSpec, ServedVersion } from '../catalog.js';
import type { ServableTensor } from '../servable.js';
import { ServingError } from '../status.js';
import type { Signature } from '../../tf/index.js';
import type {
  Classifications,
  Entrypoint,
  Examples,
  InferenceObserver,
  InferenceTask,
  InferenceTaskResult,
  PredictInputs,
  Regressions,
} from './inference_record.js';

export type { InferenceObserver, InferenceRecord } from './inference_record.js';

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

/** A predict call. */
export interface PredictCall {
  /** Empty for `serving_default`. */
  readonly signatureName: string;
  /** What to feed; a function where the protocol needs the signature to read the values. */
  readonly inputs: ReadonlyMap<string, ServableTensor> | ((signature: Signature) => PredictInputs['inputs']);
  /** Aliases of the outputs to compute; absent or empty for all. */
  readonly outputs?: readonly string[];
}

/** An answer, and who gave it. */
export interface Answer<Result> {
  readonly version: bigint;
  /** The signature used, never empty. */
  readonly signatureName: string;
  readonly result: Result;
}

/** What every protocol asks of the models, without the protocols' forms. */
export class Inference {
  constructor(
    readonly catalog: ModelCatalog,
    readonly observers: readonly InferenceObserver[] = [],
  ) {}

  /**
   * Computes a signature's outputs.
   * @throws ServingError
   */
  predict(
    spec: ModelSpec,
    call: PredictCall,
    context: CallContext,
  ): Promise<Answer<ReadonlyMap<string, ServableTensor>>> {
    return Promise.reject(notYet(spec, call, context));
  }

  /**
   * The classes of each example.
   * @throws ServingError
   */
  classify(
    spec: ModelSpec,
    signatureName: string,
    examples: Examples,
    context: CallContext,
  ): Promise<Answer<Classifications>> {
    return Promise.reject(notYet(spec, signatureName, examples, context));
  }

  /**
   * The value of each example.
   * @throws ServingError
   */
  regress(
    spec: ModelSpec,
    signatureName: string,
    examples: Examples,
    context: CallContext,
  ): Promise<Answer<Regressions>> {
    return Promise.reject(notYet(spec, signatureName, examples, context));
  }

  /**
   * Several classify and regress calls of one model with the same examples, in one run.
   * @throws ServingError
   */
  multiInference(
    tasks: readonly InferenceTask[],
    examples: Examples,
    context: CallContext,
  ): Promise<Answer<readonly InferenceTaskResult[]>> {
    return Promise.reject(notYet(tasks, examples, context));
  }

  /**
   * The model that a request for metadata means.
   * @throws ServingError
   */
  metadata(spec: ModelSpec, context: CallContext): ServedVersion {
    throw notYet(spec, context);
  }
}

function notYet(...call: readonly unknown[]): ServingError {
  return new ServingError('UNIMPLEMENTED', `not implemented (${call.length})`);
}
