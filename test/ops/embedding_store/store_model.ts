import type { Output, Step, Tensor } from '../../../easyrec/tf/index.js';
import { Graph, makeStep, ops, scalar, Session, tensor } from '../../../easyrec/tf/index.js';
import type { NativeStore } from './native_store.js';

export type Combiner = 'sum' | 'mean' | 'sqrtn';

/** A feature of a lookup. */
export interface StoreFeature {
  /** Its number. */
  readonly table: number;
  readonly combiner: Combiner;
  /** Whether each row of the batch has exactly one id. */
  readonly single: boolean;
  /** Whether -1 stands for no id, where each row has one. Default: no. */
  readonly optional?: boolean;
}

/** What one feature has in a batch. */
export interface FeatureBatch {
  readonly ids: readonly number[];
  /** Of the batch, ascending. */
  readonly rows: readonly number[];
  /** Null: each counts 1. */
  readonly weights: readonly number[] | null;
}

export interface StoreBatch {
  readonly batchSize: number;
  /** By lookup, then by feature. */
  readonly lookups: readonly (readonly FeatureBatch[])[];
  /** The loss's gradient with respect to what each lookup gave, `[B, width]`, row by row. */
  readonly gradients: readonly ArrayLike<number>[];
}

/** The ops of a store in a graph, trained with gradients that are given rather than computed from a loss. */
export class StoreModel {
  readonly #graph = new Graph();
  readonly #session: Session;
  readonly #look: Step;
  readonly #train: Step;
  readonly #norm: Step;
  readonly #evaluate: Step;
  readonly #widths: readonly number[];

  /** @param lookups the features of each */
  constructor(store: NativeStore, lookups: readonly (readonly StoreFeature[])[]) {
    const graph = this.#graph;
    this.#widths = lookups.map((features) =>
      features.reduce((sum, { table }) => sum + (store.tables[table]?.dim ?? NaN), 0),
    );
    const batchSize = ops.placeholder(graph, 'int32', [], 'batch_size');
    const rate = ops.placeholder(graph, 'float32', [], 'rate');
    const scale = ops.placeholder(graph, 'float32', [], 'scale');
    const fed = lookups.map((features) =>
      features.map(() => ({
        ids: ops.placeholder(graph, 'int64', [-1], 'ids'),
        rows: ops.placeholder(graph, 'int64', [-1], 'rows'),
        weights: ops.placeholder(graph, 'float32', [-1], 'weights'),
      })),
    );
    const attrs = (features: readonly StoreFeature[]) => ({
      store: store.number,
      features: features.map((_, f) => `feature_${f}`),
      tables: features.map(({ table }) => table),
      combiners: features.map(({ combiner }) => combiner),
      optional: features.flatMap(({ optional }, f) => (optional === true ? [f] : [])),
    });
    const inputs = (each: (typeof fed)[number]): Output[][] => [
      each.map(({ ids }) => ids),
      each.map(({ rows }) => rows),
      each.map(({ weights }) => weights),
    ];
    const look = (train: boolean): { vectors: Output; records: Output }[] =>
      lookups.map((features, l) => {
        const op = graph.op('EasyRecEmbeddingLookup', [batchSize, ...inputs(fed[l] ?? [])], {
          ...attrs(features),
          train,
        });
        return { vectors: op.output(0), records: op.output(1) };
      });
    const looked = look(true);
    const gradients = lookups.map(() => ops.placeholder(graph, 'float32', [-1, -1], 'gradients'));
    const found = [
      lookups.map(() => batchSize),
      ...inputs(fed.flat()),
      looked.map(({ records }) => records),
      gradients,
    ];
    const sizes = { ...attrs(lookups.flat()), lookup_sizes: lookups.map(({ length }) => length) };
    const update = graph.op('EasyRecEmbeddingUpdate', [rate, scale, ...found], sizes);
    const norm = graph.op('EasyRecEmbeddingSquaredNorm', found, sizes).output();
    const feeds = [batchSize, ...fed.flat().flatMap(({ ids, rows, weights }) => [ids, rows, weights])];
    const vectors = looked.map((each) => each.vectors);
    this.#look = makeStep({ feeds, fetches: vectors });
    this.#train = makeStep({
      feeds: [...feeds, ...gradients, rate, scale],
      fetches: vectors,
      targets: [update],
    });
    this.#norm = makeStep({ feeds: [...feeds, ...gradients], fetches: [norm] });
    this.#evaluate = makeStep({ feeds, fetches: look(false).map((each) => each.vectors) });
    this.#session = Session.create(graph, {});
  }

  /** Takes a step with gradients of `scale` times their size; gives what was looked up before it, by lookup. */
  step(batch: StoreBatch, rate: number, scale = 1): Float32Array[] {
    return this.#run(this.#train, this.#trainingFeeds(batch, rate, scale));
  }

  /** Looks up as in training, without a step; gives the square of the norm of the rows' gradients. */
  squaredNorm(batch: StoreBatch): number {
    const [norm] = this.#run(this.#norm, [...feedsOf(batch), ...this.#gradients(batch)]);
    return norm?.[0] ?? NaN;
  }

  /** Looks up as in training, without a step. */
  look(batch: StoreBatch): Float32Array[] {
    return this.#run(this.#look, feedsOf(batch));
  }

  evaluate(batch: StoreBatch): Float32Array[] {
    return this.#run(this.#evaluate, feedsOf(batch));
  }

  /** Does both at the same time: a step after the other, and one evaluation after the other. */
  async stepBesideEvaluation(
    trained: readonly StoreBatch[],
    evaluated: readonly StoreBatch[],
    rate: number,
  ): Promise<Float32Array[][]> {
    const inOrder = async (step: Step, feeds: readonly (readonly Tensor[])[]): Promise<Float32Array[][]> => {
      const found = [];
      for (const fed of feeds) found.push(take(await this.#session.run(step, fed)));
      for (const fed of feeds.flat()) fed.dispose();
      return found;
    };
    const [, found] = await Promise.all([
      inOrder(
        this.#train,
        trained.map((batch) => this.#trainingFeeds(batch, rate)),
      ),
      inOrder(this.#evaluate, evaluated.map(feedsOf)),
    ]);
    return found;
  }

  async close(): Promise<void> {
    await this.#session.close();
    this.#graph.dispose();
  }

  #trainingFeeds(batch: StoreBatch, rate: number, scale = 1): Tensor[] {
    return [...feedsOf(batch), ...this.#gradients(batch), scalar('float32', rate), scalar('float32', scale)];
  }

  #gradients(batch: StoreBatch): Tensor[] {
    return batch.gradients.map((values, l) =>
      tensor('float32', [batch.batchSize, this.#widths[l] ?? NaN], Float32Array.from(values)),
    );
  }

  #run(step: Step, feeds: readonly Tensor[]): Float32Array[] {
    try {
      return take(this.#session.runSync(step, feeds));
    } finally {
      for (const feed of feeds) feed.dispose();
    }
  }
}

function take(results: readonly Tensor[]): Float32Array[] {
  return results.map((result) => {
    const values = Float32Array.from(result.data('float32'));
    result.dispose();
    return values;
  });
}

function feedsOf({ batchSize, lookups }: StoreBatch): Tensor[] {
  const vector = (values: readonly number[]): Tensor => tensor('int64', [values.length], values.map(BigInt));
  return [
    scalar('int32', batchSize),
    ...lookups
      .flat()
      .flatMap(({ ids, rows, weights }) => [
        vector(ids),
        vector(rows),
        tensor('float32', [weights?.length ?? 0], [...(weights ?? [])]),
      ]),
  ];
}
