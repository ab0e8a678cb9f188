import type { HttpResponse } from '../http.js';
import type { ServableTensor } from '../servable.js';
import { outputDatatype } from './datatypes.js';
import type { InferResult } from './infer.js';
import type { InferRequest } from './infer_request.js';
import { isText, writeJson } from './json_tensors.js';
import { writeRaw } from './raw_tensors.js';
import { HEADER_LENGTH } from './rest_request.js';

/** The answer to an inference request: JSON, and behind it the bytes of outputs that are to be binary. */
export function inferResponse(request: InferRequest, result: InferResult): HttpResponse {
  const binary: Uint8Array[] = [];
  const outputs = [...result.outputs].map(([name, tensor]) => {
    const { isBinary } = request.outputs.find((output) => output.name === name) ?? request;
    if (!isBinary && !isBinaryOnly(tensor)) return outputJson(name, tensor);
    const bytes = writeRaw(tensor);
    binary.push(bytes);
    return outputHead(name, tensor, { binary_data_size: bytes.length });
  });
  const head = {
    model_name: result.modelName,
    model_version: String(result.version),
    ...(request.id !== undefined && { id: request.id }),
  };
  const json = Buffer.from(`${JSON.stringify(head).slice(0, -1)},"outputs":[${outputs.join(',')}]}`);
  if (binary.length === 0) return { status: 200, contentType: 'application/json', body: json };
  return {
    status: 200,
    contentType: 'application/octet-stream',
    headers: { [HEADER_LENGTH]: String(json.length) },
    body: Buffer.concat([json, ...binary]),
  };
}

/** 16-bit floats have no form in the protocol's JSON. */
function isBinaryOnly({ dtype }: ServableTensor): boolean {
  return dtype === 'float16' || dtype === 'bfloat16';
}

function outputJson(name: string, tensor: ServableTensor): string {
  const isBase64 = !isText(tensor);
  const head = outputHead(name, tensor, isBase64 ? { content_type: 'base64' } : undefined);
  return `${head.slice(0, -1)},"data":${writeJson(tensor, isBase64)}}`;
}

function outputHead(name: string, { dtype, shape }: ServableTensor, parameters: object | undefined): string {
  return JSON.stringify({ name, datatype: outputDatatype(name, dtype), shape, parameters });
}
