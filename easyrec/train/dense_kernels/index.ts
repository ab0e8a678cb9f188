import { existsSync } from 'node:fs';
import type { DenseKernels } from '../../layers/dense_kernels.js';
import { PLAIN_KERNELS } from '../../layers/plain_kernels.js';
import { packageFile } from '../../package_files.js';
import type { GradientRules } from '../../tf/grad/index.js';
import { loadOpLibrary } from '../../tf/index.js';
import type { ModelPlan } from '../model_plan.js';
import { nativeKernels } from './native_kernels.js';
import { DENSE_RULES } from './rules.js';

/** What training computes the dense parts of a model with. */
export interface ChosenKernels {
  readonly kernels: DenseKernels;
  /** Of the ops that the kernels add. */
  readonly rules: GradientRules;
}

/** Where set-up puts the library. */
export function denseLibraryFile(): string {
  return packageFile('ops/lib/libdense.so');
}

/**
 * Native ops for the dense parts of a model; standard ones where the plan says so or the library is not built.
 *
 * @throws NativeError when the library does not load.
 */
export function denseKernels(plan: Pick<ModelPlan, 'plain' | 'config' | 'log'>): ChosenKernels {
  if (plan.plain) return { kernels: PLAIN_KERNELS, rules: {} };
  const file = denseLibraryFile();
  if (!existsSync(file)) {
    plan.log.info(`${file} is not built (easyrec setup): dense layers are trained with standard ops`);
    return { kernels: PLAIN_KERNELS, rules: {} };
  }
  loadOpLibrary(file);
  const threads = plan.config.train_config?.intra_op_parallelism_threads ?? 0;
  return { kernels: nativeKernels({ threads }), rules: DENSE_RULES };
}
