import type { Combiner } from '../features/spec.js';
import type { SparseIds } from '../features/types.js';
import type { Output, Variable, VariableOptions, Variables } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { BuildContext } from './context.js';
import { embeddingLookup } from './embedding.js';

/** One feature's vectors to look up. */
export interface LookupRequest {
  /** For messages. */
  readonly feature: string;
  /** Where nodes of its own go: `input_layer/<column>_embedding`. */
  readonly scope: string;
  /** What `createTable` gave. */
  readonly table: Variable;
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
  /** @throws GraphError when the table exists with another shape. */
  createTable(variables: Variables, name: string, options: VariableOptions): Variable;
  /** @param requests of one group, at least one */
  lookUp(ctx: BuildContext, requests: readonly LookupRequest[]): LookedUp;
}

/** Standard TensorFlow ops, a few for each feature: what every TensorFlow can load. */
export const PLAIN_EMBEDDINGS: EmbeddingEngine = {
  createTable: (variables, name, options) => variables.getOrCreate(name, options),
  lookUp: ({ graph }, requests) => ({
    features: requests.map(({ scope, table, value, combiner, mayReadTable }) =>
      graph.scope(scope, () => embeddingLookup(table, value, { combiner, mayReadTable })),
    ),
    concat: null,
  }),
};

/** The parts of `[B, width]` that belong to each request. */
export function splitByTable(concat: Output, requests: readonly LookupRequest[]): readonly Output[] {
  if (requests.length === 1) return [concat];
  const widths = requests.map(({ table }) => table.shape[1] ?? 0);
  return ops.split(concat, widths, 1);
}
