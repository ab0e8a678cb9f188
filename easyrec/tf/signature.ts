import type { DType } from './dtype.js';
import { dtypeOfCode, isDtypeCode } from './dtype.js';
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

/** Reads those of a model's signatures that can be called; of each other one `signatureObstacle` says why it cannot. */
export function readSignatures(defs: Readonly<Record<string, SignatureDef>>): Map<string, Signature> {
  return new Map(
    Object.entries(defs)
      .filter(([name, def]) => !OPERATION_SIGNATURES.has(name) && signatureObstacle(name, def) === undefined)
      .sort(byKey)
      .map(([name, def]) => [
        name,
        {
          methodName: def.method_name ?? '',
          inputs: readTensors(def.inputs),
          outputs: readTensors(def.outputs),
        },
      ]),
  );
}

/** Which input or output keeps a signature from being called, since it is not one dense tensor of a known type. */
export function signatureObstacle(
  name: string,
  { inputs = {}, outputs = {} }: SignatureDef,
): string | undefined {
  for (const [kind, infos] of [['input', inputs] as const, ['output', outputs] as const]) {
    for (const [alias, info] of Object.entries(infos).sort(byKey)) {
      const obstacle = tensorObstacle(info);
      if (obstacle !== undefined) return `signature "${name}": ${kind} "${alias}": ${obstacle}`;
    }
  }
  return undefined;
}

/** A message's shape as a static shape. */
export function shapeOfProto(proto: TensorShapeProto | undefined): Shape {
  if (proto === undefined || proto.unknown_rank === true) return null;
  return (proto.dim ?? []).map(({ size = 0 }) => size);
}

function readTensors(infos: SignatureDef['inputs'] = {}): ReadonlyMap<string, SignatureTensor> {
  return new Map(
    Object.entries(infos)
      .sort(byKey)
      .map(([alias, { name = '', dtype = 0, tensor_shape: shape }]) => [
        alias,
        { name, dtype: dtypeOfCode(dtype), shape: shapeOfProto(shape) },
      ]),
  );
}

function tensorObstacle({
  name = '',
  coo_sparse,
  composite_tensor,
  dtype = 0,
}: TensorInfo): string | undefined {
  if (coo_sparse !== undefined) return 'expected a dense tensor, received a sparse one';
  if (composite_tensor !== undefined) return 'expected a dense tensor, received a composite one';
  if (name === '') return 'expected a tensor of the graph, received one without a name';
  return isDtypeCode(dtype) ? undefined : `expected a known type, received the one of code ${dtype}`;
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
