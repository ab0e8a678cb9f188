import type { ModelSpec, ServedVersion, VersionStatus } from '../catalog.js';
import type { Signature, SignatureTensor } from '../../tf/index.js';
import { protoDtypeName } from './dtype_names.js';

/** GetModelStatusResponse as JSON: one space of indentation, 64-bit numbers as strings. */
export function formatModelStatus(versions: readonly VersionStatus[]): string {
  return protoJson({
    model_version_status: versions.map(({ version, state, errorCode, errorMessage }) => ({
      version: String(version),
      state,
      status: { error_code: errorCode, error_message: errorMessage },
    })),
  });
}

/** GetModelMetadataResponse as JSON, put together from two messages as TensorFlow Serving does it. */
export function formatMetadata(spec: ModelSpec, { version, model }: ServedVersion): string {
  const modelSpec = protoJson({ name: spec.name, signature_name: '', version: String(version) });
  const signatures = protoJson({ signature_def: mapValues(model.signatures, signatureJson) });
  return `{\n"model_spec":${modelSpec},\n"metadata": {"signature_def": ${signatures}}\n}\n`;
}

function protoJson(message: object): string {
  return `${JSON.stringify(message, null, 1)}\n`;
}

function signatureJson(signature: Signature): object {
  return {
    inputs: mapValues(signature.inputs, tensorInfoJson),
    outputs: mapValues(signature.outputs, tensorInfoJson),
    method_name: signature.methodName,
    defaults: {},
  };
}

function tensorInfoJson({ name, dtype, shape }: SignatureTensor): object {
  return {
    dtype: protoDtypeName(dtype),
    tensor_shape: {
      dim: (shape ?? []).map((size) => ({ size: String(size), name: '' })),
      unknown_rank: shape === null,
    },
    name,
  };
}

function mapValues<Value>(map: ReadonlyMap<string, Value>, change: (value: Value) => object): object {
  return Object.fromEntries([...map].map(([key, value]) => [key, change(value)]));
}
