import { componentContext } from '../../easyrec/components/context.js';
import type { ComponentContext } from '../../easyrec/components/context.js';
import { COMPONENTS } from '../../easyrec/components/index.js';
import { OpLibraries } from '../../easyrec/components/op_libraries.js';
import type { ComponentTable } from '../../easyrec/components/types.js';
import type { Mode } from '../../easyrec/layers/context.js';
import type { DenseKernels } from '../../easyrec/layers/dense_kernels.js';
import { PLAIN_KERNELS } from '../../easyrec/layers/plain_kernels.js';
import type { Log } from '../../easyrec/log.js';
import type { Operation, Output, Variables, Session } from '../../easyrec/tf/index.js';
import { makeStep, ops } from '../../easyrec/tf/index.js';

/** A log that remembers its warnings. */
export function recordingLog(): { readonly log: Log; readonly warnings: string[] } {
  const warnings: string[] = [];
  const ignore = (): void => undefined;
  return { log: { info: ignore, debug: ignore, warn: (message) => void warnings.push(message) }, warnings };
}

export interface TowerOptions {
  readonly mode?: Mode;
  readonly log?: Log;
  readonly components?: ComponentTable;
  readonly kernelL2?: number;
  /** Default: standard ops. */
  readonly kernels?: DenseKernels;
}

/** A context for one tower whose random ops draw the same numbers at every step. */
export function tower(variables: Variables, options: TowerOptions = {}): ComponentContext {
  const { mode = 'train', log = recordingLog().log, components = COMPONENTS, kernelL2 = 0 } = options;
  const { graph } = variables;
  let draws = 0;
  const base = {
    graph,
    variables,
    mode,
    updates: [],
    kernels: options.kernels ?? PLAIN_KERNELS,
    regularization: [],
    randomSeed: () => ops.constant(graph, 'int64', [7, draws++]),
  };
  return componentContext(base, { log, opLibraries: new OpLibraries(), components, kernelL2 });
}

/** The values of tensors, as plain numbers, and the effects of operations, in one run. */
export function evaluate(
  session: Session,
  outputs: readonly Output[],
  targets: readonly Operation[] = [],
): number[][] {
  if (outputs.length + targets.length === 0) return [];
  const results = session.runSync(makeStep({ fetches: outputs, targets }));
  return results.map((result) => {
    const { dtype } = result;
    const numbers =
      dtype === 'int32' || dtype === 'float32' || dtype === 'float64' ? [...result.data(dtype)] : [];
    result.dispose();
    if (numbers.length === 0 && dtype !== 'float32') throw new Error(`evaluate: cannot read ${dtype}`);
    return numbers;
  });
}

/** Sets all variables to their initial values. */
export function initialize(session: Session, variables: Variables): void {
  const targets = variables.all.map((variable) => variable.initialize);
  if (targets.length > 0) session.runSync(makeStep({ targets }));
}

/** A float32 constant. */
export function matrix(variables: Variables, rows: readonly (readonly number[])[]): Output {
  return ops.constant(variables.graph, 'float32', rows.flat(), [rows.length, rows[0]?.length ?? 0]);
}
