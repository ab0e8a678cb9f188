import { type OracleVersion, runPython } from '../../support/python.js';
import { runServingApi } from '../../support/serving_api.js';
import { type Call, PYTHON_PRELUDE } from './calls.js';

const SCRIPT = String.raw`
root = sys.argv[1]
tf1 = tf.compat.v1
utils = tf1.saved_model.signature_def_utils
vocabulary = os.path.join(root, 'words.txt')
with open(vocabulary, 'w', encoding='utf-8') as file:
    file.write('red\nblau\n青\n')

def features(serialized):
    return tf.io.parse_example(serialized, {
        'age': tf.io.FixedLenFeature([], tf.float32, 0.5),
        'word': tf.io.FixedLenFeature([], tf.string, ''),
        'days': tf.io.FixedLenFeature([3], tf.int64, [0, 0, 0]),
        'member': tf.io.FixedLenFeature([], tf.int64, 0)})

with tf.Graph().as_default() as graph, tf1.Session(graph=graph) as session:
    tf1.set_random_seed(11)
    initializer = tf.lookup.TextFileInitializer(
        vocabulary, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER)
    words = tf.lookup.StaticVocabularyTable(initializer, num_oov_buckets=1)
    embedding = tf1.get_variable('embedding', [4, 3])
    weights = tf1.get_variable('weights', [8, 2])

    def scores(age, word, days, member):
        index = words.lookup(word)
        row = tf.concat([tf.math.log1p(age)[:, None], tf.gather(embedding, index), tf.cast(days, tf.float32) / 7,
                         tf.cast(member, tf.float32)[:, None]], 1)
        return index, tf.nn.softmax(tf.matmul(row, weights))

    serialized = tf1.placeholder(tf.string, [None], 'serialized')
    parsed = features(serialized)
    _, probabilities = scores(parsed['age'], parsed['word'], parsed['days'], parsed['member'])
    classes = tf.tile(tf.constant([['no', 'ja']]), [tf.shape(serialized)[0], 1])
    value = 10 * probabilities[:, 1]

    placeholders = {
        'age': tf1.placeholder(tf.float32, [None], 'age'), 'word': tf1.placeholder(tf.string, [None], 'word'),
        'days': tf1.placeholder(tf.int64, [None, 3], 'days'), 'member': tf1.placeholder(tf.bool, [None], 'member')}
    index, direct = scores(**placeholders)
    outputs = {'index': index, 'probabilities': direct, 'loud': tf.strings.upper(placeholders['word']),
               'twice': tf.cast(placeholders['age'], tf.float64) * 2, 'free': tf.logical_not(placeholders['member'])}

    main = tf1.tables_initializer()
    session.run([tf1.global_variables_initializer(), main])
    builder = tf1.saved_model.Builder(os.path.join(root, 'builder', '1'))
    builder.add_meta_graph_and_variables(
        session, [tf1.saved_model.tag_constants.SERVING], main_op=main,
        assets_collection=tf1.get_collection(tf1.GraphKeys.ASSET_FILEPATHS),
        signature_def_map={
            'serving_default': utils.predict_signature_def(placeholders, outputs),
            'classification': utils.classification_signature_def(serialized, classes, probabilities),
            'regression': utils.regression_signature_def(serialized, value)})
    builder.save()

    values = {
        'age': np.array([0.5, 20.25, 3.75], np.float32), 'word': np.array(['青', 'red', 'other'], object),
        'days': np.array([[0, 1, 2], [6, 5, 4], [3, 3, 3]], np.int64), 'member': np.array([True, False, True])}
    # The last example is left to the defaults.
    examples = [{'age': {'float': [float(values['age'][i])]}, 'word': {'bytes': [values['word'][i]]},
                 'days': {'int64': values['days'][i].tolist()}, 'member': {'int64': [int(values['member'][i])]}}
                for i in range(3)] + [{'age': {'float': [1.5]}}]

    def message(example):
        kinds = {'float': lambda v: {'float_list': tf.train.FloatList(value=v)},
                 'int64': lambda v: {'int64_list': tf.train.Int64List(value=v)},
                 'bytes': lambda v: {'bytes_list': tf.train.BytesList(value=[t.encode() for t in v])}}
        feature = {name: tf.train.Feature(**kinds[kind](v)) for name, f in example.items() for kind, v in f.items()}
        return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()

    predicted = session.run(outputs, {placeholders[k]: v for k, v in values.items()})
    labels, rated, regressed = session.run(
        [classes, probabilities, value], {serialized: [message(example) for example in examples]})
    classified = [[[label.decode(), float(score)] for label, score in zip(*row)] for row in zip(labels, rated)]
# What is served is the copy in the model's assets.
os.remove(vocabulary)
shared = {'model': 'builder', 'examples': examples}
print(json.dumps([
    predict_call('builder', 'serving_default', values, predicted),
    {**shared, 'method': 'classify', 'signature': 'classification', 'expected': classified},
    {**shared, 'method': 'regress', 'signature': 'regression', 'expected': plain(regressed)},
]))
`;

/**
 * Has Python write `builder` under `root` as TensorFlow 1 did: variables, a vocabulary in its assets, and signatures to
 * predict, classify and regress. The values are those of the session that was written.
 */
export async function writeBuilderModel(version: OracleVersion, root: string): Promise<readonly Call[]> {
  const output = await runPython(version, PYTHON_PRELUDE + SCRIPT, [root]);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as readonly Call[];
}

const WARM_UP = String.raw`
import json, os, sys
import tensorflow as tf
from tensorflow_serving.apis import (classification_pb2, inference_pb2, model_pb2, predict_pb2, prediction_log_pb2,
    regression_pb2)

folder, calls = sys.argv[1], {c['method']: c for c in json.load(open(sys.argv[2])) if c['model'] == 'builder'}

def fill(request, method):
    call = calls[method]
    request.model_spec.CopyFrom(model_pb2.ModelSpec(name='builder', signature_name=call['signature']))
    if method == 'predict':
        for name, tensor in call['inputs'].items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(tensor['value'], tf.as_dtype(tensor['dtype'])))
    else:
        request.input.example_list.examples.add().features.feature['age'].float_list.value.append(4.5)
    return request

predict = fill(predict_pb2.PredictRequest(), 'predict')
classify = fill(classification_pb2.ClassificationRequest(), 'classify')
regress = fill(regression_pb2.RegressionRequest(), 'regress')
multi = inference_pb2.MultiInferenceRequest(input=classify.input)
for request, method in ((classify, 'classify'), (regress, 'regress')):
    multi.tasks.add(method_name='tensorflow/serving/' + method).model_spec.CopyFrom(request.model_spec)
logs = [
    prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=predict)),
    prediction_log_pb2.PredictionLog(classify_log=prediction_log_pb2.ClassifyLog(request=classify)),
    prediction_log_pb2.PredictionLog(regress_log=prediction_log_pb2.RegressLog(request=regress)),
    prediction_log_pb2.PredictionLog(multi_inference_log=prediction_log_pb2.MultiInferenceLog(request=multi)),
]
os.makedirs(os.path.join(folder, 'assets.extra'))
with tf.io.TFRecordWriter(os.path.join(folder, 'assets.extra', 'tf_serving_warmup_requests')) as writer:
    for log in logs:
        writer.write(log.SerializeToString())
print(len(logs))
`;

/**
 * Has Python give the model of `writeBuilderModel` a request of each kind to warm up with.
 *
 * @param folder Of the model's version.
 * @param callsFile JSON of the calls to it.
 * @returns How many requests there are.
 */
export async function writeWarmUp(folder: string, callsFile: string): Promise<number> {
  return (await runServingApi(WARM_UP, [folder, callsFile])) as number;
}
