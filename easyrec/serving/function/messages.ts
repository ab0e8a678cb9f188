/** What a function may use, or asks to have; texts as in config.yaml, such as `1`, `0.5` or `1G`, empty for any. */
export interface FunctionResources {
  readonly Memory?: string;
  readonly CPU?: string;
  readonly GPU?: string;
}

/** What Deploy and Update take. Field names are the protocol's. */
export interface CreateFunctionRequest {
  /** The function's name. */
  readonly Service: string;
  /** An uploaded image: `NAME`, or `NAME@sha256:HEX` for that very version. */
  readonly Image: string;
  readonly EnvVars?: Readonly<Record<string, string>>;
  readonly Labels?: Readonly<Record<string, string>>;
  /** `maintainer` and `desc` are shown by `dcf function list`. */
  readonly Annotations?: Readonly<Record<string, string>>;
  /** None can be met on one machine: must be empty. */
  readonly Constraints?: readonly string[];
  /** The gateway keeps none: must be empty. */
  readonly Secrets?: readonly string[];
  readonly RegistryAuth?: string;
  readonly Limits?: FunctionResources | null;
  readonly Requests?: FunctionResources | null;
  /** Workers that are kept at least; 0 stands for 1. */
  readonly MinReplicas?: number;
  /** Workers that calls may bring it to; 0 stands for MinReplicas. */
  readonly MaxReplicas?: number;
}

/** A function as List and GetMeta tell of it. */
export interface FunctionInfo {
  readonly Name: string;
  readonly Image: string;
  readonly InvocationCount: number;
  readonly Replicas: number;
  /** Workers that take calls now. */
  readonly AvailableReplicas: number;
  readonly Annotations: Readonly<Record<string, string>>;
  readonly Labels: Readonly<Record<string, string>>;
}

/** What an upload says of its folder. */
export interface UploadHeader {
  /** The name under which Deploy and Update find it, such as `registry/ssd-test`. */
  readonly image: string;
  /** `python3` or `node`. */
  readonly runtime: string;
  /** Relative to the folder; default `handler.py`, or what there is of `handler.ts`, `handler.mjs`, `handler.js`. */
  readonly handler_file?: string;
  /** Default `Handler`. */
  readonly handler_name?: string;
  /** A call that takes longer is answered DEADLINE_EXCEEDED; 0 stands for the gateway's default. */
  readonly timeout_ms?: number;
  /** Calls that one worker takes at once; 0 stands for 10, as many as the original has threads. */
  readonly concurrency?: number;
  /** Workers stop when nobody has called for so long; 0 stands for never. */
  readonly idle_timeout_ms?: number;
  /** Debian packages that must be on the gateway's machine. */
  readonly build_packages?: readonly string[];
  /** Whether to install anew what the function requires, even if nothing has changed. Default: no. */
  readonly no_cache?: boolean;
}

/** What an upload ended in. */
export interface UploadResult {
  /** `sha256:HEX` of content and settings. */
  readonly version: string;
  /** Whether the store had that version already. */
  readonly existed: boolean;
}

/** `idle` has no worker until the next call; `failing` says why in `error`. */
export type FunctionState = 'starting' | 'ready' | 'updating' | 'idle' | 'failing';

/** What has become of a deployment. */
export interface FunctionStatus {
  readonly name: string;
  readonly image: string;
  /** The version that answers calls; empty while none does. */
  readonly version: string;
  /** The version that is to replace it once it is ready; else empty. */
  readonly next_version: string;
  readonly state: FunctionState;
  /** Why the newest version does not start or keeps ending; else empty. */
  readonly error: string;
  readonly replicas: number;
  readonly available_replicas: number;
  readonly invocations: number;
  /** Calls that were not answered with a result. */
  readonly failures: number;
  readonly restarts: number;
  readonly running_calls: number;
}
