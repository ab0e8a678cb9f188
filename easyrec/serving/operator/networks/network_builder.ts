import { DataError } from '../../../errors.js';
import {
  type ExportedVariable,
  Graph,
  makeStep,
  ops,
  type Operation,
  type Output,
  Session,
  tensor,
} from '../../../tf/index.js';
import type { KerasWeight, KerasWeights } from './keras_weights.js';

/** A convolution of a network, with bias. */
export interface ConvolutionOptions {
  readonly filters: number;
  /** Height and width of the kernel. */
  readonly kernel: number;
  /** Default: 1. */
  readonly stride?: number;
  /** Default: `SAME`. */
  readonly padding?: 'SAME' | 'VALID';
}

/** Builds a trained image network from Keras layers, `[B, height, width, channels]` throughout. */
export class NetworkBuilder {
  readonly graph = new Graph();
  readonly weights: KerasWeights;
  readonly variables: ExportedVariable[] = [];
  readonly #assignments: {
    readonly value: Output;
    readonly assign: Operation;
    readonly weight: KerasWeight;
  }[] = [];

  constructor(weights: KerasWeights) {
    this.weights = weights;
  }

  /** `conv(x) + bias`. */
  convolution(x: Output, layer: string, options: ConvolutionOptions): Output {
    const { filters, kernel, stride = 1, padding = 'SAME' } = options;
    const channels = x.shape?.[3] ?? -1;
    const shapes = [[kernel, kernel, channels, filters], [filters]];
    const [filter, bias] = this.#weights(layer, ['kernel', 'bias'], shapes);
    const attrs = { strides: [1, stride, stride, 1], padding };
    const result = this.graph.op('Conv2D', [x, filter], attrs, { name: layer }).output();
    return ops.biasAdd(result, bias);
  }

  /** `gamma * (x - mean) / sqrt(variance + epsilon) + beta` with the mean and variance of training. */
  batchNorm(x: Output, layer: string, epsilon: number): Output {
    const channels = x.shape?.[3] ?? -1;
    const names = ['gamma', 'beta', 'moving_mean', 'moving_variance'] as const;
    const [gamma, beta, mean, variance] = this.#weights(
      layer,
      names,
      names.map(() => [channels]),
    );
    const attrs = { epsilon, is_training: false };
    return this.graph.op('FusedBatchNormV3', [x, gamma, beta, mean, variance], attrs).output();
  }

  /** The largest values of windows that do not reach over the edge. */
  maxPool(x: Output, size: number, stride: number): Output {
    const attrs = { ksize: [1, size, size, 1], strides: [1, stride, stride, 1], padding: 'VALID' };
    return this.graph.op('MaxPool', [x], attrs).output();
  }

  /** Zeros around each picture. */
  pad(x: Output, by: number): Output {
    return ops.pad(x, [
      [0, 0],
      [by, by],
      [by, by],
      [0, 0],
    ]);
  }

  /** `[B, height, width, C] -> [B, C]`. */
  globalAveragePool(x: Output): Output {
    return this.graph.op('Mean', [x, ops.ints(this.graph, [1, 2])], { keep_dims: false }).output();
  }

  /** A session in which the variables have the file's values. */
  async start(): Promise<Session> {
    const session = Session.create(this.graph);
    try {
      for (const { value, assign, weight } of this.#assignments) {
        using content = tensor('float32', weight.shape, weight.values);
        await session.run(makeStep({ feeds: [value], targets: [assign] }), [content]);
      }
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  #weights<const Names extends readonly string[]>(
    layer: string,
    names: Names,
    shapes: readonly (readonly number[])[],
  ): { readonly [K in keyof Names]: Output } {
    const found = this.weights.read(layer, names.length);
    const outputs = found.map((weight, i) =>
      this.#variable(`${layer}/${names[i] ?? i}`, weight, shapes[i] ?? []),
    );
    return outputs as { readonly [K in keyof Names]: Output };
  }

  #variable(name: string, weight: KerasWeight, shape: readonly number[]): Output {
    if (weight.shape.length !== shape.length || !shape.every((dim, i) => dim === weight.shape[i])) {
      throw new DataError(
        `weights: "${weight.name}": expected shape [${shape.join(', ')}], received [${weight.shape.join(', ')}]`,
      );
    }
    const handle = ops.varHandle(this.graph, name, 'float32', shape);
    const value = ops.placeholder(this.graph, 'float32', shape, `${name}/value`);
    this.#assignments.push({ value, assign: ops.assign(handle, value), weight });
    this.variables.push({ name, dtype: 'float32', shape, handle, trainable: true });
    return ops.readVariable(handle, 'float32');
  }
}
