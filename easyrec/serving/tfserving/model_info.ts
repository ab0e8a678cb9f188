import type { ModelSpec, ServedVersion, VersionStatus } from '../catalog.js';
import type { SignatureJson } from './signature_json.js';

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
export function formatMetadata(
  spec: ModelSpec,
  { version, model }: ServedVersion,
  json: SignatureJson,
): string {
  const modelSpec = protoJson({ name: spec.name, signature_name: '', version: String(version) });
  const signatureDefs = Object.fromEntries(
    Object.entries(model.signatureDefs).map(([name, def]) => [name, json.of(def)]),
  );
  const signatures = protoJson({ signature_def: signatureDefs });
  return `{\n"model_spec":${modelSpec},\n"metadata": {"signature_def": ${signatures}}\n}\n`;
}

function protoJson(message: object): string {
  return `${JSON.stringify(message, null, 1)}\n`;
}
