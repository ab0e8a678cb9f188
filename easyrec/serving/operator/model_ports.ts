import { ConfigError, didYouMean } from '../../errors.js';
import { type Signature, signatureObstacle, type SignatureTensor } from '../../tf/index.js';
import { DEFAULT_SIGNATURE, type ServableModel } from '../servable.js';
import type { ModelSpec } from './operator_file.js';

/** Which tensors of a SavedModel an operator feeds and reads. */
export interface ModelPorts {
  readonly signatureName: string;
  readonly signature: Signature;
  /** Alias of the input; absent for features, which feed all of them. */
  readonly input?: string;
  /** Alias of the output. */
  readonly output: string;
}

/**
 * Finds the tensors that an operator.yaml means, and checks that they fit what it says.
 * @throws ConfigError naming what the model has.
 */
export function choosePorts(spec: ModelSpec, model: ServableModel): ModelPorts {
  const signatureName = spec.signature ?? DEFAULT_SIGNATURE;
  const signature = model.signatures.get(signatureName);
  if (signature === undefined) {
    const def = model.signatureDefs[signatureName];
    const obstacle = def && signatureObstacle(signatureName, def);
    if (obstacle !== undefined) throw new ConfigError(`operator: ${obstacle}`);
    throw wrong(`signature: there is no "${signatureName}"`, signatureName, model.signatures.keys());
  }
  const [output, outputInfo] = choose('model_output', spec.modelOutput, signature.outputs);
  checkOutput(spec, output, outputInfo);
  if (spec.data === 'features') return { signatureName, signature, output };
  if (signature.inputs.size > 1) {
    const names = [...signature.inputs.keys()].join(', ');
    throw new ConfigError(
      `operator: expected a model with one input for images, received one with ${names}; data: features feeds them all`,
    );
  }
  const [input, inputInfo] = choose('model_input', spec.modelInput, signature.inputs);
  checkInput(spec, input, inputInfo);
  return { signatureName, signature, input, output };
}

function choose(
  key: string,
  wanted: string | undefined,
  tensors: ReadonlyMap<string, SignatureTensor>,
): readonly [string, SignatureTensor] {
  const names = [...tensors.keys()];
  const [only = ''] = names;
  if (wanted === undefined && names.length !== 1) {
    throw new ConfigError(`operator: ${key} is missing: the model has ${names.join(', ')}`);
  }
  const name = wanted ?? only;
  const info = tensors.get(name);
  if (info === undefined) throw wrong(`${key}: the model has no "${name}"`, name, names);
  return [name, info];
}

function wrong(what: string, name: string, known: Iterable<string>): ConfigError {
  const names = [...known];
  return new ConfigError(`operator: ${what}, it has ${names.join(', ')}${didYouMean(name, names)}`);
}

function checkInput({ image }: ModelSpec, name: string, { dtype, shape }: SignatureTensor): void {
  if (dtype === 'string') {
    if (image === undefined) return;
    throw new ConfigError(
      `operator: image_size: expected none, since the model's input "${name}" takes files and decodes them itself`,
    );
  }
  if (image === undefined) {
    throw new ConfigError(`operator: image_size is missing: the model's input "${name}" takes pixels`);
  }
  const wanted = [-1, image.height, image.width, 3];
  const fits = shape === null || (shape.length === 4 && shape.every((dim, i) => fit(dim, wanted[i] ?? -1)));
  if (dtype === 'float32' && fits) return;
  throw new ConfigError(
    `operator: model_input: expected float32 [batch, ${image.height}, ${image.width}, 3], the model's "${name}" is ${dtype} [${(shape ?? []).join(', ')}]`,
  );
}

/** -1 is any size. */
function fit(a: number, b: number): boolean {
  return a === -1 || b === -1 || a === b;
}

function checkOutput({ properties }: ModelSpec, name: string, { dtype, shape }: SignatureTensor): void {
  if (properties.type === 'processor') {
    if (dtype === 'string' || dtype === 'uint8' || dtype === 'float32') return;
    throw new ConfigError(
      `operator: model_output: expected files (string) or pixels (uint8, float32), the model's "${name}" is ${dtype}`,
    );
  }
  const length = shape === null || shape.length < 2 ? -1 : shape.slice(1).reduce(product, 1);
  const isVector = (dtype === 'float32' || dtype === 'float64') && (shape === null || shape.length >= 2);
  if (isVector && fit(length, Number(properties.dimension))) return;
  throw new ConfigError(
    `operator: dimension: expected vectors of length ${properties.dimension}, the model's output "${name}" is ${dtype} [${shape?.join(', ') ?? '?'}]`,
  );
}

function product(all: number, dim: number): number {
  return all < 0 || dim < 0 ? -1 : all * dim;
}
