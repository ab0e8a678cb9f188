import { ServingError } from '../status.js';

/** A version that did not become available. */
export interface FailedVersion {
  readonly model: string;
  readonly version: bigint;
  readonly error: ServingError;
}

/** Models that were to be served and are not, in TensorFlow Serving's words. */
export class ModelsUnavailable extends ServingError {
  constructor(readonly failures: readonly FailedVersion[]) {
    const each = failures.map(
      ({ model, version, error }) =>
        `{{name: ${model} version: ${version}} due to error: ${error.toString()}}, `,
    );
    super('UNKNOWN', `${failures.length} model(s) did not become available: {${each.join('')}}`, {
      cause: failures[0]?.error,
    });
  }
}
