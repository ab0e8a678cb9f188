/** Which versions of a model are served: the newest ones, all, or the ones listed. */
export type VersionPolicy =
  | { readonly kind: 'latest'; readonly count: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'specific'; readonly versions: readonly bigint[] };

/** Where the requests of a model are recorded. */
export interface LoggingConfig {
  /** Kind of collector; empty where none is named. */
  readonly collectorType: string;
  /** What the names of the files begin with, folder included. */
  readonly filenamePrefix: string;
  /** Share of the requests that is recorded, from 0 to 1. */
  readonly samplingRate: number;
}

/** A model to serve. */
export interface ModelConfig {
  readonly name: string;
  /** Folder that holds one folder per version. */
  readonly basePath: string;
  /** `tensorflow`; empty where the config names none. */
  readonly platform: string;
  readonly versionPolicy: VersionPolicy;
  /** Versions by label. */
  readonly versionLabels: ReadonlyMap<string, bigint>;
  readonly logging?: LoggingConfig;
}

/** All that a server serves. */
export interface ModelServerConfig {
  /** Absent where the config has neither a list of models nor anything else: it changes nothing. */
  readonly models?: readonly ModelConfig[];
  /** Type URL of a config of another kind, which this server has none of. */
  readonly customType?: string;
}

/** The policy of a model that names none: its newest version. */
export const LATEST_VERSION: VersionPolicy = { kind: 'latest', count: 1 };

/** The platform of models that TensorFlow runs. */
export const TENSORFLOW_PLATFORM = 'tensorflow';

/** A config of one model, as `--model_name` and `--model_base_path` mean it. */
export function singleModelConfig(name: string, basePath: string): ModelServerConfig {
  const model = { name, basePath, platform: TENSORFLOW_PLATFORM };
  return { models: [{ ...model, versionPolicy: LATEST_VERSION, versionLabels: new Map() }] };
}
