import { packageVersion } from '../../package_files.js';
import type { SignatureTensor } from '../../tf/index.js';
import type { ModelCatalog, ModelSpec } from '../catalog.js';
import { DEFAULT_SIGNATURE, type ServableModel } from '../servable.js';
import { invalidArgument, ServingError } from '../status.js';
import { datatypeName } from './datatypes.js';

/** What the protocol tells of an input or output. */
export interface TensorMetadata {
  readonly name: string;
  readonly datatype: string;
  /** -1 for any size. */
  readonly shape: readonly number[];
}

/** What the protocol tells of a model. */
export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

const PLATFORM = 'tensorflow_savedmodel';
const MAX_VERSION = 2n ** 63n - 1n;

/** What the protocol tells of the server. */
export function serverMetadata(): { name: string; version: string; extensions: readonly string[] } {
  return { name: 'easyrec', version: packageVersion(), extensions: ['binary_tensor_data'] };
}

/**
 * The model that a name and a version, which may be empty, mean.
 * @throws ServingError INVALID_ARGUMENT when the version is no number.
 */
export function specOf(name: string, version: string): ModelSpec {
  if (version === '') return { name };
  if (!/^\d+$/.test(version) || BigInt(version) > MAX_VERSION) {
    throw invalidArgument(`expected a version number, received '${version}'`);
  }
  return { name, version: BigInt(version) };
}

/**
 * A model's signature `serving_default`, or its only one.
 * @throws ServingError FAILED_PRECONDITION when it has several, none of which is the default.
 */
export function signatureOf({ signatures }: ServableModel): string {
  if (signatures.has(DEFAULT_SIGNATURE)) return DEFAULT_SIGNATURE;
  const [only] = signatures.keys();
  if (only !== undefined && signatures.size === 1) return only;
  throw new ServingError(
    'FAILED_PRECONDITION',
    `the model has no signature ${DEFAULT_SIGNATURE}: name one of ${[...signatures.keys()].join(', ')} in the parameter signature_name`,
  );
}

/**
 * What the protocol tells of a model; it knows of one signature only.
 * @throws ServingError NOT_FOUND for an unknown model or version.
 */
export function modelMetadata(catalog: ModelCatalog, spec: ModelSpec): ModelMetadata {
  const { model } = catalog.find(spec);
  const signature = model.signatures.get(signatureOf(model));
  const versions = catalog
    .status({ name: spec.name })
    .filter(({ state }) => state === 'AVAILABLE')
    .map(({ version }) => String(version));
  return {
    name: spec.name,
    versions,
    platform: PLATFORM,
    inputs: tensorsOf(signature?.inputs ?? new Map()),
    outputs: tensorsOf(signature?.outputs ?? new Map()),
  };
}

function tensorsOf(tensors: ReadonlyMap<string, SignatureTensor>): readonly TensorMetadata[] {
  return [...tensors].map(([name, { dtype, shape }]) => ({
    name,
    datatype: datatypeName(dtype),
    // The protocol cannot say that any number of dimensions is right.
    shape: shape ?? [-1],
  }));
}

/** Whether a model can be run. */
export function isModelReady(catalog: ModelCatalog, spec: ModelSpec): boolean {
  try {
    catalog.find(spec);
    return true;
  } catch (error) {
    if (error instanceof ServingError) return false;
    throw error;
  }
}

/** Whether every model that is to be served can be run. */
export function isServerReady(catalog: ModelCatalog): boolean {
  return catalog.names().every((name) => isModelReady(catalog, { name }));
}
