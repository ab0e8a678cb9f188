import type { ModelSpec } from '../catalog.js';
import type { ServableTensor } from '../servable.js';
import type { StatusCode } from '../status.js';

/** What a predict call feeds. */
export interface PredictInputs {
  /** Keyed by input alias. */
  readonly inputs: ReadonlyMap<string, ServableTensor>;
  /** Aliases of the outputs to compute; absent or empty for all. */
  readonly outputs?: readonly string[];
}

/** What classify, regress and multi-inference calls feed: serialized tf.Example messages. */
export interface Examples {
  readonly examples: readonly Uint8Array[];
  /** A serialized tf.Example whose features every example gets besides its own, unless it has one of that name. */
  readonly context?: Uint8Array;
}

/** A class of an example; the label is empty where a model gives scores only. */
export interface ScoredClass {
  readonly label: Uint8Array;
  readonly score: number;
}

/** For each example its classes, in the model's order. */
export type Classifications = readonly (readonly ScoredClass[])[];

/** For each example its value. */
export type Regressions = readonly number[];

/** One of the questions of a multi-inference call. */
export interface InferenceTask {
  readonly spec: ModelSpec;
  readonly signatureName: string;
  /** `tensorflow/serving/classify` or `tensorflow/serving/regress`. */
  readonly methodName: string;
}

/** The answer to one of the questions of a multi-inference call. */
export type InferenceTaskResult =
  | { readonly signatureName: string; readonly classifications: Classifications }
  | { readonly signatureName: string; readonly regressions: Regressions };

/** What was asked and answered, in as far as the call came to it. */
export type InferenceContent =
  | {
      readonly method: 'predict';
      readonly request?: PredictInputs;
      readonly response?: ReadonlyMap<string, ServableTensor>;
    }
  | { readonly method: 'classify'; readonly request?: Examples; readonly response?: Classifications }
  | { readonly method: 'regress'; readonly request?: Examples; readonly response?: Regressions }
  | {
      readonly method: 'multi_inference';
      readonly request?: Examples;
      readonly tasks: readonly InferenceTask[];
      readonly response?: readonly InferenceTaskResult[];
    }
  | { readonly method: 'get_model_metadata' }
  | { readonly method: 'get_model_status' };

/** Which kind of protocol a call came by. */
export type Entrypoint = 'REST' | 'GRPC';

/** A call that has ended, well or not. */
export type InferenceRecord = InferenceContent & {
  /** As the caller named it: there may be no such model. */
  readonly modelName: string;
  /** The version that answered; absent where none was found. */
  readonly version?: bigint;
  readonly signatureName: string;
  readonly entrypoint: Entrypoint;
  readonly status: StatusCode | 'OK';
  /** What the caller was told; absent if all is well. */
  readonly errorMessage?: string;
  /** From when the request was there in whole until its answer was, in milliseconds. */
  readonly latencyMs: number;
  /** The model's part of it; absent where it was not run. */
  readonly runtimeMs?: number;
  /** Rows of a classify, regress or multi-inference call. */
  readonly examples?: number;
};

/** Is told of every call after its end: metrics, logs. */
export interface InferenceObserver {
  /** May not throw. */
  finished(record: InferenceRecord): void;
}
