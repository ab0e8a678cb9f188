import { ORACLE_VERSIONS, pythonWithTensorflow, runPython, type OracleVersion } from '../support/python.js';

/** The oldest Python TensorFlow at hand: what it writes, every newer libtensorflow reads. */
export function oracleVersion(): OracleVersion | undefined {
  return ORACLE_VERSIONS.find((version) => typeof pythonWithTensorflow(version) === 'string');
}

/** A value for each alias, as Python's `repr` of plain numbers and strings, in row-major order. */
export type PythonValues = Readonly<Record<string, readonly string[]>>;

/** What the script below tells of the models it wrote. */
export interface WrittenModels {
  /** Body of a request to `types`, one input for each dtype that REST accepts. */
  readonly request: string;
  /** What Python's own `tf.saved_model.load` of `types` answers to it. */
  readonly expected: PythonValues;
}

const SCRIPT = String.raw`
import json, os, shutil, sys
import numpy as np
import tensorflow as tf

root, library = sys.argv[1], sys.argv[2]
values = {
    'float32': [[0.1, -3.5e-20], [16777216, 1.0], [1 / 3, 9e6]],
    'float64': [[0.1, 1e300], [-1 / 3, 4.0], [5e-324, 2**53]],
    'int32': [[1, -2**31], [2**31 - 1, 0], [7, 8]],
    'int16': [[1, -2**15], [2**15 - 1, 0], [7, 8]],
    'int8': [[1, -128], [127, 0], [7, 8]],
    'uint8': [[1, 255], [0, 2], [7, 8]],
    'uint32': [[1, 2**32 - 1], [0, 2], [7, 8]],
    'int64': [[1, -2**63], [2**63 - 1, 2**53 + 1], [7, 8]],
    'uint64': [[1, 2**64 - 1], [2**53 + 1, 2], [7, 8]],
    'bool': [[True, False], [False, False], [True, True]],
    'string': [['a', ''], ['naïve 大', 'quote " and \\ and \n'], ['x' * 100, 'z']],
}

class Types(tf.Module):
    def __init__(self):
        super().__init__()
        self.scale = tf.Variable(2.0)

    def call(self, **inputs):
        outputs = {'r_' + name: tf.reverse(x, [0]) for name, x in inputs.items()}
        outputs['scaled'] = inputs['float32'] * self.scale
        outputs['string_bytes'] = inputs['string']
        return outputs

def write(module, function, specs, directory):
    concrete = tf.function(function).get_concrete_function(**specs)
    tf.saved_model.save(module, os.path.join(root, directory), signatures=concrete)

module = Types()
specs = {n: tf.TensorSpec([None, 2], getattr(tf, n), name=n) for n in values}
write(module, module.call, specs, 'types/1')
write(module, module.call, specs, 'types/20')
os.makedirs(os.path.join(root, 'types/notes'))

class Slow(tf.Module):
    def call(self, x):
        return {'y': tf.while_loop(lambda i: i < x[0], lambda i: (i + 1,), (tf.constant(0, tf.int64),))[0][None]}

slow = Slow()
write(slow, slow.call, {'x': tf.TensorSpec([None], tf.int64, name='x')}, 'slow/1')

zero_out = tf.load_op_library(library).zero_out
class Custom(tf.Module):
    def call(self, x):
        return {'y': zero_out(to_zero=x)}

custom = Custom()
write(custom, custom.call, {'x': tf.TensorSpec([None], tf.int32, name='x')}, 'custom/3')
shutil.copy(library, os.path.join(root, 'custom/3/assets', os.path.basename(library)))

loaded = tf.saved_model.load(os.path.join(root, 'types/20')).signatures['serving_default']
fed = {n: tf.constant(v, getattr(tf, n)) for n, v in values.items()}
def plain(v):
    return v.decode('utf-8') if isinstance(v, bytes) else repr(v)
expected = {k: [plain(v) for v in t.numpy().ravel().tolist()] for k, t in loaded(**fed).items()}
print(json.dumps({'request': json.dumps({'inputs': values}), 'expected': expected}))
`;

/**
 * Has Python TensorFlow write three SavedModels under `root`: `types` (versions 1 and 20: every dtype reversed
 * along the batch, and a variable), `slow` (counts to x) and `custom/3` (calls ZeroOut, its library in assets).
 */
export async function writeSavedModels(
  version: OracleVersion,
  root: string,
  library: string,
): Promise<WrittenModels> {
  const output = await runPython(version, SCRIPT, [root, library]);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as WrittenModels;
}
