import type { ModelCatalog, ModelSpec, ServedVersion, VersionStatus } from './catalog.js';
import { invalidArgument, ServingError } from './status.js';

/** A catalog of one model with one version, which is available from the start. */
export class SingleModelCatalog implements ModelCatalog {
  readonly #name: string;
  readonly #served: ServedVersion;

  constructor(name: string, served: ServedVersion) {
    this.#name = name;
    this.#served = served;
  }

  names(): readonly string[] {
    return [this.#name];
  }

  find(spec: ModelSpec): ServedVersion {
    if (spec.label !== undefined) throw invalidArgument(`Unrecognized servable version label: ${spec.label}`);
    if (spec.name === this.#name && (spec.version ?? this.#served.version) === this.#served.version) {
      return this.#served;
    }
    const wanted =
      spec.version === undefined ? `Latest(${spec.name})` : `Specific(${spec.name}, ${spec.version})`;
    throw new ServingError('NOT_FOUND', `Servable not found for request: ${wanted}`);
  }

  status(spec: ModelSpec): readonly VersionStatus[] {
    const { version } = this.#served;
    if (spec.name !== this.#name) {
      throw new ServingError('NOT_FOUND', `Could not find any versions of model ${spec.name}`);
    }
    // As in TensorFlow Serving, a label does not narrow the answer down.
    if (spec.version !== undefined && spec.version !== version) {
      throw new ServingError('NOT_FOUND', `Could not find version ${spec.version} of model ${spec.name}`);
    }
    return [{ version, state: 'AVAILABLE', errorCode: 'OK', errorMessage: '' }];
  }
}
