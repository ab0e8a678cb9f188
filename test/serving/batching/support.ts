import type { ServableTensor } from '../../../easyrec/serving/servable.js';
import { FakeModel, infos } from '../support.js';

/** A model whose runs end when the test says so, and which tells what it was run with. */
export class GatedModel extends FakeModel {
  /** Ends the oldest run that still goes on, well or with an error. */
  readonly gates: ((error?: Error) => void)[] = [];

  constructor(isOpen = false) {
    const signature = {
      methodName: 'tensorflow/serving/predict',
      inputs: infos({ x: 'float32', s: 'string' }),
      outputs: infos({ y: 'float32', t: 'string' }),
    };
    super({ serving_default: signature, other: signature }, async ({ inputs, outputs }) => {
      if (!isOpen) {
        await new Promise<void>((resolve, reject) => {
          this.gates.push((error) => (error === undefined ? resolve() : reject(error)));
        });
      }
      const all = new Map<string, ServableTensor>([
        ['y', doubled(inputs.get('x'))],
        ['t', inputs.get('s') ?? strings([])],
      ]);
      return new Map([...all].filter(([alias]) => outputs?.includes(alias) ?? true));
    });
  }

  /** The rows of each run so far. */
  get sizes(): readonly number[] {
    return this.requests.map(({ inputs }) => inputs.get('x')?.shape[0] ?? -1);
  }
}

function doubled(x: ServableTensor | undefined): ServableTensor {
  const values = [...(x?.values ?? [])].map((value) => Number(value) * 2);
  return floats(values, x?.shape);
}

/** A float32 tensor; a vector unless a shape is given. */
export function floats(values: readonly number[], shape?: readonly number[]): ServableTensor {
  return { dtype: 'float32', shape: shape ?? [values.length], values: Float32Array.from(values) };
}

/** A vector of strings. */
export function strings(values: readonly string[]): ServableTensor {
  return { dtype: 'string', shape: [values.length], values: values.map((text) => Buffer.from(text)) };
}

/** Values of a tensor as plain numbers or text. */
export function plain(tensor: ServableTensor | undefined): readonly (number | string)[] {
  return [...(tensor?.values ?? [])].map((value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString() : Number(value),
  );
}

/** Inputs of the model above with these rows. */
export function rowsOf(...values: readonly number[]): ReadonlyMap<string, ServableTensor> {
  return new Map([
    ['x', floats(values)],
    ['s', strings(values.map(String))],
  ]);
}
