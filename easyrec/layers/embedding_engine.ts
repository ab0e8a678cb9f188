import type { Combiner } from '../features/spec.js';
import type { SparseIds } from '../features/types.js';
import type { Output, Variable, Variables } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { BuildContext } from './context.js';
import { embeddingLookup } from './embedding.js';
import { initialRows, type InitialRows } from './initial_rows.js';

/** A table of vectors, `[rows, dim]` float32. */
export interface EmbeddingTable {
  /** As in checkpoints: `input_layer/user_id_embedding/embedding_weights`. */
  readonly name: string;
  readonly rows: number;
  readonly dim: number;
}

export interface TableOptions {
  readonly rows: number;
  readonly dim: number;
  readonly initial: InitialRows;
}

/** One feature's vectors to look up. */
export interface LookupRequest {
  /** For messages. */
  readonly feature: string;
  /** Where nodes of its own go: `input_layer/<column>_embedding`. */
  readonly scope: string;
  /** What `createTable` gave. */
  readonly table: EmbeddingTable;
  readonly value: SparseIds;
  readonly combiner: Combiner;
  /** Whether the whole table may be read where that is cheaper than single rows of it. */
  readonly mayReadTable: boolean;
}

/** What the features of one group looked up. */
export interface LookedUp {
  /** One tensor a request, `[B, D]`. */
  readonly features: readonly Output[];
  /** All of them side by side, where the engine has that at no cost. */
  readonly concat: Output | null;
}

/** How embedding tables are made and looked up; the rest of a model knows nothing of it. */
export interface EmbeddingEngine {
  /**
   * The table of that name, made at its first use: a second tower of the same model shares it.
   *
   * @throws GraphError when it exists with another shape.
   */
  createTable(variables: Variables, name: string, options: TableOptions): EmbeddingTable;
  /** @param requests of one group, at least one */
  lookUp(ctx: BuildContext, requests: readonly LookupRequest[]): LookedUp;
}

/** Tables as variables, standard TensorFlow ops, a few for each feature: what every TensorFlow can load. */
export const PLAIN_EMBEDDINGS: EmbeddingEngine = {
  createTable(variables, name, { rows, dim, initial }) {
    variables.getOrCreate(name, { shape: [rows, dim], initializer: initialRows(initial) });
    return { name, rows, dim };
  },
  lookUp: ({ graph, variables }, requests) => ({
    features: requests.map(({ scope, table, value, combiner, mayReadTable }) =>
      graph.scope(scope, () =>
        embeddingLookup(variableOf(variables, table), value, { combiner, mayReadTable }),
      ),
    ),
    concat: null,
  }),
};

function variableOf(variables: Variables, { name }: EmbeddingTable): Variable {
  const variable = variables.find(name);
  if (variable === undefined) throw new Error(`no variable ${name}: made by another engine`);
  return variable;
}

/** The parts of `[B, sum of dims]` that belong to each request. */
export function splitByTable(concat: Output, requests: readonly LookupRequest[]): readonly Output[] {
  if (requests.length === 1) return [concat];
  return ops.split(
    concat,
    requests.map(({ table }) => table.dim),
    1,
  );
}
