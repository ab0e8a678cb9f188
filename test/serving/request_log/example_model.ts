import type { ServableTensor } from '../../../easyrec/serving/servable.js';
import { floats, strings } from '../batching/support.js';
import { FakeModel, infos } from '../support.js';

/** A model that classifies and regresses examples: each is as much as it has bytes. */
export function exampleModel(): FakeModel {
  const inputs = infos({ inputs: 'string' });
  const classify = {
    methodName: 'tensorflow/serving/classify',
    inputs,
    outputs: infos({ classes: 'string', scores: 'float32' }),
  };
  const regress = {
    methodName: 'tensorflow/serving/regress',
    inputs,
    outputs: infos({ outputs: 'float32' }),
  };
  return new FakeModel({ classify, regress }, ({ inputs: sent }) => {
    const examples = sent.get('inputs')?.values ?? [];
    const sizes = [...examples].map((example) => (example instanceof Uint8Array ? example.length : 0));
    const column = [sizes.length, 1];
    const classes: ServableTensor = { dtype: 'string', shape: column, values: classNames(sizes) };
    return Promise.resolve(
      new Map<string, ServableTensor>([
        ['classes', classes],
        ['scores', floats(sizes, column)],
        ['outputs', floats(sizes)],
      ]),
    );
  });
}

function classNames(sizes: readonly number[]): readonly Uint8Array[] {
  return [...strings(sizes.map((size) => `of ${size}`)).values].flatMap((value) =>
    value instanceof Uint8Array ? value : [],
  );
}
