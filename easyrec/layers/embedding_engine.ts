import { GraphError } from '../errors.js';
import type { Combiner, KeySpec } from '../features/spec.js';
import type { SparseIds } from '../features/types.js';
import type { Output, Variables } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { BuildContext } from './context.js';
import { embeddingLookup } from './embedding.js';
import { initialRows, type InitialRows } from './initial_rows.js';
import { createKeyedTable, keyedLookup, variableOf } from './keyed_table.js';

/** A table of vectors, `[rows, dim]` float32. */
export interface EmbeddingTable {
  /** As in checkpoints: `input_layer/user_id_embedding/embedding_weights`. */
  readonly name: string;
  /** Infinity where it has a row for each key. */
  readonly rows: number;
  readonly dim: number;
}

export interface TableOptions {
  /** Infinity with `keys`. */
  readonly rows: number;
  /** Default: the table has a row for each id below `rows`. */
  readonly keys?: KeySpec;
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
  /** All of them side by side, in as few tensors as the engine has without copying: `[B, a multiple of D]` each. */
  readonly parts: readonly Output[];
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

/**
 * Tables as variables, standard TensorFlow ops, a few for each feature: what every TensorFlow can load.
 *
 * @param keysOf how many keys a checkpoint has of a table with a row for each; default: there are no such tables
 */
export function plainEmbeddings(keysOf?: (table: string) => number): EmbeddingEngine {
  return {
    createTable(variables, name, { rows, dim, initial, keys }) {
      if (keys === undefined) {
        variables.getOrCreate(name, { shape: [rows, dim], initializer: initialRows(initial) });
      } else {
        if (keysOf === undefined)
          throw new GraphError(`table "${name}": standard ops do not train one with ev_params`);
        createKeyedTable(variables, name, [keysOf(name), dim]);
      }
      return { name, rows, dim };
    },
    lookUp({ graph, variables }, requests) {
      const features = requests.map(({ scope, table, value, combiner, mayReadTable }) =>
        graph.scope(scope, () => {
          if (table.rows === Infinity) return keyedLookup(variables, table.name, value, combiner);
          return embeddingLookup(variableOf(variables, table.name), value, { combiner, mayReadTable });
        }),
      );
      return { features, parts: features };
    },
  };
}

/** Of models without tables that have a row for each key. */
export const PLAIN_EMBEDDINGS: EmbeddingEngine = plainEmbeddings();

/** The columns of `[B, sum of dims]` that belong to each request. */
export function splitByTable(part: Output, requests: readonly LookupRequest[]): readonly Output[] {
  if (requests.length === 1) return [part];
  return ops.split(
    part,
    requests.map(({ table }) => table.dim),
    1,
  );
}
