import type { DType, Signature, SignatureDef, TypedArray } from '../tf/index.js';

/** A tensor in JavaScript's memory: numbers in row-major order, or strings as their bytes; a bool is one byte. */
export type ServableTensor =
  | { readonly dtype: 'string'; readonly shape: readonly number[]; readonly values: readonly Uint8Array[] }
  | {
      readonly dtype: Exclude<DType, 'string'>;
      readonly shape: readonly number[];
      readonly values: TypedArray;
    };

/** Some outputs of a signature. */
export interface WantedOutputs {
  readonly signatureName: string;
  /** Their aliases. */
  readonly outputs: readonly string[];
}

/** One call of a model. */
export interface RunRequest {
  readonly signatureName: string;
  /** Keyed by input alias. */
  readonly inputs: ReadonlyMap<string, ServableTensor>;
  /** Aliases to compute; absent for all. */
  readonly outputs?: readonly string[];
  /** Outputs of other signatures with the same inputs, computed in the same run, keyed by `outputKey`; default none. */
  readonly also?: readonly WantedOutputs[];
  /** After this the run ends with DEADLINE_EXCEEDED; absent for no limit. */
  readonly timeoutMs?: number;
  /** Aborted when nobody waits for the outputs any more: the run ends with CANCELLED. */
  readonly signal?: AbortSignal;
}

/** A loaded version of a model: all that the protocols need of it. */
export interface ServableModel {
  /** What can be run; sparse and ragged tensors cannot. */
  readonly signatures: ReadonlyMap<string, Signature>;

  /** All that the model's file says of its signatures, for those who ask for metadata. */
  readonly signatureDefs: Readonly<Record<string, SignatureDef>>;

  /**
   * Computes outputs, keyed by alias, without blocking the JavaScript thread.
   * @throws ServingError with TensorFlow's code and message.
   */
  run(request: RunRequest): Promise<ReadonlyMap<string, ServableTensor>>;

  /** Cancels what still runs and frees the model. */
  close(): Promise<void>;
}

/** What an output of another signature than the request's own is called among the results. */
export function outputKey(signatureName: string, alias: string): string {
  return `${signatureName}/${alias}`;
}

/** The signature that a request means when it names none. */
export const DEFAULT_SIGNATURE = 'serving_default';
