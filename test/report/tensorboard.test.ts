import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { UserError } from '../../easyrec/errors.js';
import { EventWriter } from '../../easyrec/report/tensorboard.js';
import { Graph } from '../../easyrec/tf/index.js';
import { runPython, skipWithoutTensorflow } from '../support/python.js';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'easyrec-events-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const READ_GRAPH = `
import json, sys
import tensorflow as tf
graphs = [tf.compat.v1.GraphDef.FromString(e.graph_def)
          for e in tf.compat.v1.train.summary_iterator(sys.argv[1]) if e.graph_def]
print(json.dumps([[[n.name, n.op] for n in g.node] for g in graphs]))
`;

test('TensorFlow reads back the graph', { skip: skipWithoutTensorflow('2.21') }, async () => {
  using graph = new Graph();
  graph.op('NoOp', [], {}, { name: 'nothing' });
  const writer = new EventWriter(directory);
  writer.graph(graph.toGraphDefBytes());
  writer.close();
  const graphs: unknown = JSON.parse(await runPython('2.21', READ_GRAPH, [writer.path]));
  assert.deepEqual(graphs, [[['nothing', 'NoOp']]]);
});

const READ_EVENTS = `
import json, sys
import tensorflow as tf
events = []
for e in tf.compat.v1.train.summary_iterator(sys.argv[1]):
    events.append([e.wall_time, e.step, e.file_version, [[v.tag, str(v.simple_value)] for v in e.summary.value]])
print(json.dumps(events))
`;

test(
  'TensorFlow reads back every tag, value, step and time',
  { skip: skipWithoutTensorflow('2.21') },
  async () => {
    let now = 1_700_000_000_250;
    const writer = new EventWriter(directory, { now: () => now });
    writer.scalar('loss', 0.6875, 0);
    now += 500;
    writer.scalars({ 'eval/auc': 0.75, Größe_大小: -3, infinite: Infinity }, 2 ** 40 + 1);
    writer.close();
    const events: unknown = JSON.parse(await runPython('2.21', READ_EVENTS, [writer.path]));
    assert.deepEqual(events, [
      [1_700_000_000.25, 0, 'brain.Event:2', []],
      [1_700_000_000.25, 0, '', [['loss', '0.6875']]],
      [
        1_700_000_000.75,
        2 ** 40 + 1,
        '',
        [
          ['eval/auc', '0.75'],
          ['Größe_大小', '-3.0'],
          ['infinite', 'inf'],
        ],
      ],
    ]);
  },
);

test('names the file by second, host and suffix, in a folder made on demand', () => {
  const writer = new EventWriter(join(directory, 'a', 'b'), { suffix: '.v2', now: () => 1_700_000_000_999 });
  writer.close();
  assert.equal(basename(writer.path), `events.out.tfevents.1700000000.${hostname()}.v2`);
  assert.ok(statSync(writer.path).size > 0);
});

test('keeps records in memory until a flush, and flushes by itself after ten seconds', () => {
  let now = 0;
  using writer = new EventWriter(directory, { now: () => now });
  writer.scalar('loss', 1, 1);
  assert.equal(statSync(writer.path).size, 0);
  now = 10_000;
  writer.scalar('loss', 1, 2);
  assert.ok(statSync(writer.path).size > 0);
});

test('a full disk gives one clear error and loses nothing from the buffer', () => {
  const now = (): number => 1_700_000_000_000;
  const path = join(directory, `events.out.tfevents.1700000000.${hostname()}`);
  symlinkSync('/dev/full', path);
  const writer = new EventWriter(directory, { now });
  writer.scalar('loss', 1, 1);
  const noSpace = (error: unknown): boolean =>
    error instanceof UserError &&
    error.message.startsWith(`cannot write TensorBoard events to ${path}: no space left`);
  assert.throws(() => writer.flush(), noSpace);
  assert.throws(() => writer.flush(), noSpace);
  assert.throws(() => writer.close(), noSpace);
  assert.throws(() => writer.scalar('loss', 1, 2), /is closed/);
});

test('a folder that cannot be made is named in the error', () => {
  assert.throws(
    () => new EventWriter('/dev/null/logs'),
    (error: unknown) => error instanceof UserError && error.message.includes('/dev/null/logs'),
  );
});

test('the first record says the version of the file, framed as a TFRecord', () => {
  const writer = new EventWriter(directory, { now: () => 0 });
  writer.close();
  const bytes = readFileSync(writer.path);
  const length = Number(bytes.readBigUInt64LE(0));
  assert.equal(bytes.length, 8 + 4 + length + 4);
  assert.ok(bytes.subarray(12, 12 + length).includes('brain.Event:2'));
});
