import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Graph, loadOpLibrary, makeStep, Session, tensor } from '../../easyrec/tf/index.js';
import { opLibrary } from './support.js';

function zeroOut(
  shape: readonly number[],
  values: readonly number[],
): { shape: readonly number[]; values: number[] } {
  loadOpLibrary(opLibrary('zero_out'));
  using graph = new Graph();
  const x = graph.op('Placeholder', [], { dtype: 'int32' }).output();
  const y = graph.op('ZeroOut', [x]).output();
  const session = Session.create(graph);
  using feed = tensor('int32', shape, values);
  const [result] = session.runSync(makeStep({ feeds: [x], fetches: [y] }), [feed]);
  if (!result) throw new Error('one tensor was fetched');
  using owned = result;
  return { shape: owned.shape, values: [...owned.data('int32')] };
}

describe('ZeroOut', () => {
  test('keeps the first element of a tensor of any rank', () => {
    assert.deepEqual(zeroOut([2, 2], [1, 2, 3, 4]), { shape: [2, 2], values: [1, 0, 0, 0] });
    assert.deepEqual(zeroOut([5], [-5, 4, 3, 2, 1]), { shape: [5], values: [-5, 0, 0, 0, 0] });
    assert.deepEqual(zeroOut([], [9]), { shape: [], values: [9] });
  });

  test('keeps an empty tensor empty', () => {
    assert.deepEqual(zeroOut([0, 3], []), { shape: [0, 3], values: [] });
  });

  test('tells the shape of the output while the graph is built', () => {
    loadOpLibrary(opLibrary('zero_out'));
    using graph = new Graph();
    const x = graph.op('Placeholder', [], { dtype: 'int32', shape: [-1, 3] }).output();
    assert.deepEqual(graph.op('ZeroOut', [x]).output().shape, [-1, 3]);
  });
});
