import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { adaptivelyBatched } from '../../../easyrec/serving/batching/batching.js';
import type { ServableModel, ServableTensor } from '../../../easyrec/serving/servable.js';
import { SavedModelServable } from '../../../easyrec/serving/saved_model_servable.js';
import { Graph, loadSavedModel, ops, Session, writeSavedModel } from '../../../easyrec/tf/index.js';
import { floats, plain, strings } from './support.js';

const TABLE_ROWS = 10;
const folder = mkdtempSync(join(tmpdir(), 'easyrec-batching-'));
let model: ServableModel;

/** Looks a row of a table up by `id`: TensorFlow itself refuses an id that is none. */
async function writeLookup(directory: string): Promise<void> {
  using graph = new Graph();
  const id = graph.op('Placeholder', [], { dtype: 'int64', shape: [-1] }, { name: 'id' }).output();
  const word = graph.op('Placeholder', [], { dtype: 'string', shape: [-1] }, { name: 'word' }).output();
  const table = ops.constant(
    graph,
    'float32',
    Array.from({ length: TABLE_ROWS }, (_, i) => i / 4),
  );
  const zero = ops.constant(graph, 'int32', 0);
  const value = graph.op('GatherV2', [table, id, zero]).output();
  const echo = graph.op('Identity', [word]).output();
  await using session = Session.create(graph);
  const signature = {
    inputs: new Map([
      ['id', id],
      ['word', word],
    ]),
    outputs: new Map([
      ['value', value],
      ['echo', echo],
    ]),
  };
  await writeSavedModel(directory, {
    session,
    variables: [],
    signatures: new Map([['serving_default', signature]]),
  });
}

function request(ids: readonly number[]): ReadonlyMap<string, ServableTensor> {
  return new Map<string, ServableTensor>([
    ['id', { dtype: 'int64', shape: [ids.length], values: BigInt64Array.from(ids, BigInt) }],
    ['word', strings(ids.map((id) => `word ${id}`))],
  ]);
}

before(async () => {
  const directory = join(folder, '1');
  await writeLookup(directory);
  model = adaptivelyBatched(new SavedModelServable(await loadSavedModel(directory)));
});
after(async () => {
  await model.close();
  rmSync(folder, { recursive: true });
});

test('many concurrent requests to a SavedModel get their own rows, and a bad one among them its own error', async () => {
  const calls = Array.from({ length: 200 }, (_, i) => [i % TABLE_ROWS, (i + 3) % TABLE_ROWS]);
  const bad = model.run({ signatureName: 'serving_default', inputs: request([1, TABLE_ROWS]) });
  const refused = assert.rejects(bad, /^INVALID_ARGUMENT: indices\[1\] = 10 is not in \[0, 10\)/);
  const answers = await Promise.all(
    calls.map((ids) => model.run({ signatureName: 'serving_default', inputs: request(ids) })),
  );
  await refused;
  answers.forEach((answer, i) => {
    const ids = calls[i] ?? [];
    assert.deepEqual(plain(answer.get('value')), plain(floats(ids.map((id) => id / 4))));
    assert.deepEqual(
      plain(answer.get('echo')),
      ids.map((id) => `word ${id}`),
    );
  });
});
