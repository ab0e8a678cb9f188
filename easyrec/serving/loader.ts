import type { Log } from '../log.js';
import type { ServableModel } from './servable.js';

/** A version of a model that is to be loaded. */
export interface LoadRequest {
  readonly modelName: string;
  readonly version: bigint;
  /** The version's own folder: it holds saved_model.pb. */
  readonly directory: string;
}

/** Turns folders into models that can be run, in this process or in another. */
export interface ModelLoader {
  /**
   * Loads one version, ready to run; whoever asked for it closes it.
   * @throws NativeError when it is no SavedModel, damaged, or uses ops that are not registered.
   */
  load(request: LoadRequest, log: Log): Promise<ServableModel>;

  /** Frees what models share; models still open are closed as well. */
  close(): Promise<void>;
}
