import type { ModelSpec, ServedVersion, VersionStatus } from '../catalog.js';
import { dtypeOfCode, type SignatureDef, type TensorInfo } from '../../tf/index.js';
import { protoDtypeName } from './dtype_names.js';
import { tensorProtoJson } from './tensor_proto_json.js';

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
  const signatures = protoJson({ signature_def: mapValues(model.signatureDefs, signatureJson) });
  return `{\n"model_spec":${modelSpec},\n"metadata": {"signature_def": ${signatures}}\n}\n`;
}

function protoJson(message: object): string {
  return `${JSON.stringify(message, null, 1)}\n`;
}

function signatureJson(signature: SignatureDef): object {
  return {
    inputs: mapValues(signature.inputs ?? {}, tensorInfoJson),
    outputs: mapValues(signature.outputs ?? {}, tensorInfoJson),
    method_name: signature.method_name ?? '',
    defaults: mapValues(signature.defaults ?? {}, tensorProtoJson),
  };
}

/** Fields with default values are printed too, but not a message or a name that is absent. */
function tensorInfoJson({ name, dtype = 0, tensor_shape: shape }: TensorInfo): object {
  return {
    dtype: dtype === 0 ? 'DT_INVALID' : protoDtypeName(dtypeOfCode(dtype)),
    ...(shape !== undefined && {
      tensor_shape: {
        dim: (shape.dim ?? []).map(({ size = 0 }) => ({ size: String(size), name: '' })),
        unknown_rank: shape.unknown_rank ?? false,
      },
    }),
    ...(name !== undefined && { name }),
  };
}

function mapValues<Value>(values: Readonly<Record<string, Value>>, change: (value: Value) => object): object {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
}
