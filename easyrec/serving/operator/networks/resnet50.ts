import { DataError } from '../../../errors.js';
import { ops, type Output } from '../../../tf/index.js';
import type { NetworkBuilder } from './network_builder.js';

/** Blocks of each stage and the filters of their first two convolutions; the third has four times as many. */
const STAGES = [
  [3, 64],
  [4, 128],
  [6, 256],
  [3, 512],
] as const;

/** How a version of Keras names the layers; a branch is 0 for the shortcut, 1 to 3 for the convolutions. */
interface Naming {
  readonly first: readonly [convolution: string, batchNorm: string];
  readonly block: (stage: number, block: number, branch: number) => readonly [string, string];
  readonly epsilon: number;
}

/** Keras since 2.2.5 or TensorFlow 1.15. */
const CURRENT: Naming = {
  first: ['conv1_conv', 'conv1_bn'],
  block: (stage, block, branch) => {
    const name = `conv${stage + 2}_block${block + 1}_${branch}`;
    return [`${name}_conv`, `${name}_bn`];
  },
  epsilon: 1.001e-5,
};

/** Keras before that: files of Keras 2.0 to 2.3, such as those of the deep-learning-models releases. */
const FORMER: Naming = {
  first: ['conv1', 'bn_conv1'],
  block: (stage, block, branch) => {
    const place = `${stage + 2}${'abcdef'[block] ?? ''}_branch${['1', '2a', '2b', '2c'][branch] ?? ''}`;
    return [`res${place}`, `bn${place}`];
  },
  epsilon: 1e-3,
};

/**
 * ResNet50 without its dense layer, averaged over the picture: `[B, height, width, 3] -> [B, 2048]`.
 * He et al., arXiv 1512.03385; a stage's stride is in its first 1 x 1 convolution, as in Keras.
 * @throws DataError when the file's layers are named neither as in current nor as in former versions of Keras.
 */
export function resnet50(builder: NetworkBuilder, images: Output): Output {
  const naming = [CURRENT, FORMER].find(({ first }) => builder.weights.has(first[0]));
  if (naming === undefined) {
    throw new DataError('weights: expected the layers of ResNet50, found no "conv1_conv" and no "conv1"');
  }
  const [convolution, batchNorm] = naming.first;
  const options = { filters: 64, kernel: 7, stride: 2, padding: 'VALID' } as const;
  let x = builder.convolution(builder.pad(images, 3), convolution, options);
  x = ops.relu(builder.batchNorm(x, batchNorm, naming.epsilon));
  x = builder.maxPool(builder.pad(x, 1), 3, 2);
  STAGES.forEach(([blocks, filters], stage) => {
    for (let block = 0; block < blocks; block++) {
      const branch = (input: Output, index: number, stride = 1): Output => {
        const [conv, norm] = naming.block(stage, block, index);
        const size = {
          filters: index % 3 === 0 ? 4 * filters : filters,
          kernel: index === 2 ? 3 : 1,
          stride,
        };
        return builder.batchNorm(builder.convolution(input, conv, size), norm, naming.epsilon);
      };
      const stride = block === 0 && stage > 0 ? 2 : 1;
      const shortcut = block === 0 ? branch(x, 0, stride) : x;
      const inner = ops.relu(branch(ops.relu(branch(x, 1, stride)), 2));
      x = ops.relu(ops.add(shortcut, branch(inner, 3)));
    }
  });
  return builder.globalAveragePool(x);
}
