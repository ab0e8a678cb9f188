import { join } from 'node:path';
import { ops, type Output, writeSavedModel } from '../../../tf/index.js';
import { KerasWeights } from './keras_weights.js';
import { NetworkBuilder } from './network_builder.js';
import { resnet50 } from './resnet50.js';
import { vgg19 } from './vgg19.js';

interface Network {
  readonly build: (builder: NetworkBuilder, images: Output) => Output;
  readonly dimension: number;
  readonly preprocessing: 'vgg' | 'resnet';
}

/** The networks that can be built, by name. */
export const NETWORKS = {
  vgg19: { build: vgg19, dimension: 512, preprocessing: 'vgg' },
  resnet50: { build: resnet50, dimension: 2048, preprocessing: 'resnet' },
} as const satisfies Record<string, Network>;

export type NetworkName = keyof typeof NETWORKS;

/** What was written. */
export interface PreparedNetwork {
  /** The SavedModel's folder. */
  readonly directory: string;
  /** The length of its vectors. */
  readonly dimension: number;
  /** What an operator.yaml must say. */
  readonly preprocessing: 'vgg' | 'resnet';
}

/**
 * Writes an encoder of images as version 1 of a SavedModel: input `images`, `float32 [B, height, width, 3]`
 * preprocessed, output `features`.
 * @param weights A Keras weights file; layers beyond those of the encoder are not looked at.
 * @param directory Made if need be; holds no folder `1` yet.
 * @throws DataError when the file is not the network's.
 */
export async function prepareNetwork(
  name: NetworkName,
  weights: string,
  directory: string,
): Promise<PreparedNetwork> {
  const { build, dimension, preprocessing } = NETWORKS[name];
  using file = await KerasWeights.open(weights);
  const builder = new NetworkBuilder(file);
  using graph = builder.graph;
  const images = ops.placeholder(graph, 'float32', [-1, -1, -1, 3], 'images');
  const features = ops.identity(build(builder, images), 'features');
  await using session = await builder.start();
  const target = join(directory, '1');
  await writeSavedModel(target, {
    session,
    variables: builder.variables,
    signatures: new Map([
      [
        'serving_default',
        { inputs: new Map([['images', images]]), outputs: new Map([['features', features]]) },
      ],
    ]),
  });
  return { directory: target, dimension, preprocessing };
}
