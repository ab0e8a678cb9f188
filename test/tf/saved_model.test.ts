import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { NativeError, UserError } from '../../easyrec/errors.js';
import type { Asset, ExportedVariable, SavedModelContent } from '../../easyrec/tf/index.js';
import {
  Graph,
  loadSavedModel,
  makeStep,
  ops,
  readSavedModel,
  Session,
  tensor,
  writeSavedModel,
} from '../../easyrec/tf/index.js';
import { runOnFullDisk } from '../support/full_disk.js';
import { ORACLE_VERSIONS, runPython, skipWithoutTensorflow } from '../support/python.js';
import { withTempFolder } from '../support/temp_folder.js';

const BUCKETS = 7;
const TABLE = Array.from({ length: 2 * BUCKETS }, (_, i) => i / 4 - 1);

interface Model extends AsyncDisposable {
  readonly graph: Graph;
  readonly session: Session;
  readonly content: SavedModelContent;
}

/** score = sum of a word's two table cells plus x; total = a counter. */
async function buildModel(assets: readonly Asset[] = []): Promise<Model> {
  const graph = new Graph();
  const table = variable(graph, 'deep/table', 'float32', [BUCKETS, 2], true);
  const step = variable(graph, 'global_step', 'int64', [], false);
  const text = variable(graph, 'text', 'string', [], false);
  // As lookup tables do: when the model has been loaded, an asset is read from where it then is.
  const path = ops.constant(graph, 'string', '/not/there');
  const mainOp = ops.assign(text.handle, graph.op('ReadFile', [path]).output());
  const word = ops.placeholder(graph, 'string', [-1], 'input_0');
  const x = ops.placeholder(graph, 'float32', [-1], 'input_1');
  const rows = ops.resourceGather(table.handle, ops.stringToHashBucketFast(word, BUCKETS), 'float32');
  const sum = graph.op('Sum', [rows, ops.ints(graph, [1])], { keep_dims: false }).output();
  const score = graph.op('AddV2', [sum, x], {}, { name: 'score' }).output();
  const session = Session.create(graph);
  const targets = [
    ops.assign(table.handle, ops.constant(graph, 'float32', TABLE, [BUCKETS, 2])),
    ops.assign(step.handle, ops.constant(graph, 'int64', 41n)),
    ops.assign(text.handle, ops.constant(graph, 'string', 'before')),
  ];
  await session.run(makeStep({ targets }));
  // Nothing that a signature needs: it must not be exported.
  graph.op('RandomUniform', [ops.ints(graph, [2])], { dtype: 'float32' }, { name: 'training_only' });
  const content: SavedModelContent = {
    session,
    variables: [table, step, text],
    assets: [...assets, { name: 'sub/text.txt', content: 'a\nb', tensor: path }],
    mainOp,
    metaGraphVersion: '1700000000',
    signatures: new Map([
      [
        'serving_default',
        {
          inputs: new Map([
            ['word', word],
            ['x', x],
          ]),
          outputs: new Map([
            ['score', score],
            ['total', ops.readVariable(step.handle, 'int64')],
            ['text', ops.readVariable(text.handle, 'string')],
          ]),
        },
      ],
    ]),
  };
  return {
    graph,
    session,
    content,
    [Symbol.asyncDispose]: async () => {
      await session.close();
      graph.dispose();
    },
  };
}

function variable(
  graph: Graph,
  name: string,
  dtype: 'float32' | 'int64' | 'string',
  shape: readonly number[],
  trainable: boolean,
): ExportedVariable {
  return { name, dtype, shape, trainable, handle: ops.varHandle(graph, name, dtype, shape) };
}

const WORDS = ['apple', '', 'ü', 'apple'];
const XS = [0, 1, -2, 100];

/** The rows that TensorFlow's Fingerprint64 puts WORDS into; checked against Python below. */
async function ownScores(directory: string): Promise<number[]> {
  await using model = await loadSavedModel(directory);
  const signature = model.signatures.get('serving_default');
  const feeds = ['word', 'x'].map((alias) => model.graph.output(signature?.inputs.get(alias)?.name ?? ''));
  const fetches = ['score', 'total', 'text'].map((alias) =>
    model.graph.output(signature?.outputs.get(alias)?.name ?? ''),
  );
  using words = tensor('string', [WORDS.length], WORDS);
  using xs = tensor('float32', [XS.length], XS);
  const [scores, total, text] = await model.session.run(makeStep({ feeds, fetches }), [words, xs]);
  assert.ok(scores && total && text);
  assert.deepEqual(text.strings(), ['a\nb']);
  assert.deepEqual([...total.data('int64')], [41n]);
  return [...scores.data('float32')];
}

const PYTHON_LOADS = `
import json, sys, tensorflow as tf
words, xs = json.loads(sys.argv[2]), json.loads(sys.argv[3])
out = {}
m = tf.saved_model.load(sys.argv[1])
r = m.signatures['serving_default'](word=tf.constant(words), x=tf.constant(xs, tf.float32))
out['v2'] = r['score'].numpy().tolist()
out['total'], out['text'] = int(r['total']), r['text'].numpy().decode()
out['variables'] = sorted(v.name for v in m.variables)
out['hash'] = tf.strings.to_hash_bucket_fast(words, 7).numpy().tolist()
with tf.Graph().as_default(), tf.compat.v1.Session() as s:
  g = tf.compat.v1.saved_model.loader.load(s, ['serve'], sys.argv[1])
  d = g.signature_def['serving_default']
  out['v1'] = s.run(d.outputs['score'].name, {d.inputs['word'].name: words, d.inputs['x'].name: xs}).tolist()
  out['text1'] = s.run(d.outputs['text'].name).decode()
  out['method'] = d.method_name
  out['trainable'] = [v.name for v in tf.compat.v1.trainable_variables()]
  out['assets'] = [x.decode() for x in s.run(tf.compat.v1.get_collection(tf.compat.v1.GraphKeys.ASSET_FILEPATHS))]
  s.run(tf.compat.v1.global_variables_initializer())
  out['zeros'] = float(abs(s.run(tf.compat.v1.trainable_variables()[0])).sum())
  out['again'] = tf.compat.v1.train.Saver().save(s, sys.argv[4])
out['checkpoint'] = [[n, list(s)] for n, s in tf.train.list_variables(sys.argv[1] + '/variables/variables')]
print(json.dumps(out))
`;

for (const version of ORACLE_VERSIONS) {
  test(
    `Python TensorFlow ${version} loads a written model`,
    { skip: skipWithoutTensorflow(version) },
    async () => {
      await withTempFolder(async (folder) => {
        await using model = await buildModel([{ name: 'more', content: '' }]);
        const directory = join(folder, 'model');
        await writeSavedModel(directory, model.content);
        const args = [directory, JSON.stringify(WORDS), JSON.stringify(XS), join(folder, 'resaved')];
        const received = JSON.parse(await runPython(version, PYTHON_LOADS, args)) as Record<string, unknown>;
        const scores = (received['hash'] as number[]).map(
          (row, i) => (TABLE[2 * row] ?? NaN) + (TABLE[2 * row + 1] ?? NaN) + (XS[i] ?? NaN),
        );
        assert.deepEqual(await ownScores(directory), scores);
        assert.deepEqual(received, {
          v1: scores,
          v2: scores,
          total: 41,
          text: 'a\nb',
          text1: 'a\nb',
          hash: received['hash'],
          variables: ['deep/table:0', 'global_step:0', 'text:0'],
          trainable: ['deep/table:0'],
          method: 'tensorflow/serving/predict',
          assets: ['more', '/not/there'],
          zeros: 0,
          again: join(folder, 'resaved'),
          checkpoint: [
            ['deep/table', [BUCKETS, 2]],
            ['global_step', []],
            ['text', []],
          ],
        });
      });
    },
  );
}

test('writes the folder that TensorFlow expects and nothing else', async () => {
  await withTempFolder(async (folder) => {
    const source = join(folder, 'source.config');
    writeFileSync(source, 'model_dir: "x"');
    await using model = await buildModel([{ name: 'pipeline.config', source }]);
    await writeSavedModel(join(folder, 'new/model'), model.content);
    assert.deepEqual(readdirSync(join(folder, 'new'), { recursive: true }).sort(), [
      'model',
      'model/assets',
      'model/assets/pipeline.config',
      'model/assets/sub',
      'model/assets/sub/text.txt',
      'model/saved_model.pb',
      'model/variables',
      'model/variables/variables.data-00000-of-00001',
      'model/variables/variables.index',
    ]);
    assert.equal(readFileSync(join(folder, 'new/model/assets/pipeline.config'), 'utf8'), 'model_dir: "x"');
    await assert.rejects(
      writeSavedModel(join(folder, 'new/model'), model.content),
      (error: unknown) => error instanceof UserError && /received .*model, which exists/.test(error.message),
    );
  });
});

test('leaves out nodes that no signature needs, devices and default attributes', async () => {
  await withTempFolder(async (folder) => {
    await using model = await buildModel();
    await writeSavedModel(join(folder, 'model'), model.content);
    const [metaGraph] = readSavedModel(join(folder, 'model')).meta_graphs ?? [];
    const nodes = metaGraph?.graph_def?.node ?? [];
    assert.ok(nodes.some(({ name }) => name === 'score'));
    assert.deepEqual(
      nodes.filter(({ name, op }) => name === 'training_only' || op === 'RandomUniform'),
      [],
    );
    const attrs = (op: string): string[] =>
      Object.keys(nodes.find((node) => node.op === op)?.attr ?? {}).sort();
    assert.deepEqual(attrs('ResourceGather'), ['Tindices', 'dtype']);
    // keep_dims=false and Tidx=int32 are the defaults.
    assert.deepEqual(attrs('Sum'), ['T']);
    assert.deepEqual(attrs('VarHandleOp'), ['dtype', 'shape', 'shared_name']);
    const info = metaGraph?.meta_info_def;
    assert.deepEqual([info?.meta_graph_version, info?.stripped_default_attrs], ['1700000000', true]);
    const listed = info?.stripped_op_list?.op?.map(({ name }) => name) ?? [];
    assert.deepEqual(listed, [...new Set(nodes.map(({ op }) => op))].sort());
  });
});

test('a graph with functions keeps them', async () => {
  await withTempFolder(async (folder) => {
    using graph = new Graph();
    const twice = {
      signature: {
        name: 'twice',
        input_arg: [{ name: 'x', type: 1 }],
        output_arg: [{ name: 'y', type: 1 }],
      },
      node_def: [{ name: 'sum', op: 'AddV2', input: ['x', 'x'], attr: { T: { type: 1 } } }],
      ret: { y: 'sum:z:0' },
    };
    graph.importGraphDef({
      node: [
        {
          name: 'x',
          op: 'Placeholder',
          attr: { dtype: { type: 1 }, shape: { shape: { dim: [{ size: -1 }] } } },
        },
        { name: 'y', op: 'twice', input: ['x'] },
      ],
      library: { function: [twice] },
    });
    await using session = Session.create(graph);
    const inputs = new Map([['x', graph.output('x')]]);
    const outputs = new Map([['y', graph.output('y')]]);
    const signatures = new Map([['serving_default', { inputs, outputs, methodName: 'my/method' }]]);
    await writeSavedModel(join(folder, 'model'), { session, variables: [], signatures });
    await using model = await loadSavedModel(join(folder, 'model'));
    assert.deepEqual(model.signatures.get('serving_default'), {
      methodName: 'my/method',
      inputs: new Map([['x', { name: 'x:0', dtype: 'float32', shape: [-1] }]]),
      outputs: new Map([['y', { name: 'y:0', dtype: 'float32', shape: [-1] }]]),
    });
    using x = tensor('float32', [2], [1, 2]);
    const step = makeStep({ feeds: [model.graph.output('x')], fetches: [model.graph.output('y')] });
    const [y] = await model.session.run(step, [x]);
    assert.deepEqual([...(y?.data('float32') ?? [])], [2, 4]);
    const listed = model.metaGraph.meta_info_def?.stripped_op_list?.op?.map(({ name }) => name);
    assert.deepEqual(listed, ['AddV2', 'Placeholder']);
  });
});

test('says what a model folder lacks', async () => {
  await withTempFolder(async (folder) => {
    const says = (pattern: RegExp) => (error: unknown) =>
      error instanceof NativeError && pattern.test(error.message);
    await assert.rejects(loadSavedModel(join(folder, 'none')), says(/received .*none, which does not exist/));
    writeFileSync(join(folder, 'notes.txt'), '');
    await assert.rejects(
      loadSavedModel(folder),
      says(/expected a folder with saved_model\.pb, received .*, which holds notes\.txt$/),
    );
    await using model = await buildModel();
    const directory = join(folder, 'model');
    await writeSavedModel(directory, model.content);
    await assert.rejects(
      loadSavedModel(directory, { tags: ['serv'] }),
      says(/expected a graph tagged serv, found \[serve\]; did you mean "serve"\?/),
    );
    writeFileSync(join(directory, 'variables/variables.index'), 'not an index');
    await assert.rejects(
      loadSavedModel(directory),
      says(/saved model .*model: its variables are damaged or incomplete: DATA_LOSS/),
    );
    writeFileSync(join(directory, 'saved_model.pb'), Buffer.alloc(100, 0xff));
    await assert.rejects(loadSavedModel(directory), says(/saved model .*model: saved_model\.pb is damaged/));
  });
});

test('refuses a model whose variables are gone, which TensorFlow would load', async () => {
  await withTempFolder(async (folder) => {
    await using model = await buildModel();
    const directory = join(folder, 'model');
    await writeSavedModel(directory, model.content);
    rmSync(join(directory, 'variables'), { recursive: true });
    await assert.rejects(
      loadSavedModel(directory),
      /expected variables\/variables\.index, which is not there/,
    );
  });
});

test('names the ops that no loaded library registers, and the libraries beside the model', async () => {
  await withTempFolder(async (folder) => {
    await using model = await buildModel();
    const directory = join(folder, 'model');
    await writeSavedModel(directory, model.content);
    const file = join(directory, 'saved_model.pb');
    // An op type of the same length keeps the encoded message valid.
    const bytes = readFileSync(file)
      .toString('latin1')
      .replaceAll('StringToHashBucketFast', 'StringToHashBucketMine');
    writeFileSync(file, bytes, 'latin1');
    const op = /StringToHashBucketMine \(node "StringToHashBucketFast"|StringToHashBucketMine \(node "/;
    await assert.rejects(loadSavedModel(directory), op);
    await assert.rejects(loadSavedModel(directory), /its assets folder holds no op library/);
    writeFileSync(join(directory, 'assets/libmine.so'), '');
    await assert.rejects(loadSavedModel(directory), /load the op libraries .* first: .*assets\/libmine\.so/);
  });
});

test('writes nothing when an asset is missing or named outside the folder', async () => {
  await withTempFolder(async (folder) => {
    for (const [asset, message] of [
      [{ name: 'a', source: join(folder, 'none') }, /asset "a": no such file: .*none/],
      [{ name: '../a', content: '' }, /expected a name within the folder assets, received "\.\.\/a"/],
    ] as const) {
      await using model = await buildModel([asset]);
      await assert.rejects(writeSavedModel(join(folder, 'model'), model.content), message);
    }
    await using model = await buildModel([
      { name: 'a', content: '1' },
      { name: './a', content: '2' },
    ]);
    await assert.rejects(writeSavedModel(join(folder, 'model'), model.content), /received "\.\/a" twice/);
    // A folder where a file is to be copied from: the failure comes after the variables have been written.
    await using late = await buildModel([{ name: 'a', source: folder }]);
    await assert.rejects(writeSavedModel(join(folder, 'model'), late.content));
    assert.equal(existsSync(join(folder, 'model')), false);
    assert.deepEqual(readdirSync(folder), []);
    assert.ok(statSync(folder).isDirectory());
  });
});

test('leaves nothing behind when the disk is full', async () => {
  await withTempFolder(async (folder) => {
    const script = `
      const { Graph, makeStep, ops, Session, writeSavedModel } = await import(tf);
      const graph = new Graph();
      const session = Session.create(graph);
      const handle = ops.varHandle(graph, 'v', 'float32', [100000]);
      const value = ops.fill(ops.ints(graph, [100000]), ops.constant(graph, 'float32', 1));
      await session.run(makeStep({ targets: [ops.assign(handle, value)] }));
      const outputs = new Map([['v', ops.readVariable(handle, 'float32')]]);
      const signatures = new Map([['serving_default', { inputs: new Map(), outputs }]]);
      const variables = [{ name: 'v', dtype: 'float32', shape: [100000], trainable: true, handle }];
      await writeSavedModel(folder + '/model', { session, variables, signatures });`;
    const stdout = await runOnFullDisk(script, folder);
    assert.match(stdout, /^UserError .*\/model: the disk is full or a quota is used up \(.*File too large/);
    assert.deepEqual(readdirSync(folder), []);
  });
});
