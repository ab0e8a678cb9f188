import type { DType, TypedArray } from '../tf/dtype.js';

/** A tensor in JavaScript's memory: numbers in row-major order, or strings as their bytes; a bool is one byte. */
export type ServableTensor =
  | { readonly dtype: 'string'; readonly shape: readonly number[]; readonly values: readonly Uint8Array[] }
  | {
      readonly dtype: Exclude<DType, 'string'>;
      readonly shape: readonly number[];
      readonly values: TypedArray;
    };

/** One dimension of a declared shape; -1 where any size goes. */
export interface DimensionInfo {
  readonly size: number;
  readonly name: string;
}

/** What a signature says of one input or output. */
export interface TensorInfo {
  /** The tensor in the graph, for example `serving_default_x:0`. */
  readonly name: string;
  readonly dtype: DType;
  /** Null when the rank is not known. */
  readonly shape: readonly DimensionInfo[] | null;
}

/** A signature of a model: its inputs and outputs, keyed by alias. */
export interface SignatureInfo {
  /** For example `tensorflow/serving/predict`. */
  readonly methodName: string;
  readonly inputs: ReadonlyMap<string, TensorInfo>;
  readonly outputs: ReadonlyMap<string, TensorInfo>;
}

/** One call of a model. */
export interface RunRequest {
  readonly signatureName: string;
  /** Keyed by input alias. */
  readonly inputs: ReadonlyMap<string, ServableTensor>;
  /** Aliases to compute; absent for all. */
  readonly outputs?: readonly string[];
  /** After this the run ends with DEADLINE_EXCEEDED. */
  readonly timeoutMs?: number;
}

/** A loaded version of a model: all that the protocols need of it. */
export interface ServableModel {
  readonly signatures: ReadonlyMap<string, SignatureInfo>;

  /**
   * Computes outputs, keyed by alias, without blocking the JavaScript thread.
   * @throws ServingError with TensorFlow's code and message.
   */
  run(request: RunRequest): Promise<ReadonlyMap<string, ServableTensor>>;

  /** Frees the model once no run needs it any more. */
  close(): Promise<void>;
}

/** The signature that a request means when it names none. */
export const DEFAULT_SIGNATURE = 'serving_default';
