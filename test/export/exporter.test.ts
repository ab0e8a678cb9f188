import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'node:test';
import { DataError, GraphError, NativeError, UserError } from '../../easyrec/errors.js';
import type { ExportOptions, InferenceGraph } from '../../easyrec/export/exporter.js';
import { exportModel } from '../../easyrec/export/exporter.js';
import { checkProvided, libraryOps } from '../../easyrec/export/graph_ops.js';
import { readExportRecord } from '../../easyrec/trust/export_record.js';
import { SILENT_LOG } from '../../easyrec/log.js';
import {
  addSaver,
  Graph,
  loadLibtensorflow,
  loadOpLibrary,
  loadSavedModel,
  makeStep,
  ops,
  readSavedModel,
  Session,
  tensor,
  writeCheckpoint,
} from '../../easyrec/tf/index.js';
import { ORACLE_VERSIONS, runPython, skipWithoutTensorflow } from '../support/python.js';
import { withTempFolder } from '../support/temp_folder.js';
import { callOf, compileLibrary, CXX_SYMBOL, ZERO_OUT } from './libraries.js';

/** probs = sigmoid(scale * first element of x), the rest of x zeroed by the op ZeroOut. */
function buildInferenceGraph(): InferenceGraph {
  loadOpLibrary(ZERO_OUT);
  const graph = new Graph();
  const handle = ops.varHandle(graph, 'scale', 'float32', []);
  const x = ops.placeholder(graph, 'int32', [-1], 'input_0');
  const zeroed = graph.scope('backbone/zeros', () => graph.op('ZeroOut', [x]).output());
  const product = graph
    .op('Mul', [ops.cast(zeroed, 'float32'), ops.readVariable(handle, 'float32')])
    .output();
  return {
    graph,
    variables: [{ name: 'scale', dtype: 'float32', shape: [], trainable: true, handle }],
    inputs: new Map([['x', x]]),
    outputs: new Map([
      ['logits', product],
      ['probs', graph.op('Sigmoid', [product]).output()],
    ]),
  };
}

const X = [4, 7, -2];
const LOGITS = [2, 0, 0];

async function writeModelCheckpoint(folder: string): Promise<string> {
  using graph = new Graph();
  const variables = (['scale', 'scale/Adam'] as const).map((name) => ({
    name,
    dtype: 'float32' as const,
    shape: [],
    handle: ops.varHandle(graph, name, 'float32', []),
  }));
  const saver = addSaver(graph, variables);
  await using session = Session.create(graph);
  const targets = variables.map(({ handle }) => ops.assign(handle, ops.constant(graph, 'float32', 0.5)));
  await session.run(makeStep({ targets }));
  const prefix = join(folder, 'model.ckpt-3');
  await writeCheckpoint(session, saver, prefix);
  return prefix;
}

async function withCheckpoint(use: (folder: string, options: ExportOptions) => Promise<void>): Promise<void> {
  await withTempFolder(async (folder) => {
    mkdirSync(join(folder, 'model_dir'));
    await use(folder, {
      buildInferenceGraph,
      checkpoint: await writeModelCheckpoint(join(folder, 'model_dir')),
      exportDir: join(folder, 'export'),
      pipelineConfigText: 'model_dir: "x"\n',
      log: SILENT_LOG,
    });
  });
}

async function logits(directory: string): Promise<number[]> {
  await using model = await loadSavedModel(directory);
  const signature = model.signatures.get('serving_default');
  const feeds = [model.graph.output(signature?.inputs.get('x')?.name ?? '')];
  const fetches = [model.graph.output(signature?.outputs.get('logits')?.name ?? '')];
  using x = tensor('int32', [X.length], X);
  const [result] = await model.session.run(makeStep({ feeds, fetches }), [x]);
  return [...(result?.data('float32') ?? [])];
}

const PYTHON_SERVES = `
import json, sys, tensorflow as tf
tf.load_op_library(sys.argv[1] + '/assets/libzero_out.so')
f = tf.saved_model.load(sys.argv[1]).signatures['serving_default']
r = f(x=tf.constant(json.loads(sys.argv[2])))
print(json.dumps({k: v.numpy().tolist() for k, v in r.items()}))
`;

for (const version of ORACLE_VERSIONS) {
  test(
    `Python TensorFlow ${version} serves an export with the op library in its assets`,
    { skip: skipWithoutTensorflow(version) },
    async () => {
      await withCheckpoint(async (_, options) => {
        const directory = await exportModel(options);
        const received = JSON.parse(
          await runPython(version, PYTHON_SERVES, [directory, JSON.stringify(X)]),
        ) as {
          logits: number[];
          probs: number[];
        };
        assert.deepEqual(received.logits, LOGITS);
        assert.deepEqual(await logits(directory), LOGITS);
        received.probs.forEach((value, i) => {
          assert.ok(Math.abs(value - 1 / (1 + Math.exp(-(LOGITS[i] ?? NaN)))) < 1e-6);
        });
      });
    },
  );
}

test("writes EasyRec's layout, with the op library that the graph uses", async () => {
  await withCheckpoint(async (folder, options) => {
    const notes = join(folder, 'notes.txt');
    writeFileSync(notes, 'n');
    const assetFiles = [{ name: 'sub/notes.txt', source: notes }];
    const before = Math.floor(Date.now() / 1000);
    const directory = await exportModel({ ...options, assetFiles, doneFile: 'DONE' });
    const version = Number(basename(directory));
    assert.ok(version >= before && version <= before + 600);
    assert.deepEqual(readdirSync(options.exportDir), [basename(directory)]);
    assert.deepEqual(readdirSync(directory, { recursive: true }).sort(), [
      'DONE',
      'assets',
      'assets.extra',
      'assets.extra/easyrec_export.json',
      'assets/libzero_out.so',
      'assets/op_libraries.json',
      'assets/pipeline.config',
      'assets/sub',
      'assets/sub/notes.txt',
      'saved_model.pb',
      'variables',
      'variables/variables.data-00000-of-00001',
      'variables/variables.index',
    ]);
    assert.equal(readFileSync(join(directory, 'DONE'), 'utf8'), 'ExportDone');
    assert.equal(readFileSync(join(directory, 'assets/pipeline.config'), 'utf8'), 'model_dir: "x"\n');
    assert.deepEqual(readFileSync(join(directory, 'assets/libzero_out.so')), readFileSync(ZERO_OUT));
    const [metaGraph] = readSavedModel(directory).meta_graphs ?? [];
    assert.equal(metaGraph?.meta_info_def?.meta_graph_version, basename(directory));
    assert.deepEqual(metaGraph.meta_info_def.tags, ['serve']);
    assert.deepEqual(Object.keys(metaGraph.signature_def ?? {}), ['serving_default']);
    const second = await exportModel(options);
    assert.notEqual(second, directory);
  });
});

test('leaves a record for servers: sums of the libraries, and that the op mixes rows', async () => {
  await withCheckpoint(async (_, options) => {
    const directory = await exportModel(options);
    const sum = createHash('sha256').update(readFileSync(ZERO_OUT)).digest('hex');
    assert.deepEqual(await readExportRecord(directory), {
      opLibraries: new Map([['libzero_out.so', sum]]),
      rowsIndependent: false,
      tensorflowVersion: loadLibtensorflow().version,
    });
  });
});

test('carries a library once when it is listed and in use', async () => {
  await withCheckpoint(async (_, options) => {
    const assetFiles = [{ name: 'ops/zero.so', source: ZERO_OUT }];
    const directory = await exportModel({ ...options, assetFiles });
    assert.deepEqual(readdirSync(join(directory, 'assets'), { recursive: true }).sort(), [
      'op_libraries.json',
      'ops',
      'ops/zero.so',
      'pipeline.config',
    ]);
    assert.match(
      readFileSync(join(directory, 'assets/op_libraries.json'), 'utf8'),
      /"file": "ops\/zero\.so"/,
    );
  });
});

test('refuses a library that would not load in the target version, or warns', async () => {
  await withCheckpoint(async (folder, options) => {
    const source = compileLibrary(folder, 'libcxx.so', callOf(CXX_SYMBOL));
    const incompatible: ExportOptions = {
      ...options,
      assetFiles: [{ name: 'libcxx.so', source }],
      // No such version is in any cache.
      targetVersion: '2.0.99',
    };
    await assert.rejects(
      exportModel(incompatible),
      (error: unknown) =>
        error instanceof NativeError && /would not load in TensorFlow 2\.0\.99/.test(error.message),
    );
    assert.equal(existsSync(options.exportDir), false);
    const warnings: string[] = [];
    const log = { ...SILENT_LOG, warn: (message: string) => warnings.push(message) };
    const directory = await exportModel({ ...incompatible, onIncompatible: 'warn', log });
    assert.equal(warnings.length, 1);
    assert.ok(existsSync(join(directory, 'assets/libcxx.so')));
  });
});

test('names op, node and component of an op that no library of the model registers', () => {
  using graph = buildInferenceGraph().graph;
  const uses = libraryOps(graph.toGraphDef());
  assert.deepEqual(
    uses.map(({ op, node, library }) => [op, node, library?.path]),
    [['ZeroOut', 'backbone/zeros/ZeroOut', ZERO_OUT]],
  );
  assert.throws(
    () => checkProvided(uses, [{ path: 'lib/liba.so', sha256: '', ops: ['A'] }]),
    (error: unknown) =>
      error instanceof GraphError &&
      /registers: ZeroOut \(node "backbone\/zeros\/ZeroOut", component "backbone\/zeros".*; listed are lib\/liba\.so \(A\)/.test(
        error.message,
      ),
  );
  assert.throws(
    () => checkProvided(uses, [], () => 'OverlapFeature'),
    /component "OverlapFeature".*listed are none/,
  );
  checkProvided(uses, [{ path: '', sha256: '', ops: ['ZeroOut'] }]);
});

test('leaves nothing behind when the checkpoint does not fit', async () => {
  await withCheckpoint(async (_, options) => {
    const missing = { ...options, checkpoint: `${options.checkpoint}0` };
    await assert.rejects(exportModel(missing), (error: unknown) => error instanceof DataError);
    assert.equal(existsSync(options.exportDir), false);
  });
});

test('clears older exports only when the new one is there', async () => {
  await withCheckpoint(async (folder, options) => {
    const clear = true;
    mkdirSync(join(options.exportDir, '123'), { recursive: true });
    await assert.rejects(exportModel({ ...options, clear, checkpoint: `${options.checkpoint}0` }));
    assert.deepEqual(readdirSync(options.exportDir), ['123']);
    const directory = await exportModel({ ...options, clear });
    assert.deepEqual(readdirSync(options.exportDir), [basename(directory)]);
    await assert.rejects(
      exportModel({ ...options, clear, exportDir: join(folder, 'model_dir') }),
      (error: unknown) => error instanceof UserError && /would remove .*model\.ckpt-3/.test(error.message),
    );
    await assert.rejects(exportModel({ ...options, clear, exportDir: '/' }), /expected a folder of exports/);
  });
});
