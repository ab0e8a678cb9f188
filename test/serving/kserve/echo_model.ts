import type { ServableTensor } from '../../../easyrec/serving/servable.js';
import type { DType } from '../../../easyrec/tf/index.js';
import { FakeModel, infos } from '../support.js';

/** Every type that the open inference protocol carries. */
export const INFER_DTYPES = [
  'bool',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'int8',
  'int16',
  'int32',
  'int64',
  'float16',
  'bfloat16',
  'float32',
  'float64',
  'string',
] as const satisfies readonly DType[];

/** A model with a signature for each type, which gives back what it is given; `serving_default` takes two inputs. */
export function echoModel(): FakeModel {
  const of = (
    dtypes: Readonly<Record<string, DType>>,
  ): FakeModel['signatures'] extends ReadonlyMap<string, infer S> ? S : never => ({
    methodName: 'tensorflow/serving/predict',
    inputs: infos(dtypes),
    outputs: infos(dtypes),
  });
  const signatures = {
    serving_default: of({ x: 'float32', s: 'string' }),
    complex: { ...of({ x: 'float32' }), outputs: infos({ x: 'complex64' }) },
    ...Object.fromEntries(INFER_DTYPES.map((dtype) => [dtype, of({ x: dtype })])),
  };
  return new FakeModel(signatures, ({ signatureName, inputs, outputs }) => {
    const chosen = [...inputs].filter(([alias]) => outputs?.includes(alias) ?? true);
    const complex: ServableTensor = { dtype: 'complex64', shape: [0], values: new Float32Array() };
    return Promise.resolve(signatureName === 'complex' ? new Map([['x', complex]]) : new Map(chosen));
  });
}
