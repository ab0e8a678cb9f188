import type { ServableTensor } from '../servable.js';
import { invalidArgument } from '../status.js';
import { datatypeName, isInferDtype, outputDatatype } from './datatypes.js';
import type { InferResult } from './infer.js';
import { checkParameters, type InferRequest, type RequestedInput, tensorForm } from './infer_request.js';
import { elementsOf, readRaw, type TensorForm, writeRaw } from './raw_tensors.js';

/** ModelInferRequest as protobufjs gives it: 64-bit numbers are decimal text. */
export interface ModelInferRequest {
  readonly model_name?: string;
  readonly model_version?: string;
  readonly id?: string;
  readonly parameters?: Parameters;
  readonly inputs?: readonly InputTensor[];
  readonly outputs?: readonly { readonly name?: string; readonly parameters?: Parameters }[];
  readonly raw_input_contents?: readonly Uint8Array[];
}

type Parameters = Readonly<Record<string, { readonly string_param?: string }>>;

interface InputTensor {
  readonly name?: string;
  readonly datatype?: string;
  readonly shape?: readonly string[];
  readonly parameters?: Parameters;
  readonly contents?: Contents;
}

interface Contents {
  readonly bool_contents?: readonly boolean[];
  readonly int_contents?: readonly number[];
  readonly int64_contents?: readonly string[];
  readonly uint_contents?: readonly number[];
  readonly uint64_contents?: readonly string[];
  readonly fp32_contents?: readonly number[];
  readonly fp64_contents?: readonly number[];
  readonly bytes_contents?: readonly Uint8Array[];
}

/**
 * A request with typed lists or raw contents.
 * @throws ServingError INVALID_ARGUMENT
 */
export function fromMessage(message: ModelInferRequest): InferRequest {
  const { id = '', inputs = [], outputs = [], raw_input_contents: raw = [], parameters = {} } = message;
  if (raw.length > 0 && raw.length !== inputs.length) {
    throw invalidArgument(
      `expected as many raw_input_contents as inputs (${inputs.length}), received ${raw.length}`,
    );
  }
  checkParameters(Object.keys(parameters));
  for (const output of outputs) checkParameters(Object.keys(output.parameters ?? {}));
  const signatureName = parameters['signature_name']?.string_param;
  return {
    ...(id !== '' && { id }),
    ...(signatureName !== undefined && { signatureName }),
    inputs: inputs.map((input, i) => readInput(input, raw[i])),
    outputs: outputs.map(({ name = '' }) => ({ name, isBinary: raw.length > 0 })),
    isBinary: raw.length > 0,
  };
}

function readInput(input: InputTensor, raw: Uint8Array | undefined): RequestedInput {
  const { name = '', datatype = '', shape = [], contents = {}, parameters = {} } = input;
  checkParameters(Object.keys(parameters));
  const form = tensorForm(name, datatype, shape.map(Number));
  if (raw === undefined) return { ...form, read: () => readContents(form, contents) };
  const lists: readonly (readonly unknown[])[] = Object.values(contents);
  if (lists.some((list) => list.length > 0)) {
    throw invalidArgument(`contents field must not be specified when using raw_input_contents for '${name}'`);
  }
  return { ...form, read: () => readRaw(form, raw) };
}

function readContents(form: TensorForm, contents: Contents): ServableTensor {
  const { name, dtype, shape } = form;
  const checked = <Item>(list: readonly Item[] = []): readonly Item[] => {
    const size = elementsOf(form);
    if (list.length === size) return list;
    throw invalidArgument(
      `input '${name}': expected ${size} elements in its contents, received ${list.length}`,
    );
  };
  const small = (list: readonly number[] | undefined, low: number, high: number): readonly number[] => {
    const wrong = list?.find((value) => value < low || value > high);
    if (wrong === undefined) return checked(list);
    throw invalidArgument(`input '${name}': ${wrong} is no ${datatypeName(dtype)}`);
  };
  switch (dtype) {
    case 'bool':
      return { dtype, shape, values: Uint8Array.from(checked(contents.bool_contents), Number) };
    case 'int8':
      return { dtype, shape, values: Int8Array.from(small(contents.int_contents, -(2 ** 7), 2 ** 7 - 1)) };
    case 'int16':
      return { dtype, shape, values: Int16Array.from(small(contents.int_contents, -(2 ** 15), 2 ** 15 - 1)) };
    case 'int32':
      return { dtype, shape, values: Int32Array.from(checked(contents.int_contents)) };
    case 'int64':
      return { dtype, shape, values: BigInt64Array.from(checked(contents.int64_contents), BigInt) };
    case 'uint8':
      return { dtype, shape, values: Uint8Array.from(small(contents.uint_contents, 0, 2 ** 8 - 1)) };
    case 'uint16':
      return { dtype, shape, values: Uint16Array.from(small(contents.uint_contents, 0, 2 ** 16 - 1)) };
    case 'uint32':
      return { dtype, shape, values: Uint32Array.from(checked(contents.uint_contents)) };
    case 'uint64':
      return { dtype, shape, values: BigUint64Array.from(checked(contents.uint64_contents), BigInt) };
    case 'float32':
      return { dtype, shape, values: Float32Array.from(checked(contents.fp32_contents)) };
    case 'float64':
      return { dtype, shape, values: Float64Array.from(checked(contents.fp64_contents)) };
    case 'string':
      return { dtype, shape, values: checked(contents.bytes_contents) };
    case 'float16':
    case 'bfloat16':
      throw invalidArgument(`input '${name}': ${datatypeName(dtype)} can only be sent in raw_input_contents`);
  }
}

/** ModelInferResponse, ready to be encoded: raw where the request was, or where a type has no list. */
export function toMessage(request: InferRequest, answer: InferResult): object {
  const tensors = [...answer.outputs.values()];
  const isRaw = request.isBinary || tensors.some(({ dtype }) => dtype === 'float16' || dtype === 'bfloat16');
  return {
    model_name: answer.modelName,
    model_version: String(answer.version),
    id: request.id ?? '',
    outputs: [...answer.outputs].map(([name, tensor]) => ({
      name,
      datatype: outputDatatype(name, tensor.dtype),
      shape: tensor.shape,
      ...(!isRaw && { contents: writeContents(tensor) }),
    })),
    raw_output_contents: isRaw ? tensors.map(writeRaw) : [],
  };
}

function writeContents({ dtype, values }: ServableTensor): object {
  if (!isInferDtype(dtype)) throw new TypeError(`${dtype} is no type of the protocol`);
  switch (dtype) {
    case 'string':
      return { bytes_contents: values };
    case 'bool':
      return { bool_contents: Array.from(values, Boolean) };
    case 'int8':
    case 'int16':
    case 'int32':
      return { int_contents: values };
    case 'uint8':
    case 'uint16':
    case 'uint32':
      return { uint_contents: values };
    case 'int64':
      return { int64_contents: longs(values) };
    case 'uint64':
      return { uint64_contents: longs(values) };
    case 'float32':
      return { fp32_contents: values };
    case 'float64':
      return { fp64_contents: values };
    case 'float16':
    case 'bfloat16':
      throw new TypeError(`${dtype} has no list in the protocol`);
  }
}

/** 64-bit numbers in the two halves that protobufjs writes. */
function longs(values: ArrayLike<unknown>): readonly { low: number; high: number; unsigned: boolean }[] {
  return Array.from(values, (value) => {
    const bits = BigInt.asUintN(64, BigInt(String(value)));
    return { low: Number(bits & 0xffffffffn) | 0, high: Number(bits >> 32n) | 0, unsigned: false };
  });
}
