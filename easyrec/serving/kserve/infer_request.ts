import type { Signature } from '../../tf/index.js';
import type { ServableTensor } from '../servable.js';
import { invalidArgument } from '../status.js';
import { datatypeName, dtypeOf } from './datatypes.js';
import type { TensorForm } from './raw_tensors.js';

/** An output that a request asks for. */
export interface RequestedOutput {
  readonly name: string;
  /** Whether its values are to be bytes behind the answer's JSON. */
  readonly isBinary: boolean;
}

/** An input of a request, its values not yet read. */
export interface RequestedInput extends TensorForm {
  /** @throws ServingError INVALID_ARGUMENT when the values do not fit. */
  readonly read: () => ServableTensor;
}

/** A request of the protocol, over whichever transport. */
export interface InferRequest {
  /** Given back with the answer; absent where there is none. */
  readonly id?: string;
  /** The signature; absent for the default. */
  readonly signatureName?: string;
  readonly inputs: readonly RequestedInput[];
  /** Empty for all. */
  readonly outputs: readonly RequestedOutput[];
  /** Whether outputs that are not asked for by name are to be binary. */
  readonly isBinary: boolean;
}

/** What an input is called and how it is laid out, checked in as far as that needs no model. */
export function tensorForm(name: string, datatype: string, shape: readonly number[]): TensorForm {
  return { name, dtype: dtypeOf(name, datatype), shape };
}

/**
 * The tensors to feed.
 * @throws ServingError INVALID_ARGUMENT when the model has no such input or it is of another type.
 */
export function feedsOf(
  { inputs }: InferRequest,
  modelName: string,
  signature: Signature,
): ReadonlyMap<string, ServableTensor> {
  const feeds = new Map<string, ServableTensor>();
  for (const { name, dtype, read } of inputs) {
    const expected = signature.inputs.get(name);
    if (expected === undefined) {
      const known = [...signature.inputs.keys()].join(', ');
      throw invalidArgument(
        `unexpected inference input '${name}' for model '${modelName}'; its inputs are ${known}`,
      );
    }
    if (feeds.has(name)) throw invalidArgument(`inference input '${name}' is given twice`);
    if (expected.dtype !== dtype) {
      throw invalidArgument(
        `inference input '${name}' data-type is '${datatypeName(dtype)}', but model '${modelName}' expects ` +
          `'${datatypeName(expected.dtype)}'`,
      );
    }
    feeds.set(name, read());
  }
  const missing = [...signature.inputs.keys()].filter((name) => !feeds.has(name));
  if (missing.length > 0) {
    throw invalidArgument(
      `expected ${signature.inputs.size} inputs but got ${feeds.size} inputs for model '${modelName}'; missing: ${missing.join(', ')}`,
    );
  }
  return feeds;
}

/** They ask for what this server does not have, and would change the answer if they were ignored. */
const UNSUPPORTED_PARAMETERS: readonly string[] = ['classification', 'shared_memory_region', 'sequence_id'];

/** @throws ServingError INVALID_ARGUMENT for a parameter that cannot be ignored. */
export function checkParameters(names: Iterable<string>): void {
  for (const name of names) {
    if (UNSUPPORTED_PARAMETERS.includes(name))
      throw invalidArgument(`the parameter ${name} is not supported`);
  }
}
