import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anchorBoxes, decodeBoxes, encodeBoxes } from '../../../easyrec/serving/detector/index.js';
import { Graph, makeStep, ops, type Output, Session } from '../../../easyrec/tf/index.js';

function close(actual: readonly number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  for (const [i, value] of expected.entries()) {
    assert.ok(Math.abs((actual[i] ?? NaN) - value) < 1e-5, `${i}: ${actual.join(' ')}`);
  }
}

async function value(build: (graph: Graph) => Output): Promise<readonly number[]> {
  using graph = new Graph();
  const output = build(graph);
  await using session = Session.create(graph);
  const [result] = await session.run(makeStep({ fetches: [output] }), []);
  using tensor = result;
  return Array.from(tensor?.data('float32') ?? []);
}

const box = (graph: Graph, values: readonly number[]): Output =>
  ops.constant(graph, 'float32', values, [values.length / 4, 4]);

test("offsets are SSD's", async () => {
  const offsets = await value((g) => encodeBoxes(box(g, [0.5, 0.6, 0.4, 0.1]), box(g, [0.4, 0.6, 0.2, 0.2])));
  // 0.1 / 0.2 / 0.1, 0, ln(2) / 0.2, ln(1/2) / 0.2
  close(offsets, [5, 0, 3.4657359, -3.4657359]);
});

test('decoding gives the corners of what was encoded', async () => {
  const anchors = [0.5, 0.5, 1, 1, 0.25, 0.75, 0.1, 0.3];
  const corners = await value((g) =>
    decodeBoxes(
      encodeBoxes(box(g, [0.5, 0.4, 0.2, 0.6, 0.3, 0.7, 0.2, 0.1]), box(g, anchors)),
      box(g, anchors),
    ),
  );
  close(corners, [0.4, 0.1, 0.6, 0.7, 0.2, 0.65, 0.4, 0.75]);
});

test('anchors lie row by row from edge to edge', () => {
  assert.deepEqual(anchorBoxes([{ h: 2, w: 1, stride: 0.5 }]), [
    { cy: 0, cx: 0, h: 2, w: 1 },
    { cy: 0, cx: 0.5, h: 2, w: 1 },
    { cy: 0, cx: 1, h: 2, w: 1 },
    { cy: 1, cx: 0, h: 2, w: 1 },
    { cy: 1, cx: 0.5, h: 2, w: 1 },
    { cy: 1, cx: 1, h: 2, w: 1 },
  ]);
});
