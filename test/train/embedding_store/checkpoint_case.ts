import type { TestContext } from 'node:test';
import type { InitialRows } from '../../../easyrec/layers/initial_rows.js';
import { Random } from '../../../easyrec/input/random.js';
import type { CheckpointInProgress } from '../../../easyrec/tf/index.js';
import {
  addSaver,
  beginCheckpoint,
  Graph,
  makeStep,
  ops,
  Session,
  tensor,
} from '../../../easyrec/tf/index.js';
import type { TableCheckpoint } from '../../../easyrec/train/embedding_store/checkpoint.js';
import { EmbeddingStore, type NewTable } from '../../../easyrec/train/embedding_store/embedding_store.js';
import { optimizerNamed } from './store_model.js';

/** Another build of the library than set-up's: scripts/sanitize_ops names one. */
const LIBRARY = process.env['EASYREC_TEST_STORE_LIBRARY'];

export const NORMAL: InitialRows = { kind: 'truncated_normal', mean: 0, deviation: 0.1 };

/** Tables of which one is larger than what is written at once. */
export const TABLES: readonly NewTable[] = [
  { name: 'b', rows: 40_000, dim: 16, initial: NORMAL, seed: [2020, 7] },
  {
    name: 'a/wide',
    rows: 100,
    dim: 33,
    initial: { kind: 'normal', mean: 2, deviation: 0.5 },
    seed: [2020, 8],
  },
  { name: 'a/one', rows: 1, dim: 1, initial: { kind: 'constant', values: [0.25] }, seed: [2020, 9] },
];

/** A store of these tables, all at their start. */
export function newStore(
  t: TestContext,
  { tables = TABLES, optimizer = 'adam_optimizer', threads = 2 } = {},
): EmbeddingStore {
  const rule = optimizerNamed(optimizer).rowRule;
  const store = new EmbeddingStore({ rule, threads, ...(LIBRARY !== undefined && { library: LIBRARY }) });
  t.after(() => store.dispose());
  for (const table of tables) store.addTable(table);
  return store;
}

/** Sets about one row in `every` to random numbers, weights and slots. */
export async function touchRows(store: EmbeddingStore, every: number, seed = 1): Promise<void> {
  const random = new Random(seed, 0, 0);
  for (const table of store.tables) {
    for (let row = random.below(every); row < table.rows; row += 1 + random.below(2 * every - 1)) {
      const components = store.tensorsOf(table).map(({ shape: [, width] }) => {
        const values = Float32Array.from({ length: width }, () => random.below(1000) / 500 - 1);
        return tensor('float32', [1, width], values);
      });
      await store.write(table, components, row);
      for (const component of components) component.dispose();
    }
  }
}

/** The bytes of every tensor of a store by name. */
export async function bytesOf(store: EmbeddingStore): Promise<ReadonlyMap<string, Buffer>> {
  const all = new Map<string, Buffer>();
  for (const entry of store.tensors) {
    const [rows, width] = entry.shape;
    using values = tensor('float32', entry.shape, new Float32Array(rows * width));
    await store.read(entry, 0, values);
    const { buffer, byteOffset, byteLength } = values.data('float32');
    all.set(entry.name, Buffer.from(new Uint8Array(buffer, byteOffset, byteLength)));
  }
  return all;
}

/** The names of tensors that differ, or that one of the two lacks. */
export function differing(a: ReadonlyMap<string, Buffer>, b: ReadonlyMap<string, Buffer>): string[] {
  const names = new Set([...a.keys(), ...b.keys()]);
  return [...names].filter((name) => a.get(name)?.equals(b.get(name) ?? Buffer.of(0)) !== true);
}

/** Begins a checkpoint of tables beside a variable `global_step`, which is 7. */
export async function beginSave(prefix: string, tables: TableCheckpoint): Promise<CheckpointInProgress> {
  using graph = new Graph();
  const handle = ops.varHandle(graph, 'global_step', 'int64', []);
  const saver = addSaver(graph, [{ name: 'global_step', dtype: 'int64', shape: [], handle }]);
  await using session = Session.create(graph);
  await session.run(makeStep({ targets: [ops.assign(handle, ops.constant(graph, 'int64', 7))] }));
  return await beginCheckpoint(session, saver, prefix, tables);
}

/** Writes a whole checkpoint. */
export async function save(prefix: string, tables: TableCheckpoint): Promise<string> {
  const { done } = await beginSave(prefix, tables);
  await done;
  return prefix;
}
