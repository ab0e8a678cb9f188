import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { frameRecord } from '../../../easyrec/report/tfrecord.js';
import { readRecords } from '../../../easyrec/report/tfrecord_reader.js';
import { runPython, skipWithoutTensorflow } from '../../support/python.js';

const SCRIPT = `
import sys
import tensorflow as tf
with tf.io.TFRecordWriter(sys.argv[2]) as writer:
    for record in tf.data.TFRecordDataset(sys.argv[1]):
        writer.write(record.numpy() + b'!')
`;

const folder = mkdtempSync(join(tmpdir(), 'easyrec-tfrecord-'));
after(() => rmSync(folder, { recursive: true }));

test('TensorFlow reads our records and we read its', { skip: skipWithoutTensorflow('2.21') }, async () => {
  const [ours, theirs] = [join(folder, 'ours'), join(folder, 'theirs')];
  const payloads = ['', 'a', 'x'.repeat(100_000)];
  writeFileSync(ours, Buffer.concat(payloads.map((text) => frameRecord(Buffer.from(text)))));
  await runPython('2.21', SCRIPT, [ours, theirs]);
  const records: string[] = [];
  for await (const record of readRecords(theirs)) records.push(record.toString());
  assert.deepEqual(
    records,
    payloads.map((text) => `${text}!`),
  );
  assert.equal(readFileSync(theirs).length, readFileSync(ours).length + payloads.length);
});
