import type { Signature, SignatureDef } from '../../tf/index.js';
import type { ModelCatalog, ModelSpec, ServedVersion, VersionStatus } from '../catalog.js';
import { DEFAULT_SIGNATURE, type RunRequest, type ServableModel, type ServableTensor } from '../servable.js';
import { invalidArgument, ServingError } from '../status.js';
import { checkCallable } from './callable.js';
import { Call, type CallContext, unlessAborted } from './call.js';
import { classificationOutputs, EXAMPLES_INPUT, readClassifications } from './classification.js';
import { examplesTensor } from './examples.js';
import type {
  Classifications,
  Examples,
  InferenceContent,
  InferenceObserver,
  InferenceTask,
  InferenceTaskResult,
  PredictInputs,
  Regressions,
} from './inference_record.js';
import { multiInferenceRequest, multiInferenceRuns, readTaskResults } from './multi_inference.js';
import { checkOutputs, completeInputs } from './predict_inputs.js';
import { readRegressions, regressionOutputs } from './regression.js';

export type { CallContext } from './call.js';
export type { InferenceObserver, InferenceRecord } from './inference_record.js';

/** A predict call. */
export interface PredictCall {
  /** Empty for `serving_default`. */
  readonly signatureName: string;
  /** What to feed; a function where the protocol needs the signature to read the values. */
  readonly inputs:
    PredictInputs['inputs'] | ((signature: Signature, def: SignatureDef) => PredictInputs['inputs']);
  /** Aliases of the outputs to compute; absent or empty for all. */
  readonly outputs?: readonly string[];
}

/** An answer, and who gave it. */
export interface Answer<Result> {
  readonly version: bigint;
  /** The signature used, never empty. */
  readonly signatureName: string;
  readonly result: Result;
}

/** Settings for all calls. */
export interface InferenceOptions {
  /**
   * Whether a signature can be called only by the method that its `method_name` names
   * (`--enable_signature_method_name_check`); default false.
   */
  readonly checkMethodNames?: boolean;
}

const METHODS = {
  predict: 'tensorflow/serving/predict',
  classify: 'tensorflow/serving/classify',
  regress: 'tensorflow/serving/regress',
} as const;

/** What every protocol asks of the models, without the protocols' forms. */
export class Inference {
  readonly #checkMethodNames: boolean;

  /** Every observer is told of every call. */
  constructor(
    readonly catalog: ModelCatalog,
    readonly observers: readonly InferenceObserver[] = [],
    options: InferenceOptions = {},
  ) {
    this.#checkMethodNames = options.checkMethodNames ?? false;
  }

  /**
   * Computes a signature's outputs.
   * @throws ServingError
   */
  predict(
    spec: ModelSpec,
    predictCall: PredictCall,
    context: CallContext,
  ): Promise<Answer<ReadonlyMap<string, ServableTensor>>> {
    const signatureName = predictCall.signatureName || DEFAULT_SIGNATURE;
    const call = new Call(spec, signatureName, context);
    let request: PredictInputs | undefined;
    const body = async (): Promise<ReadonlyMap<string, ServableTensor>> => {
      const model = this.#find(call);
      const [signature, def] = this.#predictSignature(model, signatureName, context);
      const sent =
        typeof predictCall.inputs === 'function' ? predictCall.inputs(signature, def) : predictCall.inputs;
      const inputs = completeInputs(signature, def, sent);
      const outputs = predictCall.outputs ?? [];
      request = { inputs: sent, outputs };
      checkOutputs(signature, outputs);
      return this.#run(call, model, {
        signatureName,
        inputs,
        ...(outputs.length > 0 && { outputs }),
      });
    };
    return this.#finish(call, body, (response) => ({
      method: 'predict',
      ...(request && { request }),
      ...(response && { response }),
    }));
  }

  /**
   * The classes of each example.
   * @throws ServingError
   */
  classify(
    spec: ModelSpec,
    signatureName: string,
    examples: Examples,
    context: CallContext,
  ): Promise<Answer<Classifications>> {
    const call = new Call(spec, signatureName || DEFAULT_SIGNATURE, context);
    const body = async (): Promise<Classifications> => {
      const { model, def } = this.#exampleSignature(call, 'classification', METHODS.classify);
      const wanted = classificationOutputs(def);
      const outputs = await this.#runExamples(call, model, { examples, def, wanted });
      return readClassifications(outputs, examples.examples.length);
    };
    return this.#finish(call, body, (response) => ({
      method: 'classify',
      request: examples,
      ...(response && { response }),
    }));
  }

  /**
   * The value of each example.
   * @throws ServingError
   */
  regress(
    spec: ModelSpec,
    signatureName: string,
    examples: Examples,
    context: CallContext,
  ): Promise<Answer<Regressions>> {
    const call = new Call(spec, signatureName || DEFAULT_SIGNATURE, context);
    const body = async (): Promise<Regressions> => {
      const { model, def } = this.#exampleSignature(call, 'regression', METHODS.regress);
      const wanted = regressionOutputs(def);
      const outputs = await this.#runExamples(call, model, { examples, def, wanted });
      return readRegressions(outputs, examples.examples.length);
    };
    return this.#finish(call, body, (response) => ({
      method: 'regress',
      request: examples,
      ...(response && { response }),
    }));
  }

  /**
   * Several classify and regress calls of one model with the same examples.
   * @throws ServingError
   */
  multiInference(
    tasks: readonly InferenceTask[],
    examples: Examples,
    context: CallContext,
  ): Promise<Answer<readonly InferenceTaskResult[]>> {
    const [first] = tasks;
    const call = new Call(first?.spec ?? { name: '' }, first?.signatureName || DEFAULT_SIGNATURE, context);
    const body = async (): Promise<readonly InferenceTaskResult[]> => {
      const model = this.#find(call);
      const runs = multiInferenceRuns(tasks, model, this.#checkMethodNames);
      const input = examplesTensor(examples);
      call.examples = examples.examples.length;
      const request = multiInferenceRequest(runs, new Map([[EXAMPLES_INPUT, input]]));
      return readTaskResults(runs, await this.#run(call, model, request), examples.examples.length);
    };
    return this.#finish(call, body, (response) => ({
      method: 'multi_inference',
      tasks,
      request: examples,
      ...(response && { response }),
    }));
  }

  /**
   * The version that a request for metadata means.
   * @throws ServingError
   */
  metadata(spec: ModelSpec, context: CallContext): ServedVersion {
    const call = new Call(spec, '', context);
    return this.#looked(call, 'get_model_metadata', () => {
      const model = this.#find(call);
      return { version: call.version ?? 0n, model };
    });
  }

  /**
   * The states of the versions that a request means.
   * @throws ServingError
   */
  status(spec: ModelSpec, context: CallContext): readonly VersionStatus[] {
    return this.#looked(new Call(spec, '', context), 'get_model_status', () => this.catalog.status(spec));
  }

  /** Tells the observers of a call that failed before it could be made: its request could not be read. */
  refused(content: InferenceContent, spec: ModelSpec, error: unknown, context: CallContext): void {
    this.#tell(new Call(spec, DEFAULT_SIGNATURE, context), error, content);
  }

  #looked<Result>(call: Call, method: 'get_model_metadata' | 'get_model_status', look: () => Result): Result {
    let error: unknown;
    try {
      return look();
    } catch (caught) {
      error = caught;
      throw caught;
    } finally {
      this.#tell(call, error, { method });
    }
  }

  #find(call: Call): ServableModel {
    if (call.spec.name === '') throw invalidArgument('ModelSpec has no name specified.');
    const { version, model } = this.catalog.find(call.spec);
    call.version = version;
    return model;
  }

  #predictSignature(
    model: ServableModel,
    name: string,
    { entrypoint }: CallContext,
  ): readonly [Signature, SignatureDef] {
    const signature = model.signatures.get(name);
    const def = definitionOf(model, name);
    if (signature === undefined || def === undefined) {
      if (def !== undefined) checkCallable(name, def);
      throw entrypoint === 'REST'
        ? invalidArgument(`Serving signature name: "${name}" not found in signature def`)
        : new ServingError('FAILED_PRECONDITION', `Serving signature key "${name}" not found.`);
    }
    const known: readonly string[] = Object.values(METHODS);
    if (this.#checkMethodNames && !known.includes(signature.methodName)) {
      throw new ServingError(
        'INTERNAL',
        `Expected prediction signature method_name to be one of {${known.join(', ')}}. Was: ${signature.methodName}`,
      );
    }
    return [signature, def];
  }

  #exampleSignature(call: Call, kind: string, method: string): { model: ServableModel; def: SignatureDef } {
    const model = this.#find(call);
    const def = definitionOf(model, call.signatureName);
    if (def === undefined) {
      throw invalidArgument(`No signature was found with the name: ${call.signatureName}`);
    }
    if (!model.signatures.has(call.signatureName)) checkCallable(call.signatureName, def);
    if (this.#checkMethodNames && def.method_name !== method) {
      throw invalidArgument(
        `Expected ${kind} signature method_name to be ${method}. Was: ${def.method_name ?? ''}`,
      );
    }
    return { model, def };
  }

  #runExamples(
    call: Call,
    model: ServableModel,
    { examples, def, wanted }: { examples: Examples; def: SignatureDef; wanted: readonly string[] },
  ): Promise<ReadonlyMap<string, ServableTensor>> {
    const inputs = new Map([[EXAMPLES_INPUT, examplesTensor(examples)]]);
    call.examples = examples.examples.length;
    const all = Object.keys(def.outputs ?? {}).length;
    const { signatureName } = call;
    return this.#run(call, model, {
      signatureName,
      inputs,
      ...(wanted.length < all && { outputs: wanted }),
    });
  }

  async #run(
    call: Call,
    model: ServableModel,
    request: RunRequest,
  ): Promise<ReadonlyMap<string, ServableTensor>> {
    const limits = call.limits();
    const start = performance.now();
    try {
      return await unlessAborted(model.run({ ...request, ...limits }), limits.signal);
    } finally {
      call.runtimeMs = performance.now() - start;
    }
  }

  async #finish<Result>(
    call: Call,
    body: () => Promise<Result>,
    content: (result: Result | undefined) => InferenceContent,
  ): Promise<Answer<Result>> {
    try {
      const result = await body();
      this.#tell(call, undefined, content(result));
      return { version: call.version ?? 0n, signatureName: call.signatureName, result };
    } catch (error) {
      this.#tell(call, error, content(undefined));
      throw error;
    }
  }

  #tell(call: Call, error: unknown, content: InferenceContent): void {
    if (this.observers.length === 0) return;
    const record = call.record(error, content);
    for (const observer of this.observers) observer.finished(record);
  }
}

function definitionOf({ signatureDefs }: ServableModel, name: string): SignatureDef | undefined {
  return Object.hasOwn(signatureDefs, name) ? signatureDefs[name] : undefined;
}
