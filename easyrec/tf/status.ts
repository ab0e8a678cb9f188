import type { Handle } from './native.js';
import { native } from './native.js';

/** TensorFlow's canonical error codes by number. */
const CODES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

export type StatusCode = (typeof CODES)[number];

/** An error that TensorFlow itself reported, with its whole message. */
export class TensorflowError extends Error {
  override readonly name = 'TensorflowError';

  constructor(
    readonly code: StatusCode,
    readonly detail: string,
  ) {
    super(`${code}: ${detail}`);
  }
}

/** Throws what a status holds, if it holds an error. */
export function check(status: Handle<'TF_Status'>): void {
  const code = native().TF_GetCode(status);
  if (code !== 0) throw new TensorflowError(CODES[code] ?? 'UNKNOWN', native().TF_Message(status));
}

/**
 * Calls a C function that takes a status, and throws the error it reports.
 *
 * @throws TensorflowError
 */
export function withStatus<Result>(call: (status: Handle<'TF_Status'>) => Result): Result {
  const status = native().TF_NewStatus();
  try {
    const result = call(status);
    check(status);
    return result;
  } finally {
    native().TF_DeleteStatus(status);
  }
}

/** As `withStatus`, for functions that run on a thread of their own. */
export async function withStatusAsync<Result>(
  call: (status: Handle<'TF_Status'>, done: (error: unknown, result: Result) => void) => void,
): Promise<Result> {
  const status = native().TF_NewStatus();
  try {
    const result = await new Promise<Result>((resolve, reject) => {
      call(status, (error, value) => {
        if (error === null || error === undefined) resolve(value);
        else reject(error instanceof Error ? error : new Error('the native call failed', { cause: error }));
      });
    });
    check(status);
    return result;
  } finally {
    native().TF_DeleteStatus(status);
  }
}
