import type { BuildContext } from '../layers/context.js';
import type { Log } from '../log.js';
import type { Output } from '../tf/index.js';
import type { OpLibraries } from './op_libraries.js';
import type { ComponentTable } from './types.js';

/** Numbers the layers that have no name of their own as Keras does: `dense`, `dense_1`, … throughout a model. */
export class AutoNames {
  readonly #used = new Map<string, number>();

  next(base: string): string {
    const uses = this.#used.get(base) ?? 0;
    this.#used.set(base, uses + 1);
    return uses === 0 ? base : `${base}_${uses}`;
  }
}

/** What components need beyond layers. One context builds one tower of a model. */
export interface ComponentContext extends BuildContext {
  readonly log: Log;
  readonly autoNames: AutoNames;
  /** Native op libraries that components ask for. */
  readonly opLibraries: OpLibraries;
  /** All components that a config can name, plugins' included. */
  readonly components: ComponentTable;
  /** Tensors that components add to the model's predictions, by name. */
  readonly outputs: Map<string, Output>;
  /** Weight of `sum(w^2) / 2` of each dense kernel in the loss; 0 for none. */
  readonly kernelL2: number;
}

export interface ComponentContextOptions {
  readonly log: Log;
  readonly opLibraries: OpLibraries;
  readonly components: ComponentTable;
  /** Default: 0. */
  readonly kernelL2?: number;
}

/** Extends a tower's context for its components. */
export function componentContext(base: BuildContext, options: ComponentContextOptions): ComponentContext {
  return { kernelL2: 0, ...base, ...options, autoNames: new AutoNames(), outputs: new Map() };
}
