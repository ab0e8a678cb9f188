import {
  outputKey,
  type RunRequest,
  type ServableModel,
  type ServableTensor,
  type WantedOutputs,
} from '../../easyrec/serving/servable.js';
import {
  DTYPES,
  type DType,
  type Signature,
  type SignatureDef,
  type SignatureTensor,
  type TensorInfo,
} from '../../easyrec/tf/index.js';

/** Inputs or outputs of a signature, by alias and dtype; the batch dimension only. */
export function infos(dtypes: Readonly<Record<string, DType>>): ReadonlyMap<string, SignatureTensor> {
  return new Map(
    Object.entries(dtypes).map(([alias, dtype]) => [alias, { name: `${alias}:0`, dtype, shape: [-1] }]),
  );
}

function tensorInfos(tensors: ReadonlyMap<string, SignatureTensor>): Record<string, TensorInfo> {
  return Object.fromEntries(
    [...tensors].map(([alias, { name, dtype, shape }]) => [
      alias,
      { name, dtype: DTYPES[dtype].code, tensor_shape: { dim: (shape ?? []).map((size) => ({ size })) } },
    ]),
  );
}

/** A model without TensorFlow: it answers what `compute` says, so that tests see the protocol alone. */
export class FakeModel implements ServableModel {
  readonly signatures: ReadonlyMap<string, Signature>;
  readonly signatureDefs: Readonly<Record<string, SignatureDef>>;
  readonly #compute: (request: RunRequest) => Promise<ReadonlyMap<string, ServableTensor>>;
  readonly requests: RunRequest[] = [];
  closed = false;

  constructor(
    signatures: Readonly<Record<string, Signature>>,
    compute: (request: RunRequest) => Promise<ReadonlyMap<string, ServableTensor>>,
  ) {
    this.signatures = new Map(Object.entries(signatures));
    this.signatureDefs = Object.fromEntries(
      Object.entries(signatures).map(([name, { methodName, inputs, outputs }]) => [
        name,
        { method_name: methodName, inputs: tensorInfos(inputs), outputs: tensorInfos(outputs) },
      ]),
    );
    this.#compute = compute;
  }

  run(request: RunRequest): Promise<ReadonlyMap<string, ServableTensor>> {
    this.requests.push(request);
    const { also, ...own } = request;
    return also === undefined ? this.#compute(request) : this.#computeAll(own, also);
  }

  async #computeAll(
    own: RunRequest,
    also: readonly WantedOutputs[],
  ): Promise<ReadonlyMap<string, ServableTensor>> {
    const outputs = new Map(await this.#compute(own));
    for (const other of also) {
      for (const [alias, tensor] of await this.#compute({ ...own, ...other })) {
        outputs.set(outputKey(other.signatureName, alias), tensor);
      }
    }
    return outputs;
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

/** TensorFlow Serving's own test model: y = x / 2 + 2. */
export function halfPlusTwo(): FakeModel {
  const signature = {
    methodName: 'tensorflow/serving/predict',
    inputs: infos({ x: 'float32' }),
    outputs: infos({ y: 'float32' }),
  };
  return new FakeModel({ serving_default: signature }, ({ inputs }) => {
    const x = inputs.get('x');
    const values = Float32Array.from([...(x?.values ?? [])], (value) => Number(value) / 2 + 2);
    const y: ServableTensor = { dtype: 'float32', shape: x?.shape ?? [], values };
    return Promise.resolve(new Map([['y', y]]));
  });
}
