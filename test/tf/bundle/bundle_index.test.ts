import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { DataError } from '../../../easyrec/errors.js';
import { Random } from '../../../easyrec/input/random.js';
import { packageFile } from '../../../easyrec/package_files.js';
import { maskedCrc32c } from '../../../easyrec/report/crc32c.js';
import {
  bundleEntry,
  decodeBundleIndex,
  encodeBundleIndex,
  readBundleIndex,
  shardFile,
  type WholeEntry,
} from '../../../easyrec/tf/bundle/bundle_index.js';
import { CheckpointReader } from '../../../easyrec/tf/index.js';
import { ORACLE_VERSIONS, runPython, skipWithoutTensorflow } from '../../support/python.js';
import { temporaryFolder } from '../../support/temporary.js';

const GOLDEN = packageFile('test/golden/easyrec_adam_trace');
// What real EasyRec wrote. More such cases can be given as a folder of folders in EASYREC_REFERENCE.
const extra = process.env['EASYREC_REFERENCE'];
const FOLDERS = [GOLDEN, ...(extra === undefined ? [] : readdirSync(extra).map((name) => join(extra, name)))];
const PREFIXES = FOLDERS.filter((folder) => statSync(folder).isDirectory()).flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.index'))
    .map((name) => join(folder, name.slice(0, -'.index'.length))),
);

/** A tensor's bytes as its slices have them, with their CRC checked. */
function bytesOf(prefix: string, name: string): Buffer {
  const index = readBundleIndex(prefix);
  const { slices } = bundleEntry(index, name, prefix);
  const parts = slices.map(({ span }) => {
    const data = readFileSync(shardFile(prefix, span.shard, index.shards));
    const bytes = data.subarray(span.offset, span.offset + span.size);
    assert.equal(maskedCrc32c(bytes), span.crc, name);
    return bytes;
  });
  return Buffer.concat(parts);
}

/** Writes a checkpoint of float32 tensors of one element each, the value their number. */
function writeNumbers(prefix: string, names: readonly string[]): void {
  const data = Buffer.from(Float32Array.from(names.keys()).buffer);
  const entries = names.map((name, i): WholeEntry => {
    const [offset, size] = [4 * i, 4];
    const crc = maskedCrc32c(data.subarray(offset, offset + size));
    return { name, dtype: 'float32', shape: [1, 1], shard: 0, offset, size, crc };
  });
  writeFileSync(shardFile(prefix, 0, 1), data);
  writeFileSync(`${prefix}.index`, encodeBundleIndex(1, entries));
}

for (const prefix of PREFIXES) {
  test(`finds every tensor of EasyRec's checkpoint where TensorFlow finds it: ${prefix}`, () => {
    using reader = new CheckpointReader(prefix);
    const { entries } = readBundleIndex(prefix);
    assert.deepEqual([...entries.keys()].sort(), reader.names);
    for (const { name, dtype, shape } of reader.entries()) {
      assert.deepEqual([entries.get(name)?.dtype, entries.get(name)?.shape], [dtype, shape]);
      using value = reader.read(name);
      const { buffer, byteOffset, byteLength } = value.numbers();
      assert.ok(bytesOf(prefix, name).equals(Buffer.from(buffer, byteOffset, byteLength)), name);
    }
  });
}

test('an index that was decoded and encoded again says the same, to TensorFlow too', (t) => {
  const prefix = PREFIXES[0] ?? '';
  const index = readBundleIndex(prefix);
  const whole = [...index.entries.values()].map(({ name, dtype, shape, slices: [slice] }): WholeEntry => {
    assert.ok(slice);
    return { name, dtype, shape, ...slice.span };
  });
  const copy = join(temporaryFolder(t), 'copy');
  writeFileSync(`${copy}.index`, encodeBundleIndex(index.shards, whole.toReversed()));
  writeFileSync(shardFile(copy, 0, 1), readFileSync(shardFile(prefix, 0, 1)));
  assert.deepEqual(readBundleIndex(copy), index);
  using theirs = new CheckpointReader(prefix);
  using ours = new CheckpointReader(copy);
  assert.deepEqual(ours.entries(), theirs.entries());
  assert.deepEqual([...ours.read('global_step').numbers()], [...theirs.read('global_step').numbers()]);
});

test('names of all kinds and many blocks of them are found by TensorFlow', (t) => {
  const prefix = join(temporaryFolder(t), 'many');
  const names = ['ü', 'a', 'a/b', 'a b', `long${'-'.repeat(300)}`];
  for (let i = 0; i < 12_000; i++) names.push(`layer_${i % 7}/some/long/scope/variable_${i}`);
  writeNumbers(prefix, names);
  using reader = new CheckpointReader(prefix);
  assert.equal(reader.names.length, names.length);
  for (const i of [0, 1, 2, 3, 4, 5, 4000, names.length - 1]) {
    using value = reader.read(names[i] ?? '');
    assert.deepEqual([...value.data('float32')], [i]);
  }
  assert.equal(readBundleIndex(prefix).entries.size, names.length);
});

test('every byte of an index that is changed, and every place where it is cut off, is found', () => {
  const intact = readFileSync(join(GOLDEN, 'model.ckpt-20.index'));
  const expected = decodeBundleIndex(intact, 'model.ckpt-20');
  const random = new Random(7, 0, 0);
  for (let i = 0; i < 400; i++) {
    const damaged = Buffer.from(intact);
    const at = random.below(intact.length);
    damaged[at] = (damaged[at] ?? 0) ^ (1 + random.below(255));
    let found: unknown;
    try {
      // The padding of the footer and the empty block that it points to first mean nothing.
      assert.deepEqual(decodeBundleIndex(damaged, 'model.ckpt-20'), expected);
      assert.ok(at >= intact.length - 100, `byte ${at} was changed without being missed`);
    } catch (error) {
      found = error;
    }
    assert.ok(found === undefined || found instanceof DataError, `byte ${at}: ${String(found)}`);
  }
  for (let size = 0; size < intact.length; size += 7) {
    assert.throws(
      () => decodeBundleIndex(intact.subarray(0, size), 'model.ckpt-20'),
      (error: unknown) =>
        error instanceof DataError &&
        /^checkpoint model\.ckpt-20: damaged or incomplete: its index: it does not end as a table does/.test(
          error.message,
        ),
    );
  }
});

test('says that there is no index, or no such tensor in it', () => {
  assert.throws(
    () => readBundleIndex('no/model.ckpt-1'),
    (error: unknown) =>
      error instanceof DataError && error.message.startsWith('checkpoint no/model.ckpt-1: not found'),
  );
  const index = readBundleIndex(join(GOLDEN, 'model.ckpt-20'));
  assert.throws(
    () => bundleEntry(index, 'global_stp', 'x'),
    /^DataError: checkpoint x: no tensor "global_stp" among its \d+; did you mean "global_step"\?$/,
  );
});

const PYTHON_WRITES_SLICES = `
import sys, numpy as np, tensorflow as tf
tf.raw_ops.SaveV2(prefix=sys.argv[1], tensor_names=['table', 'table', 'table', 'wide', 'scalar', 'text'],
  shape_and_slices=['1000 2 0,100:-', '1000 2 100,800:-', '1000 2 900,100:-', '2 400 0,2:300,100', '', ''],
  tensors=[tf.reshape(tf.range(200, dtype=tf.float32), [100, 2]),
    tf.reshape(tf.range(200, 1800, dtype=tf.float32), [800, 2]), tf.reshape(tf.range(1800, 2000, dtype=tf.float32), [100, 2]),
    tf.zeros([2, 100]), tf.constant(3.0), tf.constant(['a', 'bc'])])
`;

const PYTHON_READS = `
import json, sys, tensorflow as tf
r = tf.train.load_checkpoint(sys.argv[1])
print(json.dumps({k: [v, r.get_tensor(k).ravel().tolist()] for k, v in r.get_variable_to_shape_map().items()}))
`;

for (const version of ORACLE_VERSIONS) {
  const skip = skipWithoutTensorflow(version);

  test(`finds the slices that Python TensorFlow ${version} wrote`, { skip }, async (t) => {
    const prefix = join(temporaryFolder(t), 'theirs');
    await runPython(version, PYTHON_WRITES_SLICES, [prefix]);
    const { entries } = readBundleIndex(prefix);
    assert.deepEqual([...entries.keys()].sort(), ['scalar', 'table', 'text', 'wide']);
    const parts = entries.get('table')?.slices.map(({ start, shape }) => [start, shape]);
    assert.deepEqual(parts, [
      [
        [0, 0],
        [100, 2],
      ],
      [
        [100, 0],
        [800, 2],
      ],
      [
        [900, 0],
        [100, 2],
      ],
    ]);
    const bytes = bytesOf(prefix, 'table');
    const floats = new Float32Array(new Uint8Array(bytes).buffer);
    assert.deepEqual([...floats], [...floats.keys()]);
    assert.deepEqual(entries.get('wide')?.slices[0]?.start, [0, 300]);
    const text = entries.get('text')?.slices[0]?.span;
    assert.ok(text);
    const end = text.offset + text.size;
    assert.equal(
      readFileSync(shardFile(prefix, 0, 1))
        .subarray(end - 3, end)
        .toString(),
      'abc',
    );
  });

  test(`Python TensorFlow ${version} reads an index of ours`, { skip }, async (t) => {
    const prefix = join(temporaryFolder(t), 'ours');
    writeNumbers(prefix, ['b', 'a/very/long/name', 'a', 'ü']);
    assert.deepEqual(JSON.parse(await runPython(version, PYTHON_READS, [prefix])), {
      a: [[1, 1], [2]],
      'a/very/long/name': [[1, 1], [1]],
      b: [[1, 1], [0]],
      ü: [[1, 1], [3]],
    });
  });
}
