import { GraphError, NativeError } from '../../errors.js';
import type { LoadSavedModelOptions } from '../../tf/index.js';
import type { TrustedLibrary } from '../../trust/op_library_trust.js';
import type { StatusCode } from '../status.js';
import type { RunRequest } from '../servable.js';
import { ServingError, STATUS_CODES } from '../status.js';
import type { TensorText } from './tensor_codec.js';

/** What a worker is to load. */
export interface LoadOrder {
  /** Holds saved_model.pb. */
  readonly directory: string;
  /** In the order of loading, before the model. */
  readonly libraries: readonly TrustedLibrary[];
  /** Default: as for any SavedModel. */
  readonly options?: LoadSavedModelOptions | undefined;
}

/** What a worker has loaded. */
export interface LoadReport {
  readonly tensorflowVersion: string;
  readonly libraries: readonly (TrustedLibrary & { readonly ops: readonly string[] })[];
}

/** A call of a model. */
export interface RunOrder extends Omit<RunRequest, 'inputs' | 'signal'> {
  readonly inputs: readonly TensorText[];
}

/** Why something failed, as an error that is told in another process. */
export interface Failure {
  /** Of status.ts, or the name of an error's class. */
  readonly code: string;
  readonly message: string;
}

/** An error as a message. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ServingError) return { code: error.code, message: error.message };
  if (error instanceof Error) return { code: error.name, message: error.message };
  return { code: 'UNKNOWN', message: String(error) };
}

/** The error that a message tells of, of the class that it had. */
export function errorOf({ code, message }: Failure): Error {
  if (Object.hasOwn(STATUS_CODES, code)) return new ServingError(code as StatusCode, message);
  if (code === 'GraphError') return new GraphError(message);
  if (code === 'NativeError') return new NativeError(message);
  return new ServingError('INTERNAL', message);
}
