import type { Combiner, KeySpec } from '../../../easyrec/features/spec.js';
import type { SparseIds } from '../../../easyrec/features/types.js';
import type { EmbeddingTable, LookupRequest } from '../../../easyrec/layers/embedding_engine.js';
import type { Optimizer, RowRule } from '../../../easyrec/optimizers/index.js';
import { gradients } from '../../../easyrec/tf/grad/index.js';
import type { Output, Step, Tensor } from '../../../easyrec/tf/index.js';
import { Graph, makeStep, ops, scalar, Session, tensor, Variables } from '../../../easyrec/tf/index.js';
import { EmbeddingStore } from '../../../easyrec/train/embedding_store/embedding_store.js';
import { StoreEmbeddings } from '../../../easyrec/train/embedding_store/store_embeddings.js';
import { learningOf } from '../../../easyrec/train/optimizer_config.js';
import { initialize, tower } from '../../support/tower.js';
import { pipelineOf } from '../pipeline_text.js';

/** Another build of the library than set-up's: scripts/sanitize_ops names one. */
const LIBRARY = process.env['EASYREC_TEST_STORE_LIBRARY'];

export interface TableShape {
  /** Infinity with `keys`. */
  readonly rows: number;
  readonly dim: number;
  /** Of a table with a row for each key. */
  readonly keys?: KeySpec;
}

export interface FeatureShape {
  /** Its number. */
  readonly table: number;
  readonly combiner: Combiner;
  /** Whether each row has exactly one id. */
  readonly single: boolean;
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
  /** By group, then by feature. */
  readonly groups: readonly (readonly FeatureBatch[])[];
  /** The loss's gradient with respect to what each group looked up, `[B, width]`, row by row. */
  readonly slopes: readonly (readonly number[])[];
}

export interface StoreSettings {
  readonly tables: readonly TableShape[];
  /** By group. */
  readonly features: readonly (readonly FeatureShape[])[];
  /** What each table starts from, row by row. */
  readonly start: readonly (readonly number[])[];
  readonly optimizer: Optimizer & { readonly rowRule: RowRule };
  readonly threads?: number;
}

interface Fed {
  readonly ids: Output;
  readonly rows: Output;
  readonly weights: Output;
}

/** Tables of a native store, trained with gradients that are given rather than computed from a loss. */
export class StoreModel {
  readonly store: EmbeddingStore;
  readonly #graph = new Graph();
  readonly #session: Session;
  readonly #train: Step;
  readonly #evaluate: Step;
  readonly #widths: readonly number[];
  #closed = false;

  constructor({ tables, features, start, optimizer, threads = 2 }: StoreSettings) {
    const graph = this.#graph;
    const variables = new Variables(graph);
    const { rowRule: rule } = optimizer;
    this.store = new EmbeddingStore({ rule, threads, ...(LIBRARY !== undefined && { library: LIBRARY }) });
    const engine = new StoreEmbeddings(graph, this.store);
    const createTables = (): readonly EmbeddingTable[] =>
      tables.map((table, t) =>
        engine.createTable(variables, `table_${t}`, {
          ...table,
          initial: { kind: 'constant', values: start[t] ?? [] },
        }),
      );
    const created = createTables();
    // As a second tower does, which shares them.
    createTables();
    this.#widths = features.map((group) =>
      group.reduce((sum, { table }) => sum + (tables[table]?.dim ?? 0), 0),
    );
    const batchSize = ops.placeholder(graph, 'int32', [], 'batch_size');
    const fed: Fed[] = [];
    const requests = features.map((group) =>
      group.map(({ table, combiner, single }): LookupRequest => {
        const ids = ops.placeholder(graph, 'int64', [-1], 'ids');
        const rows = ops.placeholder(graph, 'int64', [-1], 'rows');
        const weights = ops.placeholder(graph, 'float32', [-1], 'weights');
        const of = created[table];
        if (of === undefined) throw new Error('no table');
        const feature = `feature_${fed.length}`;
        fed.push({ ids, rows, weights });
        const value: SparseIds = { kind: 'sparse', ids, rows, weights, batchSize, ...(single && { single }) };
        return { feature, scope: `group/${feature}`, table: of, value, combiner, mayReadTable: true };
      }),
    );
    const look = (mode: 'train' | 'infer'): readonly Output[] =>
      requests.map((group) => {
        const { parts } = engine.lookUp(tower(variables, { mode }), group);
        return ops.concat(parts, 1);
      });
    const outputs = look('train');
    const slopes = outputs.map(() => ops.placeholder(graph, 'float32', [-1, -1], 'slopes'));
    const loss = ops.addN(
      outputs.map((output, i) => {
        const slope = slopes[i];
        if (slope === undefined) throw new Error('no slope');
        return ops.reduceSum(ops.mul(output, slope));
      }),
    );
    const learningRate = ops.placeholder(graph, 'float32', [], 'learning_rate');
    const ofOutputs = gradients(loss, engine.outputs).map((slope) => {
      if (slope !== null && !('op' in slope)) throw new Error('expected a dense gradient');
      return slope;
    });
    const { isFrozen } = optimizer;
    const { rowUpdates, rowSquares, rowTables } = engine.train(ofOutputs, loss, isFrozen);
    const targets = optimizer.apply({ variables, learningRate, rowUpdates, rowSquares, rowTables }, []);
    const feeds = [batchSize, ...fed.flatMap(({ ids, rows, weights }) => [ids, rows, weights])];
    this.#train = makeStep({ feeds: [...feeds, ...slopes, learningRate], fetches: outputs, targets });
    this.#evaluate = makeStep({ feeds, fetches: look('infer') });
    this.#session = Session.create(graph, {});
    initialize(this.#session, variables);
  }

  /** Takes a step; gives what was looked up before it, by group. */
  step(batch: StoreBatch, learningRate: number): readonly (readonly number[])[] {
    const slopes = batch.slopes.map((values, g) =>
      tensor('float32', [batch.batchSize, this.#widths[g] ?? 0], [...values]),
    );
    return this.#run(this.#train, [...feedsOf(batch), ...slopes, scalar('float32', learningRate)]);
  }

  evaluate(batch: StoreBatch): readonly (readonly number[])[] {
    return this.#run(this.#evaluate, feedsOf(batch));
  }

  /** All tensors that checkpoints hold, by name, with every row up to date. */
  async state(): Promise<Readonly<Record<string, readonly number[]>>> {
    await this.store.settle();
    const entries: [string, number[]][] = [];
    for (const entry of this.store.tensors) {
      const [rows, width] = entry.shape;
      using values = tensor('float32', entry.shape, new Float32Array(rows * width));
      await this.store.read(entry, 0, values);
      entries.push([entry.name, [...values.data('float32')]]);
    }
    return Object.fromEntries(entries);
  }

  /** Sets all tables to what `state` gave. */
  async restore(state: Readonly<Record<string, readonly number[]>>): Promise<void> {
    this.store.reset();
    for (const table of this.store.tables) {
      const components = this.store
        .tensorsOf(table)
        .map(({ name, shape }) => tensor('float32', shape, [...(state[name] ?? [])]));
      await this.store.write(table, components);
      for (const component of components) component.dispose();
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#session.close();
    this.#graph.dispose();
    this.store.dispose();
  }

  #run(step: Step, feeds: readonly Tensor[]): number[][] {
    try {
      return this.#session.runSync(step, feeds).map((result) => {
        const values = [...result.data('float32')];
        result.dispose();
        return values;
      });
    } finally {
      for (const feed of feeds) feed.dispose();
    }
  }
}

function feedsOf({ batchSize, groups }: StoreBatch): Tensor[] {
  const vector = (values: readonly number[]): Tensor => tensor('int64', [values.length], values.map(BigInt));
  return [
    scalar('int32', batchSize),
    ...groups
      .flat()
      .flatMap(({ ids, rows, weights }) => [
        vector(ids),
        vector(rows),
        tensor('float32', [weights?.length ?? 0], [...(weights ?? [])]),
      ]),
  ];
}

/** An optimizer that moves rows, as a config has it: `adam_optimizer { beta1: 0.8 }`. */
export function optimizerOf(text: string): StoreSettings['optimizer'] {
  const rate = 'learning_rate { constant_learning_rate { learning_rate: 1 } }';
  const config = pipelineOf(`train_config { optimizer_config { ${text.replace(/}$/, `${rate} }`)} } }`);
  if (config.train_config === null) throw new Error('no train_config');
  const { optimizer } = learningOf(config.train_config);
  const { rowRule } = optimizer;
  if (rowRule === null) throw new Error(`${text}: no rule for rows`);
  return { ...optimizer, rowRule };
}

/** As `optimizerOf`, with what the config has by default. */
export function optimizerNamed(name: string): StoreSettings['optimizer'] {
  return optimizerOf(`${name} {}`);
}
