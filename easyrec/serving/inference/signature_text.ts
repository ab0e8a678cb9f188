import { dtypeOfCode, type SignatureDef, type TensorInfo } from '../../tf/index.js';
import { protoDtypeName } from '../tfserving/dtype_names.js';

/** A signature in protobuf's text format, for error texts. */
export function signatureText({ inputs = {}, outputs = {}, method_name: method = '' }: SignatureDef): string {
  const entries = (field: string, tensors: Readonly<Record<string, TensorInfo>>): readonly string[] =>
    Object.entries(tensors).flatMap(([key, info]) => [
      `${field} {`,
      `  key: ${JSON.stringify(key)}`,
      '  value {',
      ...infoLines(info).map((line) => `    ${line}`),
      '  }',
      '}',
    ]);
  const lines = [...entries('inputs', inputs), ...entries('outputs', outputs)];
  if (method !== '') lines.push(`method_name: ${JSON.stringify(method)}`);
  return lines.map((line) => `${line}\n`).join('');
}

function infoLines({ name, dtype = 0, tensor_shape: shape }: TensorInfo): readonly string[] {
  const lines: string[] = [];
  if (name !== undefined) lines.push(`name: ${JSON.stringify(name)}`);
  if (dtype !== 0) lines.push(`dtype: ${protoDtypeName(dtypeOfCode(dtype))}`);
  if (shape === undefined) return lines;
  lines.push('tensor_shape {');
  for (const { size = 0 } of shape.dim ?? []) lines.push('  dim {', `    size: ${size}`, '  }');
  if (shape.unknown_rank === true) lines.push('  unknown_rank: true');
  return [...lines, '}'];
}
