import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { differingTensors, tensorsOf } from '../support/checkpoints.js';
import { runCliOk } from '../support/cli.js';
import { SMALL, smallModel } from '../support/small_model.js';

test('two trainings with one seed on one thread write the same checkpoints, one with another seed does not', async (t) => {
  const folder = smallModel(t);
  const train = async (name: string, ...flags: readonly string[]): Promise<string> => {
    await runCliOk(['train', ...SMALL, '--model_dir', name, ...flags], { cwd: folder });
    return join(folder, name);
  };
  const first = await train('first', '--seed', '7');
  const second = await train('second', '--seed', '7');
  const other = await train('other', '--seed', '8');

  for (const step of [0, 4, 8, 12]) {
    const checkpoint = `model.ckpt-${step}`;
    assert.deepEqual(differingTensors(join(first, checkpoint), join(second, checkpoint)), []);
  }
  const names = [...tensorsOf(join(first, 'model.ckpt-12')).keys()];
  const trained = names.filter((name) => /(embedding_weights|kernel)$/.test(name));
  assert.ok(trained.length >= 4, names.join());
  // The initial values differ already.
  for (const checkpoint of ['model.ckpt-0', 'model.ckpt-12']) {
    const differing = differingTensors(join(first, checkpoint), join(other, checkpoint));
    assert.deepEqual(
      trained.filter((name) => !differing.includes(name)),
      [],
    );
  }
});

test('every step changes every variable that is trained', async (t) => {
  const folder = smallModel(t);
  await runCliOk(['train', ...SMALL], { cwd: folder });
  const at = (step: number): string => join(folder, 'model', `model.ckpt-${step}`);
  const differing = differingTensors(at(8), at(12));
  const still = [...tensorsOf(at(12)).keys()].filter((name) => !differing.includes(name));
  assert.deepEqual(still, []);
});
