import { DEFAULT_SIGNATURE, type ServableModel, type ServableTensor } from '../servable.js';
import { invalidArgument, ServingError } from '../status.js';
import { checkCallable } from './callable.js';
import { classificationOutputs, readClassifications } from './classification.js';
import type { InferenceTask, InferenceTaskResult } from './inference_record.js';
import { readRegressions, regressionOutputs } from './regression.js';

/** A task as a run of the model. */
export interface TaskRun {
  readonly kind: 'classify' | 'regress';
  readonly signatureName: string;
  readonly outputs: readonly string[];
}

/**
 * What to run for the tasks of a multi-inference call.
 * @param checkMethodNames whether a task must name the method that its signature names
 * @throws ServingError when they do not go together, or the model cannot do one of them.
 */
export function multiInferenceRuns(
  tasks: readonly InferenceTask[],
  { signatures, signatureDefs }: ServableModel,
  checkMethodNames = false,
): readonly TaskRun[] {
  const names = new Set<string>();
  return tasks.map(({ spec, methodName, ...task }) => {
    if (spec.name === '') throw invalidArgument('Found ModelSpec with an empty model name.');
    if (spec.name !== tasks[0]?.spec.name) {
      throw invalidArgument('All ModelSpecs in a MultiInferenceRequest must access the same model name.');
    }
    const signatureName = task.signatureName || DEFAULT_SIGNATURE;
    if (names.has(signatureName)) {
      throw invalidArgument(`Duplicate evaluation of signature: ${signatureName}`);
    }
    names.add(signatureName);
    const def = Object.hasOwn(signatureDefs, signatureName) ? signatureDefs[signatureName] : undefined;
    if (def === undefined) {
      throw invalidArgument(`Requested signature not found in model graph: ${signatureName}`);
    }
    if (!signatures.has(signatureName)) checkCallable(signatureName, def);
    if (checkMethodNames && def.method_name !== methodName) {
      const kind = methodName.endsWith('/classify') ? 'classification' : 'regression';
      throw invalidArgument(
        `Expected ${kind} signature method_name to be ${methodName}. Was: ${def.method_name ?? ''}`,
      );
    }
    switch (methodName) {
      case 'tensorflow/serving/classify':
        return { kind: 'classify', signatureName, outputs: classificationOutputs(def) };
      case 'tensorflow/serving/regress':
        return { kind: 'regress', signatureName, outputs: regressionOutputs(def) };
      default:
        throw new ServingError('UNIMPLEMENTED', `Unsupported signature method_name: ${methodName}`);
    }
  });
}

/**
 * The answers to the tasks from the outputs of their runs.
 * @throws ServingError when an output has another shape or type than its method asks for.
 */
export function readTaskResults(
  runs: readonly TaskRun[],
  outputs: readonly ReadonlyMap<string, ServableTensor>[],
  count: number,
): readonly InferenceTaskResult[] {
  return runs.map(({ kind, signatureName }, i) => {
    const computed = outputs[i] ?? new Map<string, ServableTensor>();
    return kind === 'classify'
      ? { signatureName, classifications: readClassifications(computed, count) }
      : { signatureName, regressions: readRegressions(computed, count) };
  });
}
