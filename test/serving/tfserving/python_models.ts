import { runServingApi } from '../../support/serving_api.js';

const SCRIPT = String.raw`
import os, sys
import tensorflow as tf
from tensorflow.core.framework import types_pb2
tf1 = tf.compat.v1
root = sys.argv[1]

def info(tensor):
    return tf1.saved_model.utils.build_tensor_info(tensor)

def signature(inputs, outputs, method):
    return tf1.saved_model.signature_def_utils.build_signature_def(
        {k: info(v) for k, v in inputs.items()}, {k: info(v) for k, v in outputs.items()}, 'tensorflow/serving/' + method)

def write(name, build, defaults={}):
    graph = tf.Graph()
    with graph.as_default(), tf1.Session(graph=graph) as session:
        signatures = build()
        for key, (alias, value) in defaults.items():
            signatures[key].defaults[alias].CopyFrom(tf.make_tensor_proto(value))
        session.run(tf1.global_variables_initializer())
        builder = tf1.saved_model.Builder(os.path.join(root, name, '1'))
        builder.add_meta_graph_and_variables(session, ['serve'], signature_def_map=signatures)
        builder.save()

def examples():
    serialized = tf1.placeholder(tf.string, [None], 'examples')
    parsed = tf.io.parse_example(serialized, {
        'age': tf.io.FixedLenFeature([], tf.float32, 0.5),
        'name': tf.io.FixedLenFeature([], tf.string, 'nobody'),
        'tags': tf.io.FixedLenFeature([2], tf.int64, [1, 2])})
    scale = tf1.get_variable('scale', initializer=2.0)
    score = parsed['age'] * scale
    scores = tf.stack([score, score + tf.cast(parsed['tags'][:, 0], tf.float32)], 1)
    classes = tf.stack([parsed['name'], tf.strings.as_string(parsed['tags'][:, 1])], 1)
    i = {'inputs': serialized}
    return {
        'serving_default': signature(i, {'classes': classes, 'scores': scores}, 'classify'),
        'classes_only': signature(i, {'classes': classes}, 'classify'),
        'scores_only': signature(i, {'scores': scores}, 'classify'),
        'regress': signature(i, {'outputs': score}, 'regress'),
        'regress_column': signature(i, {'outputs': score[:, None]}, 'regress'),
        'regress_wide': signature(i, {'outputs': scores}, 'regress'),
        'regress_double': signature(i, {'outputs': tf.cast(score, tf.float64)}, 'regress'),
        'regress_total': signature(i, {'outputs': tf.reduce_sum(score, keepdims=True)}, 'regress'),
        'flat_classes': signature(i, {'classes': parsed['name']}, 'classify'),
        'raw': signature({'x': serialized}, {'y': score}, 'predict'),
    }

TYPES = ['float32', 'float64', 'int32', 'uint8', 'int16', 'int8', 'string', 'complex64', 'int64', 'bool', 'qint8', 'quint8',
         'qint32', 'bfloat16', 'qint16', 'quint16', 'uint16', 'complex128', 'float16', 'uint32', 'uint64']

def types():
    inputs = {t: tf1.placeholder(getattr(tf, t), None, t) for t in TYPES}
    outputs = {t: tf.identity(x) for t, x in inputs.items()}
    return {'serving_default': signature(inputs, outputs, 'predict')} | {
        t: signature({t: inputs[t]}, {t: outputs[t]}, 'predict') for t in TYPES}

def defaults():
    x = tf1.placeholder(tf.float32, [None], 'x')
    bias = tf1.placeholder(tf.float32, [], 'bias')
    names = tf1.placeholder(tf.string, [None], 'names')
    return {'serving_default': signature({'x': x, 'bias': bias}, {'y': x * 0.5 + bias, 'twice': x * 2}, 'predict'),
            'plain': signature({'x': x, 'names': names}, {'y': x, 'names_bytes': names}, 'predict')}

def slow():
    x = tf1.placeholder(tf.int64, [None], 'x')
    count = tf1.while_loop(lambda i: i < x[0], lambda i: i + 1, [tf.constant(0, tf.int64)])
    return {'serving_default': signature({'x': x}, {'y': tf.reshape(count, [1])}, 'predict')}

def parts():
    x = tf1.placeholder(tf.float32, [None], 'x')
    sparse = tf1.sparse_placeholder(tf.float32, [None, 4], 'sparse')
    ragged = tf1.ragged.placeholder(tf.int64, 1, name='ragged')
    total = tf.sparse.reduce_sum(sparse, 1)
    return {'serving_default': signature({'x': x}, {'y': x * 2}, 'predict'),
            'sparse': signature({'x': x, 's': sparse}, {'y': total}, 'predict'),
            'ragged': signature({'r': ragged}, {'y': tf.reduce_sum(ragged, 1)}, 'predict'),
            'classify': signature({'inputs': sparse}, {'scores': total[:, None]}, 'classify'),
            'regress': signature({'inputs': sparse}, {'outputs': total}, 'regress'),
            'sparse_output': signature({'x': x}, {'s': tf.sparse.from_dense(x[:, None])}, 'predict')}

write('examples', examples)
write('types', types)
write('defaults', defaults, {'serving_default': ('bias', 2.0)})
write('slow', slow)
write('parts', parts)
print('{}')
`;

/**
 * Has Python write SavedModels as TensorFlow 1 made them, each as version 1 of a model under `root`: `examples` (for
 * classify and regress, good signatures and bad), `types` (returns its inputs, of any type), `defaults` (an input that
 * may be left out), `slow` (counts to x) and `parts` (a dense signature besides ones with sparse and ragged tensors).
 */
export async function writePythonModels(root: string): Promise<void> {
  await runServingApi(SCRIPT, [root]);
}
