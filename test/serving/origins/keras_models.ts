import { type OracleVersion, runPython } from '../../support/python.js';
import { type Call, PYTHON_PRELUDE } from './calls.js';

const SCRIPT = String.raw`
root = sys.argv[1]
keras, layers = tf.keras, tf.keras.layers
keras.utils.set_random_seed(7)

def write(model, name):
    folder = os.path.join(root, name, '1')
    if keras.__version__ >= '3':
        model.export(folder, verbose=False)
    else:
        tf.saved_model.save(model, folder)

def column(name, dtype, width=1):
    return keras.Input((width,), name=name, dtype=dtype)

def as_float(x):
    return layers.Lambda(lambda y: tf.cast(y, tf.float32))(x)

def table():
    inputs = [column('price', 'float32'), column('ratio', 'float64'), column('user', 'int64'), column('days', 'int32', 4),
              column('member', 'bool'), column('city', 'string'), column('tags', 'string', 3)]
    price, ratio, user, days, member, city, tags = inputs
    index = layers.StringLookup(vocabulary=['oslo', '東京', 'são paulo'], name='city_index')(city)
    hashed = layers.Hashing(16)(user)
    bucket = layers.Discretization(bin_boundaries=[0.0, 1.0, 10.0], name='bucket')(price)
    parts = [
        layers.Normalization(mean=3.0, variance=2.0)(price), as_float(ratio), as_float(member),
        layers.Flatten()(layers.Embedding(4, 5)(index)), layers.Flatten()(layers.Embedding(16, 3)(hashed)),
        layers.Flatten()(layers.Embedding(8, 2)(days)),
        as_float(layers.StringLookup(vocabulary=['a', 'b', 'c'], output_mode='multi_hot')(tags)),
    ]
    hidden = layers.Dense(8, activation='relu')(layers.Concatenate()(parts))
    hidden = layers.BatchNormalization(name='hidden')(hidden)
    probabilities = layers.Dense(3, activation='softmax', name='probabilities')(hidden)
    outputs = {'probabilities': probabilities, 'hidden': hidden, 'city_index': index, 'bucket': bucket}
    return keras.Model(inputs, outputs)

def text():
    words = column('text', 'string')
    ids = layers.TextVectorization(vocabulary=['red', 'fox', 'blue', 'sky'], output_sequence_length=5)(words)
    states = layers.GRU(6)(layers.Embedding(6, 4, mask_zero=True)(ids))
    return keras.Model([words], {'score': layers.Dense(1, name='score')(states)})

values = {
    'price': np.array([[0.5], [-3.25], [12.5], [1.0]], np.float32),
    'ratio': np.array([[1 / 3], [0.25], [-1.5], [0.0]], np.float64),
    'user': np.array([[1], [2**40], [-7], [0]], np.int64),
    'days': np.array([[0, 1, 2, 3], [7, 7, 7, 7], [4, 5, 6, 0], [3, 2, 1, 0]], np.int32),
    'member': np.array([[True], [False], [True], [False]]),
    'city': np.array([['東京'], ['oslo'], ['nowhere'], ['']], object),
    'tags': np.array([['a', 'b', 'c'], ['c', 'c', 'z'], ['', '', ''], ['b', 'x', 'y']], object),
    'text': np.array([['The red fox!'], ['blue sky, red sky'], [''], ['sky blue fox red fox sky']], object),
}

calls = []
for name, model in (('keras_table', table()), ('keras_text', text())):
    inputs = {i.name: values[i.name] for i in model.inputs}
    # Some values of their own for what training would have set.
    for i, variable in enumerate(v for v in model.weights if 'moving' in v.name or 'gamma' in v.name or 'beta' in v.name):
        variable.assign(tf.linspace(0.5, 1.5 + i, variable.shape[0]))
    fed = [tf.constant(inputs[i.name]) for i in model.inputs]
    outputs = model(fed if len(fed) > 1 else fed[0], training=False)
    write(model, name)
    calls.append(predict_call(name, 'serving_default', inputs, outputs))
print(json.dumps(calls))
`;

/**
 * Has Keras write two models under `root`: `keras_table` (columns of six dtypes, lookups, hashing, normalisation) and
 * `keras_text` (words through a vocabulary and a recurrent layer). The values are those of the Keras models themselves.
 */
export async function writeKerasModels(version: OracleVersion, root: string): Promise<readonly Call[]> {
  const output = await runPython(version, PYTHON_PRELUDE + SCRIPT, [root]);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as readonly Call[];
}
