import { OPTIMIZERS, type Optimizer } from '../../../easyrec/optimizers/index.js';
import { packageFile } from '../../../easyrec/package_files.js';
import type { Combiner } from '../../../easyrec/features/spec.js';
import type { SparseIds } from '../../../easyrec/features/types.js';
import type { LookupRequest } from '../../../easyrec/layers/embedding_engine.js';
import { gradients } from '../../../easyrec/tf/grad/index.js';
import type { Output, Step, Tensor, Variable } from '../../../easyrec/tf/index.js';
import {
  Graph,
  loadOpLibrary,
  makeStep,
  ops,
  scalar,
  Session,
  tensor,
  Variables,
} from '../../../easyrec/tf/index.js';
import { FusedEmbeddings } from '../../../easyrec/train/fused_embeddings/fused_embeddings.js';
import type { RowUpkeep } from '../../../easyrec/train/fused_embeddings/row_upkeep.js';
import { tower } from '../../support/tower.js';

/** The library as set-up builds it, or another build of it: scripts/sanitize_ops names one. */
const LIBRARY = process.env['EASYREC_TEST_FUSED_LIBRARY'] ?? packageFile('ops/lib/libfused_embedding.so');

export interface TableShape {
  readonly rows: number;
  readonly dim: number;
}

export interface FeatureShape {
  /** Its number. */
  readonly table: number;
  readonly combiner: Combiner;
  /** Whether each row has exactly one id, without weights. */
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

export interface FusedBatch {
  readonly batchSize: number;
  /** By group, then by feature. */
  readonly groups: readonly (readonly FeatureBatch[])[];
  /** The loss's gradient with respect to what each group looked up, `[B, width]`, row by row. */
  readonly slopes: readonly (readonly number[])[];
}

export interface FusedSettings {
  readonly tables: readonly TableShape[];
  /** By group. */
  readonly features: readonly (readonly FeatureShape[])[];
  readonly start: readonly (readonly number[])[];
  readonly optimizer: Optimizer;
  readonly threads?: number;
}

interface Fed {
  readonly ids: Output;
  readonly rows: Output;
  readonly weights: Output;
}

/** Tables on the native ops, trained with gradients that are given rather than computed from a loss. */
export class FusedModel {
  readonly #graph = new Graph();
  readonly #session: Session;
  readonly #variables: Variables;
  readonly #upkeep: RowUpkeep;
  readonly #train: Step;
  readonly #evaluate: Step;
  readonly #widths: readonly number[];

  constructor({ tables, features, start, optimizer, threads = 2 }: FusedSettings) {
    loadOpLibrary(LIBRARY);
    const graph = this.#graph;
    const variables = new Variables(graph);
    const engine = new FusedEmbeddings(variables, optimizer.rowRule, threads);
    const createTables = (): readonly Variable[] =>
      tables.map(({ rows, dim }, t) =>
        engine.createTable(variables, `table_${t}`, {
          shape: [rows, dim],
          initializer: () => ops.constant(graph, 'float32', [...(start[t] ?? [])], [rows, dim]),
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
        const [ids, rows] = ['ids', 'rows'].map((name) => ops.placeholder(graph, 'int64', [-1], name));
        const weights = ops.placeholder(graph, 'float32', [-1], 'weights');
        const variable = created[table];
        if (ids === undefined || rows === undefined || variable === undefined) throw new Error('no table');
        fed.push({ ids, rows, weights });
        const value: SparseIds = { kind: 'sparse', ids, rows, weights, batchSize, ...(single && { single }) };
        const feature = `feature_${fed.length - 1}`;
        return { feature, scope: `group/${feature}`, table: variable, value, combiner, mayReadTable: true };
      }),
    );
    const look = (mode: 'train' | 'infer'): readonly Output[] =>
      requests.map((group) => {
        const { concat } = engine.lookUp(tower(variables, { mode }), group);
        if (concat === null) throw new Error('expected one tensor');
        return concat;
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
      if (slope === null || !('op' in slope)) throw new Error('expected a dense gradient');
      return slope;
    });
    const rowUpdates = (rate: Output) => engine.update(rate, ofOutputs);
    const targets = optimizer.apply({ variables, learningRate, rowUpdates }, []);
    const feeds = [batchSize, ...fed.flatMap(({ ids, rows, weights }) => [ids, rows, weights])];
    this.#train = makeStep({ feeds: [...feeds, ...slopes, learningRate], fetches: outputs, targets });
    this.#evaluate = makeStep({ feeds, fetches: look('infer') });
    this.#upkeep = engine.upkeep();
    this.#variables = variables;
    this.#session = Session.create(graph, {});
  }

  async start(): Promise<void> {
    this.#session.runSync(makeStep({ targets: this.#variables.all.map(({ initialize }) => initialize) }));
    await this.#upkeep.begin(this.#session);
  }

  /** Takes a step; gives what was looked up before it, by group. */
  async step(batch: FusedBatch, learningRate: number): Promise<readonly (readonly number[])[]> {
    const slopes = batch.slopes.map((values, g) =>
      tensor('float32', [batch.batchSize, this.#widths[g] ?? 0], [...values]),
    );
    const found = this.#run(this.#train, [...feedsOf(batch), ...slopes, scalar('float32', learningRate)]);
    await this.#upkeep.stepped(this.#session);
    return found;
  }

  evaluate(batch: FusedBatch): readonly (readonly number[])[] {
    return this.#run(this.#evaluate, feedsOf(batch));
  }

  async settle(): Promise<void> {
    await this.#upkeep.settle(this.#session);
  }

  /** As a resumed training does: counts begin anew over the variables as they are. */
  async begin(): Promise<void> {
    await this.#upkeep.begin(this.#session);
  }

  /** All variables that checkpoints hold, by name. */
  state(): Readonly<Record<string, readonly number[]>> {
    const { all } = this.#variables;
    const values = this.#run(makeStep({ fetches: all.map((variable) => variable.read()) }), []);
    return Object.fromEntries(all.map(({ name }, i) => [name, values[i] ?? []]));
  }

  /** Looks rows up with a standard op, after which TensorFlow copies the table whenever it is read. */
  gather(): void {
    const { all } = this.#variables;
    const rows = ops.constant(this.#graph, 'int64', [0]);
    this.#run(makeStep({ fetches: all.slice(0, 1).map((variable) => variable.gather(rows)) }), []);
  }

  async close(): Promise<void> {
    await this.#session.close();
    this.#graph.dispose();
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

function feedsOf({ batchSize, groups }: FusedBatch): Tensor[] {
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

/** By the names that a config has for them. */
export function optimizerNamed(name: keyof typeof OPTIMIZERS): Optimizer {
  return name === 'adagrad_optimizer'
    ? OPTIMIZERS[name]({ initialAccumulatorValue: 0.1 })
    : OPTIMIZERS[name]({ beta1: 0.9, beta2: 0.999 });
}
