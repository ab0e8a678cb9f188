import assert from 'node:assert/strict';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { DataError, UserError } from '../../easyrec/errors.js';
import type { DType, SavedVariable, Saver, TensorValues } from '../../easyrec/tf/index.js';
import {
  addSaver,
  CheckpointReader,
  Graph,
  makeStep,
  ops,
  restoreCheckpoint,
  Session,
  writeCheckpoint,
  writeCheckpointState,
} from '../../easyrec/tf/index.js';
import { runOnFullDisk } from '../support/full_disk.js';
import { ORACLE_VERSIONS, runPython, skipWithoutTensorflow } from '../support/python.js';
import { withTempFolder } from '../support/temp_folder.js';

interface Case {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly values: TensorValues;
}

// float16 as its bits: 1, -2 and 65504.
const CASES: readonly Case[] = [
  { name: 'global_step', dtype: 'int64', shape: [], values: [12345678901n] },
  { name: 'a/table', dtype: 'float32', shape: [3, 2], values: [1, 2, 3, -4, 0.5, 1e-30] },
  { name: 'a/double', dtype: 'float64', shape: [2], values: [0.1, -1e300] },
  { name: 'half', dtype: 'float16', shape: [3], values: new Uint16Array([0x3c00, 0xc000, 0x7bff]) },
  { name: 'flags', dtype: 'bool', shape: [2], values: [true, false] },
  { name: 'small', dtype: 'int32', shape: [1, 1], values: [-7] },
  { name: 'words', dtype: 'string', shape: [3], values: ['', 'short', 'ü'.repeat(50)] },
  { name: 'empty', dtype: 'float32', shape: [0, 4], values: [] },
];

interface Model {
  readonly graph: Graph;
  readonly saver: Saver;
  readonly initialize: (session: Session) => Promise<void>;
}

function buildModel(cases: readonly Case[] = CASES): Model {
  const graph = new Graph();
  const variables = cases.map(({ name, dtype, shape }): SavedVariable => ({
    name,
    dtype,
    shape,
    handle: ops.varHandle(graph, name, dtype, shape),
  }));
  const targets = cases.map(({ dtype, shape, values }, i) => {
    const handle = variables[i]?.handle;
    assert.ok(handle);
    return ops.assign(handle, ops.constant(graph, dtype, values, shape));
  });
  const step = makeStep({ targets });
  return {
    graph,
    saver: addSaver(graph, variables),
    initialize: async (session) => {
      await session.run(step);
    },
  };
}

/** The values of a tensor in a form that JSON keeps. */
function plain({ dtype, values }: Case): unknown[] {
  return Array.from(values as ArrayLike<unknown>, (value) => {
    if (dtype === 'float16') return { 0x3c00: 1, 0xc000: -2, 0x7bff: 65504 }[Number(value)];
    return typeof value === 'bigint' ? value.toString() : value;
  });
}

async function writeModel(folder: string, cases = CASES): Promise<string> {
  const model = buildModel(cases);
  using graph = model.graph;
  await using session = Session.create(graph);
  await model.initialize(session);
  const prefix = join(folder, 'model.ckpt-7');
  await writeCheckpoint(session, model.saver, prefix);
  return prefix;
}

const PYTHON_READS = `
import json, sys, tensorflow as tf
r = tf.train.load_checkpoint(sys.argv[1])
out = {}
for name, shape in r.get_variable_to_shape_map().items():
  v = r.get_tensor(name)
  if v.dtype == object: v = [x.decode() for x in v.ravel()]
  elif v.dtype == 'int64': v = [str(x) for x in v.ravel()]
  else: v = v.ravel().tolist()
  out[name] = [r.get_variable_to_dtype_map()[name].name, shape, v]
with tf.Graph().as_default():
  table = tf.compat.v1.get_variable('a/table', [3, 2])
  with tf.compat.v1.Session() as s:
    tf.compat.v1.train.Saver([table]).restore(s, tf.train.latest_checkpoint(sys.argv[2]))
    out['by saver'] = s.run(table).ravel().tolist()
print(json.dumps(out))
`;

const PYTHON_WRITES = `
import sys, tensorflow as tf
values = dict(step=tf.constant(9, tf.int64), half=tf.constant([1.5], tf.float16), flag=tf.constant([True, False]),
  words=tf.constant([['a', 'b' * 40]]), bytes=tf.constant([1, 255], tf.uint8), table=tf.constant([[1., 2.]]))
names = sorted(values)
tf.raw_ops.SaveV2(prefix=sys.argv[1], tensor_names=names, shape_and_slices=[''] * len(names),
  tensors=[values[n] for n in names])
`;

for (const version of ORACLE_VERSIONS) {
  const skip = skipWithoutTensorflow(version);

  test(`Python TensorFlow ${version} reads what was written`, { skip }, async () => {
    await withTempFolder(async (folder) => {
      const prefix = await writeModel(folder);
      await writeCheckpointState(folder, { latest: 'model.ckpt-7', all: ['model.ckpt-7'] });
      assert.deepEqual(readdirSync(folder).sort(), [
        'checkpoint',
        'model.ckpt-7.data-00000-of-00001',
        'model.ckpt-7.index',
      ]);
      const received = JSON.parse(await runPython(version, PYTHON_READS, [prefix, folder])) as Record<
        string,
        unknown
      >;
      const expected = Object.fromEntries(
        CASES.map((each) => [each.name, [each.dtype, each.shape, plain(each)]]),
      );
      const table = [1, 2, 3, -4, 0.5, Math.fround(1e-30)];
      assert.deepEqual(received, { ...expected, 'a/table': ['float32', [3, 2], table], 'by saver': table });
    });
  });

  test(`reads what Python TensorFlow ${version} wrote`, { skip }, async () => {
    await withTempFolder(async (folder) => {
      const prefix = join(folder, 'theirs');
      await runPython(version, PYTHON_WRITES, [prefix]);
      using reader = new CheckpointReader(prefix);
      assert.deepEqual(reader.entries(), [
        { name: 'bytes', dtype: 'uint8', shape: [2] },
        { name: 'flag', dtype: 'bool', shape: [2] },
        { name: 'half', dtype: 'float16', shape: [1] },
        { name: 'step', dtype: 'int64', shape: [] },
        { name: 'table', dtype: 'float32', shape: [1, 2] },
        { name: 'words', dtype: 'string', shape: [1, 2] },
      ]);
      assert.deepEqual([...reader.read('bytes').data('uint8')], [1, 255]);
      assert.deepEqual([...reader.read('flag').data('bool')], [1, 0]);
      assert.deepEqual([...reader.read('half').data('float16')], [0x3e00]);
      assert.deepEqual([...reader.read('step').data('int64')], [9n]);
      assert.deepEqual([...reader.read('table').data('float32')], [1, 2]);
      assert.deepEqual(reader.read('words').strings(), ['a', 'b'.repeat(40)]);
    });
  });
}

test('restores every dtype into another session', async () => {
  await withTempFolder(async (folder) => {
    const prefix = await writeModel(folder);
    const model = buildModel();
    using graph = model.graph;
    await using session = Session.create(graph);
    await restoreCheckpoint(session, model.saver, prefix);
    const fetches = model.saver.variables.map(({ handle, dtype }) => ops.readVariable(handle, dtype));
    const results = await session.run(makeStep({ fetches }));
    const received = results.map((result) =>
      result.dtype === 'string' ? result.strings() : Array.from<unknown, unknown>(result.numbers(), String),
    );
    using reader = new CheckpointReader(prefix);
    const expected = CASES.map(({ name, dtype }) => {
      using value = reader.read(name);
      return dtype === 'string' ? value.strings() : Array.from<unknown, unknown>(value.numbers(), String);
    });
    assert.deepEqual(received, expected);
    assert.deepEqual(expected[0], ['12345678901']);
    assert.deepEqual(
      results.map(({ shape }) => shape),
      CASES.map(({ shape }) => shape),
    );
  });
});

test('writes one shard a device and restores it', async () => {
  await withTempFolder(async (folder) => {
    using graph = new Graph();
    const variables = ['/device:CPU:0', '/job:localhost/device:CPU:0'].map((device, i): SavedVariable => {
      const name = `v${i}`;
      const attrs = { dtype: 'float32', shape: [1], shared_name: name } as const;
      return {
        name,
        dtype: 'float32',
        shape: [1],
        handle: graph.op('VarHandleOp', [], attrs, { name, device }).output(),
      };
    });
    const saver = addSaver(graph, variables);
    await using session = Session.create(graph);
    const targets = variables.map(({ handle }, i) =>
      ops.assign(handle, ops.constant(graph, 'float32', [i + 1])),
    );
    await session.run(makeStep({ targets }));
    const prefix = join(folder, 'model.ckpt-0');
    await writeCheckpoint(session, saver, prefix);
    assert.deepEqual(readdirSync(folder).sort(), [
      'model.ckpt-0.data-00000-of-00002',
      'model.ckpt-0.data-00001-of-00002',
      'model.ckpt-0.index',
    ]);
    using reader = new CheckpointReader(prefix);
    assert.deepEqual([...reader.read('v1').data('float32')], [2]);
  });
});

test('says what is wrong with a checkpoint that is missing or damaged', async () => {
  await withTempFolder(async (folder) => {
    assert.throws(
      () => new CheckpointReader(join(folder, 'none')),
      (error: unknown) =>
        error instanceof DataError &&
        /checkpoint .*none: not found: expected .*none\.index/.test(error.message),
    );
    const prefix = await writeModel(folder);
    using reader = new CheckpointReader(prefix);
    assert.throws(() => reader.read('a/tabel'), /no tensor "a\/tabel" among its 8; did you mean "a\/table"/);

    const data = `${prefix}.data-00000-of-00001`;
    const intact = readFileSync(data);
    const model = buildModel();
    using graph = model.graph;
    await using session = Session.create(graph);
    writeFileSync(data, Buffer.from(intact).fill(0x55));
    await assert.rejects(
      restoreCheckpoint(session, model.saver, prefix),
      (error: unknown) =>
        error instanceof DataError && /damaged or incomplete: DATA_LOSS/.test(error.message),
    );
    truncateSync(data, 4);
    await assert.rejects(
      restoreCheckpoint(session, model.saver, prefix),
      (error: unknown) => error instanceof DataError,
    );

    const index = readFileSync(`${prefix}.index`);
    truncateSync(`${prefix}.index`, index.length - 10);
    assert.throws(
      () => new CheckpointReader(prefix),
      (error: unknown) =>
        error instanceof DataError &&
        /model\.ckpt-7: damaged or incomplete: .*; restore its files/.test(error.message),
    );
  });
});

test('names the variables that a checkpoint lacks or has in another shape', async () => {
  await withTempFolder(async (folder) => {
    const prefix = await writeModel(folder);
    const model = buildModel([
      { name: 'a/tables', dtype: 'float32', shape: [3, 2], values: [1, 2, 3, 4, 5, 6] },
      { name: 'small', dtype: 'int32', shape: [2], values: [1, 2] },
      { name: 'flags', dtype: 'int32', shape: [2], values: [1, 2] },
    ]);
    using graph = model.graph;
    await using session = Session.create(graph);
    await assert.rejects(
      restoreCheckpoint(session, model.saver, prefix),
      /does not fit this model: no tensor "a\/tables"; did you mean "a\/table".*\?; "small": expected int32\[2\], received int32\[1, 1\]; "flags": expected int32\[2\], received bool\[2\]/,
    );
  });
});

test('replaces a checkpoint of the same name', async () => {
  await withTempFolder(async (folder) => {
    await writeModel(folder);
    const prefix = await writeModel(folder, [{ name: 'v', dtype: 'int32', shape: [1], values: [5] }]);
    using reader = new CheckpointReader(prefix);
    assert.deepEqual(reader.names, ['v']);
    assert.deepEqual([...reader.read('v').data('int32')], [5]);
  });
});

test('leaves nothing behind when the disk is full', async () => {
  await withTempFolder(async (folder) => {
    const script = `
      const { addSaver, Graph, makeStep, ops, Session, writeCheckpoint } = await import(tf);
      const graph = new Graph();
      const handle = ops.varHandle(graph, 'v', 'float32', [100000]);
      const saver = addSaver(graph, [{ name: 'v', dtype: 'float32', shape: [100000], handle }]);
      const session = Session.create(graph);
      const value = ops.fill(ops.ints(graph, [100000]), ops.constant(graph, 'float32', 1));
      await session.run(makeStep({ targets: [ops.assign(handle, value)] }));
      await writeCheckpoint(session, saver, folder + '/model.ckpt-1');`;
    const stdout = await runOnFullDisk(script, folder);
    assert.match(
      stdout,
      /^UserError .*model\.ckpt-1: the disk is full or a quota is used up \(.*File too large/,
    );
    assert.deepEqual(readdirSync(folder), []);
  });
});

test('refuses a folder that cannot be written to', async () => {
  await withTempFolder(async (folder) => {
    writeFileSync(join(folder, 'file'), '');
    await assert.rejects(
      writeModel(join(folder, 'file')),
      (error: unknown) =>
        error instanceof UserError && /model\.ckpt-7: cannot be written/.test(error.message),
    );
  });
});
