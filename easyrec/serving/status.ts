/** Status codes of TensorFlow and gRPC, and the HTTP status that TensorFlow Serving answers for each. */
export const STATUS_CODES = {
  CANCELLED: { code: 1, http: 499 },
  UNKNOWN: { code: 2, http: 500 },
  INVALID_ARGUMENT: { code: 3, http: 400 },
  DEADLINE_EXCEEDED: { code: 4, http: 504 },
  NOT_FOUND: { code: 5, http: 404 },
  ALREADY_EXISTS: { code: 6, http: 409 },
  PERMISSION_DENIED: { code: 7, http: 403 },
  RESOURCE_EXHAUSTED: { code: 8, http: 429 },
  FAILED_PRECONDITION: { code: 9, http: 400 },
  ABORTED: { code: 10, http: 409 },
  OUT_OF_RANGE: { code: 11, http: 400 },
  UNIMPLEMENTED: { code: 12, http: 501 },
  INTERNAL: { code: 13, http: 500 },
  UNAVAILABLE: { code: 14, http: 503 },
  DATA_LOSS: { code: 15, http: 500 },
  UNAUTHENTICATED: { code: 16, http: 401 },
} as const satisfies Record<string, { readonly code: number; readonly http: number }>;

export type StatusCode = keyof typeof STATUS_CODES;

/** A request that failed: what its sender is told, and with which code. */
export class ServingError extends Error {
  override readonly name = 'ServingError';

  constructor(
    readonly code: StatusCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** `INVALID_ARGUMENT: message`, as an absl::Status prints itself. */
  override toString(): string {
    return `${this.code}: ${this.message}`;
  }

  get httpStatus(): number {
    return STATUS_CODES[this.code].http;
  }
}

/** The commonest failure: the request itself is wrong. */
export function invalidArgument(message: string): ServingError {
  return new ServingError('INVALID_ARGUMENT', message);
}
