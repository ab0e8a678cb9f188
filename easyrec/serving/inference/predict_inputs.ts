import { isTensorShape, type Signature, type SignatureDef } from '../../tf/index.js';
import type { ServableTensor } from '../servable.js';
import { invalidArgument } from '../status.js';
import { decodeTensors } from '../tfserving/messages/predict_messages.js';
import type { PredictInputs } from './inference_record.js';

type Inputs = PredictInputs['inputs'];

/**
 * Refuses inputs whose number cannot be right.
 * @throws ServingError
 */
export function checkInputNames(
  signature: Signature,
  { defaults = {} }: SignatureDef,
  sent: readonly string[],
): void {
  const wanted = signature.inputs.size;
  const mayBeFewer = Object.keys(defaults).length > 0;
  if (sent.length === wanted || (sent.length < wanted && mayBeFewer)) return;
  const names = [...sent].sort();
  const known = [...signature.inputs.keys()].sort();
  const extra = names.filter((alias) => !signature.inputs.has(alias));
  const missing = known.filter((alias) => !names.includes(alias));
  throw invalidArgument(
    `input size does not match signature: ${names.length}!=${known.length} len({${names.join()}}) != ` +
      `len({${known.join()}}). Sent extra: {${extra.join()}}. Missing but required: {${missing.join()}}.`,
  );
}

/**
 * The inputs of a signature: those sent, and the signature's own defaults for those that were not.
 * @throws ServingError when one is neither sent nor has a default, one is unknown, or its shape is none of a tensor.
 */
export function completeInputs(signature: Signature, def: SignatureDef, sent: Inputs): Inputs {
  for (const [alias, { shape }] of sent) {
    if (!isTensorShape(shape)) throw invalidArgument(`tensor parsing error: ${alias}`);
  }
  if (sent.size === signature.inputs.size && isSubset(signature.inputs, sent)) return sent;
  checkInputNames(signature, def, [...sent.keys()]);
  const complete = new Map<string, ServableTensor>();
  let used = 0;
  for (const [alias, { name }] of signature.inputs) {
    const tensor = sent.get(alias);
    if (tensor !== undefined) used++;
    complete.set(alias, tensor ?? defaultInput(alias, name, def, sent));
  }
  if (used === sent.size) return complete;
  const known = [...sent.keys()].filter((alias) => signature.inputs.has(alias)).sort();
  throw invalidArgument(
    `Inputs contains invalid name. Used request inputs: ${known.join()}, request input: ${[...sent.keys()].sort().join()}`,
  );
}

/**
 * Refuses outputs that the signature does not have, or that are named twice.
 * @throws ServingError
 */
export function checkOutputs(signature: Signature, outputs: readonly string[]): void {
  const seen = new Set<string>();
  for (const alias of outputs) {
    if (!signature.outputs.has(alias)) {
      const known = [...signature.outputs.keys()].sort().join();
      throw invalidArgument(
        `output tensor alias not found in signature: ${alias} Outputs expected to be in the set {${known}}.`,
      );
    }
    if (seen.has(alias)) throw invalidArgument(`duplicate output tensor alias: ${alias}`);
    seen.add(alias);
  }
}

function isSubset(some: ReadonlyMap<string, unknown>, all: ReadonlyMap<string, unknown>): boolean {
  for (const key of some.keys()) if (!all.has(key)) return false;
  return true;
}

function defaultInput(
  alias: string,
  feedName: string,
  { defaults = {} }: SignatureDef,
  sent: Inputs,
): ServableTensor {
  const bytes = Object.hasOwn(defaults, alias) ? defaults[alias] : undefined;
  const tensor = bytes && decodeTensors(new Map([[alias, bytes]])).get(alias);
  if (tensor !== undefined) return tensor;
  throw invalidArgument(
    `Signature input alias: ${alias}(feed name: ${feedName}) not found in request and no default value provided. ` +
      `Inputs expected to be in the request {${[...sent.keys()].sort().join()}}, ` +
      `or default input alias set: ${Object.keys(defaults).sort().join()}`,
  );
}
