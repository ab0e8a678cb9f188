import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { initialRows, type InitialRows } from '../../../easyrec/layers/initial_rows.js';
import { Graph, makeStep, nameHash, Session, tensor, Variables } from '../../../easyrec/tf/index.js';
import { EmbeddingStore, type StoreTensor } from '../../../easyrec/train/embedding_store/embedding_store.js';
import { StoreEmbeddings } from '../../../easyrec/train/embedding_store/store_embeddings.js';
import { optimizerNamed } from './store_model.js';

function newStore(t: TestContext, name = 'adam_optimizer'): EmbeddingStore {
  const store = new EmbeddingStore({ rule: optimizerNamed(name).rowRule, threads: 1 });
  t.after(() => store.dispose());
  return store;
}

async function valuesOf(store: EmbeddingStore, entry: StoreTensor): Promise<number[]> {
  const [rows, width] = entry.shape;
  using target = tensor('float32', entry.shape, new Float32Array(rows * width));
  await store.read(entry, 0, target);
  return [...target.data('float32')];
}

const STARTS: readonly InitialRows[] = [
  { kind: 'truncated_normal', mean: 0, deviation: 0.01 },
  { kind: 'truncated_normal', mean: 0.5, deviation: 2 },
  { kind: 'normal', mean: 0, deviation: 0.1 },
  { kind: 'normal', mean: -3, deviation: 0.7 },
  { kind: 'constant', values: [1, 2.5, -3] },
];

for (const [rows, dim] of [
  [3, 1],
  [7, 3],
  [300, 16],
  [1000, 17],
] as const) {
  test(`a table [${rows}, ${dim}] starts as the variable of its name would, bit for bit`, async (t) => {
    using graph = new Graph();
    const variables = new Variables(graph, 2020);
    const store = newStore(t);
    const engine = new StoreEmbeddings(graph, store);
    const created = STARTS.map((initial, i) => {
      const name = `input_layer/feature_${i}_embedding/embedding_weights`;
      engine.createTable(variables, name, { rows, dim, initial });
      return variables.create(name, { shape: [rows, dim], initializer: initialRows(initial) });
    });
    await using session = Session.create(graph);
    session.runSync(makeStep({ targets: created.map(({ initialize }) => initialize) }));
    const expected = session.runSync(makeStep({ fetches: created.map((variable) => variable.read()) }));
    for (const [i, table] of store.tables.entries()) {
      const [weights, first] = store.tensorsOf(table);
      assert.ok(weights !== undefined && first !== undefined);
      const values = [...(expected[i]?.data('float32') ?? [])];
      assert.deepEqual(await valuesOf(store, weights), values, JSON.stringify(STARTS[i]));
      assert.deepEqual(new Set(await valuesOf(store, first)), new Set([0]));
    }
    for (const value of expected) value.dispose();
  });
}

test('checkpoints hold the weights and the slots of a table, of one that is not trained the weights alone', (t) => {
  const store = newStore(t);
  const initial: InitialRows = { kind: 'constant', values: [0] };
  for (const name of ['a', 'b'])
    store.addTable({ name, rows: 5, dim: 2, initial, seed: [1, nameHash(name)] });
  const [a] = store.tables;
  assert.ok(a !== undefined);
  store.freeze(a);
  assert.deepEqual(
    store.tensors.map(({ name, shape }) => `${name} ${shape.join()}`),
    ['a 5,2', 'b 5,2', 'b/Adam 5,2', 'b/Adam_1 5,2'],
  );
});

test('a second tower shares a table, with another shape it is an error', (t) => {
  using graph = new Graph();
  const variables = new Variables(graph);
  const engine = new StoreEmbeddings(graph, newStore(t));
  const options = { rows: 5, dim: 2, initial: STARTS[0] ?? { kind: 'constant', values: [0] } } as const;
  const table = engine.createTable(variables, 'a', options);
  assert.equal(engine.createTable(variables, 'a', options), table);
  assert.throws(
    () => engine.createTable(variables, 'a', { ...options, dim: 3 }),
    /table "a": expected \[5, 2\] as before, received \[5, 3\]/,
  );
  assert.deepEqual(variables.all, []);
});

test('more constants than a table has elements are an error, as for a variable', (t) => {
  const store = newStore(t);
  for (const values of [[], [1, 2, 3]]) {
    assert.throws(
      () =>
        store.addTable({ name: 'a', rows: 2, dim: 1, initial: { kind: 'constant', values }, seed: [1, 2] }),
      { message: `constant initializer: expected 1 to 2 values, received ${values.length}` },
    );
  }
});

test('rows that were written are read back, from any row on; what is not given stays at its start', async (t) => {
  const store = newStore(t, 'adagrad_optimizer');
  const initial: InitialRows = { kind: 'constant', values: [7] };
  const table = store.addTable({ name: 'a', rows: 4, dim: 2, initial, seed: [1, 2] });
  const [weights, slot] = store.tensorsOf(table);
  assert.ok(weights !== undefined && slot !== undefined);
  using given = tensor('float32', [4, 2], [7, 7, 1, 2, 3, 4, 7, 7]);
  await store.write(table, [given, null]);
  assert.deepEqual(await valuesOf(store, weights), [7, 7, 1, 2, 3, 4, 7, 7]);
  assert.deepEqual(new Set(await valuesOf(store, slot)), new Set([Math.fround(0.1)]));
  // Rows that are as they start take no memory.
  assert.equal(store.statsOf(table).rows, 2);
  using part = tensor('float32', [2, 2], new Float32Array(4));
  await store.read(weights, 2, part);
  assert.deepEqual([...part.data('float32')], [3, 4, 7, 7]);
  await assert.rejects(store.read(weights, 3, part), /reading "a": /);
});

test('a store that was disposed of is not used again', (t) => {
  const store = newStore(t);
  store.dispose();
  assert.throws(() => store.reset(), /used after dispose/);
});
