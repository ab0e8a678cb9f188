import { GraphError } from '../errors.js';
import type { DType } from './dtype.js';
import { dtypeOfCode } from './dtype.js';
import type { Shape } from './graph.js';
import type { SignatureDef, TensorInfo, TensorShapeProto } from './protos.js';

/** What a signature says of one of its inputs or outputs. */
export interface SignatureTensor {
  /** The tensor's name in the graph, such as `input_2:0`. */
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** A way to call a model: which tensors to feed and to fetch, by the names that callers use. */
export interface Signature {
  /** Such as `tensorflow/serving/predict`. */
  readonly methodName: string;
  /** Sorted by alias, since the message itself has no order. */
  readonly inputs: ReadonlyMap<string, SignatureTensor>;
  /** Sorted by alias. */
  readonly outputs: ReadonlyMap<string, SignatureTensor>;
}

/** Entries that TensorFlow 2 keeps among the signatures although they name operations, not tensors to fetch. */
const OPERATION_SIGNATURES: ReadonlySet<string> = new Set([
  '__saved_model_init_op',
  '__saved_model_train_op',
]);

/**
 * Reads a model's signatures.
 *
 * @throws GraphError for an input or output that is not one dense tensor.
 */
export function readSignatures(defs: Readonly<Record<string, SignatureDef>>): Map<string, Signature> {
  return new Map(
    Object.entries(defs)
      .filter(([name]) => !OPERATION_SIGNATURES.has(name))
      .sort(byKey)
      .map(([name, def]) => [
        name,
        {
          methodName: def.method_name ?? '',
          inputs: readTensors(`signature "${name}": input`, def.inputs ?? {}),
          outputs: readTensors(`signature "${name}": output`, def.outputs ?? {}),
        },
      ]),
  );
}

/** A message's shape as a static shape. */
export function shapeOfProto(proto: TensorShapeProto | undefined): Shape {
  if (proto === undefined || proto.unknown_rank === true) return null;
  return (proto.dim ?? []).map(({ size = 0 }) => size);
}

function readTensors(
  where: string,
  infos: Readonly<Record<string, TensorInfo>>,
): ReadonlyMap<string, SignatureTensor> {
  const tensors = new Map<string, SignatureTensor>();
  for (const [alias, { name = '', dtype = 0, tensor_shape }] of Object.entries(infos).sort(byKey)) {
    // A sparse or composite tensor has its parts' names elsewhere in the message and none here.
    if (name === '') {
      throw new GraphError(
        `${where} "${alias}": expected a dense tensor, received a sparse or composite one`,
      );
    }
    tensors.set(alias, { name, dtype: dtypeOfCode(dtype), shape: shapeOfProto(tensor_shape) });
  }
  return tensors;
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
