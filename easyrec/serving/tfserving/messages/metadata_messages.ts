import { encodeMessage, type SignatureDef } from '../../../tf/index.js';
import type { ModelSpec } from '../../catalog.js';
import { decodeModelSpec, type ModelSpecMessage, modelSpecField } from './model_spec.js';
import { bytesField, joined, readFields, tagOf, textField } from './wire.js';

/** tensorflow.serving.GetModelMetadataRequest. */
export interface MetadataRequest {
  /** Absent where the message has none. */
  readonly model?: ModelSpecMessage;
  readonly fields: readonly string[];
}

const MODEL_SPEC = tagOf(1, 'bytes');
const METADATA_FIELD = tagOf(2, 'bytes');
const TYPE_URL = 'type.googleapis.com/tensorflow.serving.SignatureDefMap';

/** @throws Error when the bytes are no message. */
export function decodeMetadataRequest(bytes: Uint8Array): MetadataRequest {
  let model: ModelSpecMessage | undefined;
  const fields: string[] = [];
  readFields(bytes, (tag, reader) => {
    if (tag === MODEL_SPEC) model = decodeModelSpec(reader.nested());
    else if (tag === METADATA_FIELD) fields.push(reader.text());
    else return false;
    return true;
  });
  return { ...(model && { model }), fields };
}

/** A GetModelMetadataResponse with all that a model's file says of its signatures. */
export function encodeMetadataResponse(
  spec: ModelSpec,
  signatures: Readonly<Record<string, SignatureDef>>,
): Buffer {
  const map = Object.entries(signatures).flatMap(([name, signature]) =>
    bytesField(1, [...textField(1, name), ...bytesField(2, [encodeMessage('SignatureDef', signature)])]),
  );
  const any = [...textField(1, TYPE_URL), ...bytesField(2, map)];
  return joined([
    ...modelSpecField(1, { spec, signatureName: '' }),
    ...bytesField(2, [...textField(1, 'signature_def'), ...bytesField(2, any)]),
  ]);
}
