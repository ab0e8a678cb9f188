import type { ConfigError } from '../../../errors.js';
import type { FunctionResources } from '../messages.js';
import type { RuntimeName } from './runtimes.js';

/** A function as config.yaml describes it, defaults filled in. */
export interface FunctionConfig {
  readonly name: string;
  readonly runtime: RuntimeName;
  readonly description: string;
  readonly maintainer: string;
  readonly handler: {
    /** The function's folder, absolute. */
    readonly folder: string;
    /** Relative to the folder. */
    readonly file: string;
    readonly name: string;
  };
  readonly image: string;
  /** Those of `environment_file` win, as in the original. */
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly constraints: readonly string[];
  readonly limits: FunctionResources;
  readonly requests: FunctionResources;
  readonly skipBuild: boolean;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Debian packages. */
  readonly buildPackages: readonly string[];
  readonly registryAuth: string;
  /** 0 stands for the gateway's default, here and below. */
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly idleTimeoutMs: number;
  /** An error about one of its keys, with the place in config.yaml. */
  readonly problem: (key: string, message: string) => ConfigError;
}

/** What config.yaml says. */
export interface DcfConfig {
  readonly file: string;
  /** `HOST:PORT`. */
  readonly gateway: string | undefined;
  /** In the file's order. */
  readonly functions: readonly FunctionConfig[];
}
