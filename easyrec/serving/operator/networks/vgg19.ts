import { ops, type Output } from '../../../tf/index.js';
import type { NetworkBuilder } from './network_builder.js';

/** Convolutions and filters of each block. */
const BLOCKS = [
  [2, 64],
  [2, 128],
  [4, 256],
  [4, 512],
  [4, 512],
] as const;

/**
 * VGG19 without its dense layers, averaged over the picture: `[B, height, width, 3] -> [B, 512]`.
 * Simonyan and Zisserman, arXiv 1409.1556, configuration E.
 */
export function vgg19(builder: NetworkBuilder, images: Output): Output {
  let x = images;
  BLOCKS.forEach(([convolutions, filters], block) => {
    for (let i = 1; i <= convolutions; i++) {
      x = ops.relu(builder.convolution(x, `block${block + 1}_conv${i}`, { filters, kernel: 3 }));
    }
    x = builder.maxPool(x, 2, 2);
  });
  return builder.globalAveragePool(x);
}
