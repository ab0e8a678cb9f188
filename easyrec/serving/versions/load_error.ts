import { UserError } from '../../errors.js';
import { TensorflowError } from '../../tf/index.js';
import { ServingError, type StatusCode } from '../status.js';

/** Failures that may pass by themselves; all others stay until the model's files change. */
const PASSING: ReadonlySet<StatusCode> = new Set([
  'CANCELLED',
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'RESOURCE_EXHAUSTED',
  'ABORTED',
  'INTERNAL',
  'UNAVAILABLE',
]);

/** Why a version could not be loaded, as its status tells it; the cause is what was thrown. */
export function loadError(thrown: unknown): ServingError {
  if (thrown instanceof ServingError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new ServingError(codeOf(thrown), message, { cause: thrown });
}

/** Whether trying again some time later may help. */
export function mayPass(error: ServingError): boolean {
  return PASSING.has(error.code);
}

function codeOf(thrown: unknown): StatusCode {
  if (thrown instanceof TensorflowError) return thrown.code === 'OK' ? 'UNKNOWN' : thrown.code;
  if (!(thrown instanceof Error)) return 'UNKNOWN';
  if (thrown.cause instanceof TensorflowError) return codeOf(thrown.cause);
  // A message for the user without TensorFlow's own behind it: something about the model is not as it has to be.
  return thrown instanceof UserError ? 'FAILED_PRECONDITION' : 'UNKNOWN';
}
