import {
  DEFAULT_SIGNATURE,
  outputKey,
  type RunRequest,
  type ServableModel,
  type ServableTensor,
  type WantedOutputs,
} from '../servable.js';
import { invalidArgument, ServingError } from '../status.js';
import { checkCallable } from './callable.js';
import { classificationOutputs, readClassifications } from './classification.js';
import type { InferenceTask, InferenceTaskResult } from './inference_record.js';
import { readRegressions, regressionOutputs } from './regression.js';

/** What a task wants of the run of the model. */
export interface TaskRun extends WantedOutputs {
  readonly kind: 'classify' | 'regress';
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

/** The one run for all tasks, of which there is one at least. */
export function multiInferenceRequest(tasks: readonly TaskRun[], inputs: RunRequest['inputs']): RunRequest {
  const [first, ...others] = tasks;
  if (first === undefined) throw new Error('no tasks');
  const { signatureName, outputs } = first;
  return { signatureName, inputs, outputs, ...(others.length > 0 && { also: others }) };
}

/**
 * The answers to the tasks from the outputs of that run.
 * @throws ServingError when an output has another shape or type than its method asks for.
 */
export function readTaskResults(
  tasks: readonly TaskRun[],
  computed: ReadonlyMap<string, ServableTensor>,
  count: number,
): readonly InferenceTaskResult[] {
  return tasks.map(({ kind, signatureName, outputs: wanted }, i) => {
    const outputs = new Map(
      wanted.flatMap((alias) => {
        const output = computed.get(i === 0 ? alias : outputKey(signatureName, alias));
        return output === undefined ? [] : [[alias, output]];
      }),
    );
    return kind === 'classify'
      ? { signatureName, classifications: readClassifications(outputs, count) }
      : { signatureName, regressions: readRegressions(outputs, count) };
  });
}
