import { Tuple } from '../value.js';
import { ARRAY_FUNCTIONS, PRODUCTS } from './array_functions.js';
import { L2_NORMALIZE, MATH_FUNCTIONS, NN_FUNCTIONS, REDUCTIONS } from './math_functions.js';
import type { TfFunctions } from './tf_function.js';
import { itemsOf } from './value.js';

/** The same functions under the modules they can be reached by: `tf.square` and `tf.math.square`. */
function inModules(modules: readonly string[], table: TfFunctions): TfFunctions {
  const entries = Object.entries(table);
  return Object.fromEntries(
    modules.flatMap((module) => entries.map(([name, entry]) => [`${module}.${name}`, entry])),
  );
}

/** What expressions may call, by the names that Python code uses. */
export const TF_FUNCTIONS: TfFunctions = {
  ...inModules(['tf', 'tf.math'], { ...REDUCTIONS, ...MATH_FUNCTIONS }),
  ...inModules(['tf', 'tf.linalg'], PRODUCTS),
  ...inModules(['tf'], ARRAY_FUNCTIONS),
  ...inModules(['tf.nn'], NN_FUNCTIONS),
  ...inModules(['tf.math'], { l2_normalize: L2_NORMALIZE }),
};

/** Functions of Python itself. */
export const PYTHON_FUNCTIONS: TfFunctions = {
  len: {
    parameters: ['obj'],
    run(args) {
      const items = itemsOf(args.optional('obj') ?? null);
      if (items === null) throw args.error('expected a list or a tuple');
      return items.length;
    },
  },
  list: {
    parameters: ['iterable'],
    run: (args) => itemsOf(args.optional('iterable') ?? null) ?? args.tensors('iterable'),
  },
  tuple: { parameters: ['iterable'], run: (args) => new Tuple(args.tensors('iterable')) },
};
