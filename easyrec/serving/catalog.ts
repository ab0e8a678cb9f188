import type { ServableModel } from './servable.js';
import type { StatusCode } from './status.js';

/** Which model a request means: its name, and at most one of a version and a label; neither means the newest. */
export interface ModelSpec {
  readonly name: string;
  readonly version?: bigint;
  readonly label?: string;
}

/** What a version of a model is doing. */
export type VersionState = 'START' | 'LOADING' | 'AVAILABLE' | 'UNLOADING' | 'END';

/** A version and how it fares. */
export interface VersionStatus {
  readonly version: bigint;
  readonly state: VersionState;
  /** OK unless the version failed. */
  readonly errorCode: StatusCode | 'OK';
  readonly errorMessage: string;
}

/** A version that can be run. */
export interface ServedVersion {
  readonly version: bigint;
  readonly model: ServableModel;
}

/** The models that a server knows, as the protocols see them. */
export interface ModelCatalog {
  /** The names of all models, in alphabetical order. */
  names(): readonly string[];

  /**
   * The version that a request means; neither version nor label means the highest one that is available.
   * @throws ServingError NOT_FOUND for an unknown model or version, INVALID_ARGUMENT for an unknown label.
   */
  find(spec: ModelSpec): ServedVersion;

  /**
   * The state of one version, or of all of them, newest first.
   * @throws ServingError NOT_FOUND for an unknown model or version.
   */
  status(spec: ModelSpec): readonly VersionStatus[];
}
