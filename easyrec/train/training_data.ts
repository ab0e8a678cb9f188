import { locationOf } from '../config/message.js';
import { ConfigError } from '../errors.js';
import type { BatchReader } from '../input/reader.js';
import { inputFiles, openReader } from './input_plan.js';
import type { ResumePoint } from './model_directory.js';
import type { ModelPlan } from './model_plan.js';

/**
 * Reads what a training learns from, from where an earlier run stopped.
 *
 * @throws ConfigError without train_input_path.
 */
export function trainReader(plan: ModelPlan, resume: ResumePoint | undefined): BatchReader {
  const { config } = plan;
  const input = inputFiles(config, 'train');
  if (input.files === '') {
    throw new ConfigError('expected a train_input_path, received none', { at: locationOf(config) });
  }
  return openReader(plan.input, {
    ...input,
    training: true,
    seed: plan.seed,
    position: resume === undefined || resume.input.finished ? 0 : resume.input.position,
  });
}

/** Reads what a training is evaluated on. */
export function evaluationReader(plan: ModelPlan): BatchReader {
  return openReader(plan.input, { ...inputFiles(plan.config, 'eval'), training: false });
}

/** A reader that is closed at the end of its scope. */
export function closing(reader: BatchReader): AsyncDisposable & { readonly value: BatchReader } {
  return { value: reader, [Symbol.asyncDispose]: () => reader.close() };
}
