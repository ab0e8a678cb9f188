import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DataError, didYouMean } from '../../errors.js';
import { CheckpointReader, Graph, makeStep, ops, scalar, Session, tensor } from '../../tf/index.js';
import type { EmbeddingStore, StoreTensor } from './embedding_store.js';

const SHOWN_PROBLEMS = 5;

/** The tables of a store in checkpoints, as if they were variables. */
export class TableCheckpoint {
  readonly #store: EmbeddingStore;

  constructor(store: EmbeddingStore) {
    this.#store = store;
  }

  /** Brings all rows up to date, and adds them to a checkpoint that holds the other variables already. */
  async save(prefix: string): Promise<void> {
    const { tensors } = this.#store;
    if (tensors.length === 0) return;
    await this.#store.settle();
    const folder = join(dirname(prefix), 'tables');
    await mkdir(folder);
    const merged = join(folder, basename(prefix));
    const parts: string[] = [];
    for (const [i, entry] of tensors.entries()) {
      const part = join(folder, `part-${i}`);
      await this.#write(entry, part);
      parts.push(part);
    }
    await merge([prefix, ...parts], merged);
    for (const file of await readdir(folder)) {
      if (file.startsWith(basename(prefix))) await rename(join(folder, file), join(dirname(prefix), file));
    }
    await rm(folder, { recursive: true });
  }

  /** Those that a checkpoint has under the same name, shape and dtype. */
  fitting(prefix: string): readonly StoreTensor[] {
    using reader = new CheckpointReader(prefix);
    return this.#store.tensors.filter((entry) => problemOf(reader, entry) === null);
  }

  /**
   * Sets all tables to what a checkpoint holds.
   *
   * @param tensors what to take over, the others are at their start then; default: all
   * @throws DataError when it lacks one or has it in another shape or dtype; each such tensor is named
   */
  async restore(prefix: string, tensors = this.#store.tensors): Promise<void> {
    using reader = new CheckpointReader(prefix);
    const problems = tensors.flatMap((entry) => problemOf(reader, entry) ?? []);
    if (problems.length > 0) {
      const more = problems.length > SHOWN_PROBLEMS ? `; and ${problems.length - SHOWN_PROBLEMS} more` : '';
      throw new DataError(
        `checkpoint ${prefix}: does not fit this model: ${problems.slice(0, SHOWN_PROBLEMS).join('; ')}${more}`,
      );
    }
    this.#store.reset();
    const wanted = new Set(tensors.map(({ name }) => name));
    for (const table of this.#store.tables) {
      const components = this.#store
        .tensorsOf(table)
        .map(({ name }) => (wanted.has(name) ? reader.read(name) : null));
      try {
        if (components.some((component) => component !== null)) await this.#store.write(table, components);
      } finally {
        for (const component of components) component?.dispose();
      }
    }
  }

  async #write(entry: StoreTensor, prefix: string): Promise<void> {
    const [rows, width] = entry.shape;
    using values = tensor('float32', [rows, width], new Float32Array(rows * width));
    await this.#store.read(entry, 0, values);
    using graph = new Graph();
    await using session = Session.create(graph);
    const filename = ops.placeholder(graph, 'string', [], 'filename');
    const value = ops.placeholder(graph, 'float32', [rows, width], 'value');
    const names = ops.constant(graph, 'string', [entry.name]);
    const save = graph.op('SaveV2', [filename, names, ops.constant(graph, 'string', ['']), [value]]);
    using target = scalar('string', prefix);
    await session.run(makeStep({ feeds: [filename, value], targets: [save] }), [target, values]);
  }
}

async function merge(prefixes: readonly string[], target: string): Promise<void> {
  using graph = new Graph();
  await using session = Session.create(graph);
  const parts = ops.constant(graph, 'string', prefixes);
  const operation = graph.op('MergeV2Checkpoints', [parts, ops.constant(graph, 'string', target)]);
  await session.run(makeStep({ targets: [operation] }));
}

function problemOf(reader: CheckpointReader, { name, shape }: StoreTensor): string | null {
  if (!reader.has(name)) return `no tensor "${name}"${didYouMean(name, reader.names)}`;
  const expected = `float32[${shape.join(', ')}]`;
  const received = `${reader.dtype(name)}[${reader.shape(name).join(', ')}]`;
  return expected === received ? null : `"${name}": expected ${expected}, received ${received}`;
}
