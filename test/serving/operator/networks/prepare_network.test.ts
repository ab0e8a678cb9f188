import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { prepareNetwork } from '../../../../easyrec/serving/operator/networks/prepare_network.js';
import { loadSavedModel, makeStep, tensor } from '../../../../easyrec/tf/index.js';
import { runPython } from '../../../support/python.js';
import { withTempFolder } from '../../../support/temp_folder.js';
import { oracleVersion } from '../../saved_models.js';

/** Keras's own networks with random weights, saved, and what they make of random pictures. */
const SCRIPT = String.raw`
import sys, h5py
import numpy as np
import tensorflow as tf

root = sys.argv[1]
rng = np.random.default_rng(7)
x = (rng.random((2, 64, 48, 3)) * 255 - 120).astype('float32')
x.tofile(root + '/x.bin')

def randomize(layer):
    values = []
    for index, weight in enumerate(layer.get_weights()):
        if weight.ndim == 4:
            value = rng.normal(size=weight.shape) * np.sqrt(2 / np.prod(weight.shape[:3]))
        elif 'BatchNormalization' == type(layer).__name__ and index in (0, 3):
            value = rng.uniform(0.5, 1.5, weight.shape)
        else:
            value = rng.normal(size=weight.shape) * 0.1
        values.append(value.astype('float32'))
    if values:
        layer.set_weights(values)

def save(model, name):
    model.save(root + '/' + name + '.h5')
    model.predict(x, verbose=0).astype('float32').tofile(root + '/' + name + '.bin')

for name, network in (('vgg19', tf.keras.applications.VGG19), ('resnet50', tf.keras.applications.ResNet50)):
    model = network(weights=None, include_top=False, pooling='avg')
    for layer in model.layers:
        randomize(layer)
    save(model, name)

# As Keras 2.0 to 2.3 wrote ResNet50: other names, another epsilon, and the layers at the root.
def former(name):
    if name == 'conv1_conv': return 'conv1'
    if name == 'conv1_bn': return 'bn_conv1'
    stage, block, branch, kind = name.split('_')
    place = stage[4:] + chr(ord('a') + int(block[5:]) - 1) + '_branch' + {'0': '1', '1': '2a', '2': '2b', '3': '2c'}[branch]
    return ('res' if kind == 'conv' else 'bn') + place

with h5py.File(root + '/former.h5', 'w') as file:
    names = []
    for layer in model.layers:
        if not layer.get_weights(): continue
        if 'BatchNormalization' == type(layer).__name__: layer.epsilon = 1e-3
        names.append(former(layer.name))
        group = file.create_group(names[-1])
        weights = ['%s_%d:0' % (names[-1], i) for i in range(len(layer.get_weights()))]
        group.attrs['weight_names'] = [w.encode() for w in weights]
        for weight, value in zip(weights, layer.get_weights()): group[weight] = value
    file.attrs['layer_names'] = [n.encode() for n in names]
model.predict_function = None
model(x, training=False).numpy().astype('float32').tofile(root + '/former.bin')
model.save_weights(root + '/modern.weights.h5')
`;

function floats(path: string): Float32Array {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

async function features(directory: string, x: Float32Array): Promise<Float32Array> {
  await using model = await loadSavedModel(directory);
  const signature = model.signatures.get('serving_default');
  const input = model.graph.output(signature?.inputs.get('images')?.name ?? '');
  const output = model.graph.output(signature?.outputs.get('features')?.name ?? '');
  using images = tensor('float32', [2, 64, 48, 3], x);
  const [result] = await model.session.run(makeStep({ feeds: [input], fetches: [output] }), [images]);
  using values = result;
  return values?.data('float32').slice() ?? new Float32Array();
}

/** The largest difference, in parts of the largest value. */
function relativeDifference(a: Float32Array, b: Float32Array): number {
  assert.equal(a.length, b.length);
  const scale = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? NaN))), 0) / scale;
}

const version = oracleVersion();

test(
  'VGG19 and ResNet50 compute what Keras does, from files of current and former versions',
  { skip: version === undefined && 'there is no Python TensorFlow to compare with' },
  () =>
    withTempFolder(async (folder) => {
      assert.ok(version !== undefined);
      await runPython(version, SCRIPT, [folder]);
      const x = floats(join(folder, 'x.bin'));
      const cases = [
        ['vgg19', 'vgg19', 512],
        ['resnet50', 'resnet50', 2048],
        ['resnet50', 'former', 2048],
      ] as const;
      for (const [network, file, dimension] of cases) {
        const target = join(folder, `model_${file}`);
        const made = await prepareNetwork(network, join(folder, `${file}.h5`), target);
        assert.equal(made.dimension, dimension);
        const difference = relativeDifference(
          await features(made.directory, x),
          floats(join(folder, `${file}.bin`)),
        );
        assert.ok(difference < 1e-4, `${file}: ${difference}`);
      }
      const [current, former] = [floats(join(folder, 'resnet50.bin')), floats(join(folder, 'former.bin'))];
      assert.ok(
        relativeDifference(current, former) > 1e-4,
        "the two versions' epsilons must tell them apart",
      );
      const wrong = prepareNetwork('vgg19', join(folder, 'resnet50.h5'), join(folder, 'wrong'));
      await assert.rejects(wrong, /resnet50\.h5 has no layer "block1_conv1"/);
      const other = prepareNetwork('resnet50', join(folder, 'vgg19.h5'), join(folder, 'wrong'));
      await assert.rejects(other, /found no "conv1_conv" and no "conv1"/);
      const cut = join(folder, 'cut.h5');
      writeFileSync(cut, readFileSync(join(folder, 'vgg19.h5')).subarray(0, 5_000_000));
      await assert.rejects(
        prepareNetwork('vgg19', cut, join(folder, 'wrong')),
        /is no HDF5 file, or is damaged/,
      );
      const modern = prepareNetwork('resnet50', join(folder, 'modern.weights.h5'), join(folder, 'wrong'));
      await assert.rejects(modern, /expected a file of Keras layers by name, found .*model\.save\('x\.h5'\)/);
    }),
);

test('a file that is missing or no HDF5 is refused', () =>
  withTempFolder(async (folder) => {
    const file = join(folder, 'w.h5');
    await assert.rejects(prepareNetwork('vgg19', file, folder), /weights: there is no file/);
    writeFileSync(file, 'hello');
    await assert.rejects(prepareNetwork('vgg19', file, folder), /is no HDF5 file, or is damaged/);
  }));
