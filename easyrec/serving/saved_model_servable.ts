import type { LoadedSavedModel, Signature, SignatureDef, Step, Tensor } from '../tf/index.js';
import { isNumeric, makeStep, stringTensor, tensor, TensorflowError, tensorFromBytes } from '../tf/index.js';
import { outputKey, type RunRequest, type ServableModel, type ServableTensor } from './servable.js';
import { invalidArgument, ServingError } from './status.js';
import { layoutOf } from './tfserving/messages/tensor_layout.js';

/** A signature made ready to run: aliases of inputs and keys of outputs in the order of the step's feeds and fetches. */
interface Call {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly step: Step;
}

/** A SavedModel as the serving protocols see it; it owns the loaded model. */
export class SavedModelServable implements ServableModel {
  readonly signatures: ReadonlyMap<string, Signature>;
  readonly signatureDefs: Readonly<Record<string, SignatureDef>>;
  readonly #model: LoadedSavedModel;
  /** Calls that compute all outputs, keyed by signature. */
  readonly #calls = new Map<string, Call>();

  constructor(model: LoadedSavedModel) {
    this.#model = model;
    this.signatures = model.signatures;
    this.signatureDefs = model.metaGraph.signature_def ?? {};
  }

  /**
   * Once it has begun, a run does not heed the signal: TensorFlow cannot end one run of a session without the others.
   * It takes its thread until it ends, at the latest when its time is up, and whoever counts runs is to see that.
   */
  async run(request: RunRequest): Promise<ReadonlyMap<string, ServableTensor>> {
    if (request.signal?.aborted === true) throw new ServingError('CANCELLED', 'Cancelled');
    const call = this.#call(request);
    const feeds: Tensor[] = [];
    try {
      for (const alias of call.inputs) feeds.push(toTensor(alias, request.inputs));
      const settings = request.timeoutMs === undefined ? {} : { timeoutMs: request.timeoutMs };
      const results = await this.#model.session.run(call.step, feeds, settings);
      return readResults(call.outputs, results);
    } catch (error) {
      if (!(error instanceof TensorflowError)) throw error;
      throw new ServingError(error.code === 'OK' ? 'UNKNOWN' : error.code, error.detail, { cause: error });
    } finally {
      for (const feed of feeds) feed.dispose();
    }
  }

  close(): Promise<void> {
    return this.#model.dispose();
  }

  #call({ signatureName, inputs, outputs, also }: RunRequest): Call {
    const signature = this.#signature(signatureName, inputs);
    // Only the call that every request shares is kept: there is no end to the lists of outputs a client may choose.
    const isShared = outputs === undefined && also === undefined;
    const known = isShared ? this.#calls.get(signatureName) : undefined;
    if (known !== undefined) return known;
    const feeds = [...signature.inputs].map(([alias, { name }]) => ({ alias, name }));
    const fetches = (outputs ?? [...signature.outputs.keys()]).map((alias) => ({
      key: alias,
      name: outputName(signature, alias),
    }));
    for (const other of also ?? []) {
      const more = this.#signature(other.signatureName, inputs);
      for (const [alias, { name }] of more.inputs) {
        if (!feeds.some((feed) => feed.name === name)) feeds.push({ alias, name });
      }
      for (const alias of other.outputs) {
        fetches.push({ key: outputKey(other.signatureName, alias), name: outputName(more, alias) });
      }
    }
    const { graph } = this.#model;
    const call = {
      inputs: feeds.map(({ alias }) => alias),
      outputs: fetches.map(({ key }) => key),
      step: makeStep({
        feeds: feeds.map(({ name }) => graph.output(name)),
        fetches: fetches.map(({ name }) => graph.output(name)),
      }),
    };
    if (isShared) this.#calls.set(signatureName, call);
    return call;
  }

  /** @throws ServingError when there is no such signature, or these are not its inputs. */
  #signature(name: string, inputs: RunRequest['inputs']): Signature {
    const signature = this.signatures.get(name);
    if (signature === undefined) {
      throw new ServingError('FAILED_PRECONDITION', `Serving signature key "${name}" not found.`);
    }
    checkInputs(signature, inputs);
    return signature;
  }
}

function checkInputs(signature: Signature, inputs: RunRequest['inputs']): void {
  const isMissing = (alias: string): boolean => !inputs.has(alias);
  if (inputs.size === signature.inputs.size && ![...signature.inputs.keys()].some(isMissing)) return;
  const wanted = [...signature.inputs.keys()].sort();
  const sent = [...inputs.keys()].sort();
  const missing = wanted.filter(isMissing);
  const extra = sent.filter((alias) => !signature.inputs.has(alias));
  throw invalidArgument(
    `input size does not match signature: ${sent.length}!=${wanted.length} len({${sent.join()}}) != ` +
      `len({${wanted.join()}}). Sent extra: {${extra.join()}}. Missing but required: {${missing.join()}}.`,
  );
}

function outputName(signature: Signature, alias: string): string {
  const output = signature.outputs.get(alias);
  if (output !== undefined) return output.name;
  const known = [...signature.outputs.keys()].sort().join();
  throw invalidArgument(
    `output tensor alias not found in signature: ${alias} Outputs expected to be in the set {${known}}.`,
  );
}

function toTensor(alias: string, inputs: RunRequest['inputs']): Tensor {
  const input = inputs.get(alias);
  if (input === undefined) throw invalidArgument(`Missing named input: ${alias}`);
  if (input.dtype !== 'string') {
    const { dtype, shape, values } = input;
    if (isNumeric(dtype)) return tensor(dtype, shape, values);
    return tensorFromBytes(dtype, shape, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  const offsets = new Int32Array(input.values.length + 1);
  input.values.forEach((value, i) => (offsets[i + 1] = (offsets[i] ?? 0) + value.length));
  return stringTensor(input.shape, Buffer.concat(input.values), offsets);
}

/** Copies the results out of TensorFlow's memory and frees them. */
function readResults(aliases: readonly string[], results: readonly Tensor[]): Map<string, ServableTensor> {
  try {
    return new Map(
      aliases.flatMap((alias, i) => results.slice(i, i + 1).map((result) => [alias, copyOf(alias, result)])),
    );
  } finally {
    for (const result of results) result.dispose();
  }
}

function copyOf(alias: string, result: Tensor): ServableTensor {
  const { dtype, shape } = result;
  if (dtype === 'string') return { dtype, shape, values: result.bytes() };
  if (isNumeric(dtype)) return { dtype, shape, values: result.numbers().slice() };
  const layout = layoutOf(dtype);
  if (layout === undefined) {
    throw new ServingError('UNIMPLEMENTED', `output "${alias}": values of type ${dtype} cannot be returned`);
  }
  const bytes = result.memory().slice();
  return { dtype, shape, values: layout.view(bytes.buffer, 0, bytes.length / layout.elementBytes) };
}
