import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { adaptivelyBatched } from '../../../easyrec/serving/batching/batching.js';
import type { ServableModel, ServableTensor } from '../../../easyrec/serving/servable.js';
import { SavedModelServable } from '../../../easyrec/serving/saved_model_servable.js';
import { loadSavedModel } from '../../../easyrec/tf/index.js';
import { LOOKUP_ROWS, writeLookup } from '../lookup_model.js';
import { floats, plain, strings } from './support.js';

const folder = mkdtempSync(join(tmpdir(), 'easyrec-batching-'));
let model: ServableModel;

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
  const calls = Array.from({ length: 200 }, (_, i) => [i % LOOKUP_ROWS, (i + 3) % LOOKUP_ROWS]);
  const bad = model.run({ signatureName: 'serving_default', inputs: request([1, LOOKUP_ROWS]) });
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
