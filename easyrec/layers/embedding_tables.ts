import type { EmbeddingSpec } from '../features/spec.js';
import type { BuildContext } from './context.js';
import type { EmbeddingEngine, EmbeddingTable } from './embedding_engine.js';
import { initialRowsOf } from './initial_rows.js';

/** Which table a feature looks its ids up in. */
export interface TableRequest {
  /** The scope of the input layer's call: `input_layer_1`. */
  readonly scope: string;
  /** As in the table's name: `<column>_embedding`. */
  readonly column: string;
  readonly rows: number;
  readonly dim: number;
  /** Wide and deep tables are never the same. */
  readonly isWide: boolean;
  readonly embedding: EmbeddingSpec;
}

/** The embedding tables of one tower: each call of the input layer has its own, apart from those shared by name. */
export class EmbeddingTables {
  readonly #ctx: BuildContext;
  readonly #engine: EmbeddingEngine;
  readonly #shared = new Map<string, EmbeddingTable>();
  readonly #scopes = new Map<string, number>();

  constructor(ctx: BuildContext, engine: EmbeddingEngine) {
    this.#ctx = ctx;
    this.#engine = engine;
  }

  table(request: TableRequest): EmbeddingTable {
    const { scope, column, isWide, embedding } = request;
    const sharedName = embedding.sharedName && `${embedding.sharedName}${isWide ? '_wide' : ''}`;
    const path = this.#uniqueScope(`${scope}/${sharedName ?? `${column}_embedding`}`);
    if (sharedName === null) return this.#create(path, request);
    let table = this.#shared.get(sharedName);
    if (table === undefined) {
      table = this.#create(path, request);
      this.#shared.set(sharedName, table);
    }
    return table;
  }

  #create(path: string, { rows, dim, embedding }: TableRequest): EmbeddingTable {
    const { keys } = embedding;
    return this.#engine.createTable(this.#ctx.variables, `${path}/embedding_weights`, {
      rows: keys === undefined ? rows : Infinity,
      dim,
      ...(keys !== undefined && { keys }),
      initial: initialRowsOf(embedding.initializer, rows, dim),
    });
  }

  /** TensorFlow numbers scopes of one name, also those of a shared table's later users, who create nothing. */
  #uniqueScope(path: string): string {
    const uses = this.#scopes.get(path) ?? 0;
    this.#scopes.set(path, uses + 1);
    return uses === 0 ? path : this.#uniqueScope(`${path}_${uses}`);
  }
}
