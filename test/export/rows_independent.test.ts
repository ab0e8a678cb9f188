import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { loadPipelineConfig } from '../../easyrec/config/load.js';
import { libraryOps } from '../../easyrec/export/graph_ops.js';
import { rowsIndependent } from '../../easyrec/export/rows_independent.js';
import { SILENT_LOG } from '../../easyrec/log.js';
import { packageFile } from '../../easyrec/package_files.js';
import type { Output } from '../../easyrec/tf/index.js';
import {
  decodeMessage,
  exportGraph,
  Graph,
  loadOpLibrary,
  makeStep,
  ops,
  Session,
  tensor,
  Variables,
} from '../../easyrec/tf/index.js';
import { placeholders } from '../../easyrec/train/feeds.js';
import { planModel } from '../../easyrec/train/model_plan.js';
import { buildTower } from '../../easyrec/train/tower.js';
import { ZERO_OUT } from './libraries.js';

const OVERLAP = packageFile('ops/lib/liboverlap.so');

interface Inputs {
  readonly graph: Graph;
  /** [B] */
  readonly x: Output;
  /** [B, 3] */
  readonly wide: Output;
  /** [B] */
  readonly text: Output;
}

function isIndependent(inputs: Iterable<Output>, outputs: readonly Output[]): boolean {
  const [first] = outputs;
  assert.ok(first !== undefined);
  const { graphDef } = exportGraph(
    first.graph,
    outputs.map(({ op }) => op),
  );
  return rowsIndependent({ inputs, outputs }, libraryOps(decodeMessage('GraphDef', graphDef)));
}

function isIndependentGraph(build: (inputs: Inputs) => Output): boolean {
  using graph = new Graph();
  const x = ops.placeholder(graph, 'float32', [-1], 'x');
  const wide = ops.placeholder(graph, 'float32', [-1, 3], 'wide');
  const text = ops.placeholder(graph, 'string', [-1], 'text');
  return isIndependent([x, wide, text], [build({ graph, x, wide, text })]);
}

const ints = (graph: Graph, values: readonly number[]): Output => ops.constant(graph, 'int32', values);
const floats = (graph: Graph, values: readonly number[]): Output => ops.constant(graph, 'float32', values);
const sum = (graph: Graph, x: Output, axes: readonly number[], keep = false): Output =>
  graph.op('Sum', [x, ints(graph, axes)], { keep_dims: keep }).output();

const BY_ROW: Readonly<Record<string, (inputs: Inputs) => Output>> = {
  'an element-wise op': ({ graph, x }) => graph.op('Exp', [x]).output(),
  'a constant for each column': ({ graph, wide }) =>
    graph.op('Mul', [wide, floats(graph, [1, 2, 3])]).output(),
  'a sum of columns': ({ graph, wide }) => sum(graph, wide, [1]),
  'a sum of columns counted from the end': ({ graph, wide }) => sum(graph, wide, [-1]),
  'a product with a constant matrix': ({ graph, wide }) => {
    const matrix = graph.op('Reshape', [floats(graph, [1, 2, 3]), ints(graph, [3, 1])]).output();
    return graph.op('MatMul', [wide, matrix]).output();
  },
  'columns side by side': ({ graph, wide }) =>
    graph.op('ConcatV2', [[wide, wide], ops.constant(graph, 'int32', 1)]).output(),
  'a column': ({ graph, wide }) => {
    const [begin, end, strides] = [
      [0, 1],
      [0, 2],
      [1, 1],
    ].map((values) => ints(graph, values));
    assert.ok(begin && end && strides);
    const masks = { begin_mask: 1, end_mask: 1, shrink_axis_mask: 2 };
    return graph.op('StridedSlice', [wide, begin, end, strides], masks).output();
  },
  'what stands in brackets of another shape': ({ graph, wide }) =>
    graph.op('Reshape', [wide, ints(graph, [-1, 1, 3])]).output(),
  'the words of each row, counted': ({ graph, text }) => {
    const split = graph.op('StringSplit', [text, ops.constant(graph, 'string', ' ')]);
    const [begin, end, strides] = [
      [0, 0],
      [0, 1],
      [1, 1],
    ].map((values) => ints(graph, values));
    assert.ok(begin && end && strides);
    const masks = { begin_mask: 1, end_mask: 1, shrink_axis_mask: 2 };
    const row = graph.op('StridedSlice', [split.output(0), begin, end, strides], masks).output();
    const length = graph.op('StringLength', [split.output(1)]).output();
    const rows = graph.op('Size', [text], { out_type: 'int32' }).output();
    return graph.op('UnsortedSegmentSum', [length, row, rows]).output();
  },
};

const MIXED: Readonly<Record<string, (inputs: Inputs) => Output>> = {
  'a sum of rows': ({ graph, wide }) => sum(graph, wide, [0]),
  'a sum of rows, spread again': ({ graph, wide }) =>
    graph.op('Sub', [wide, sum(graph, wide, [0], true)]).output(),
  'a sum of rows counted from the end': ({ graph, x }) => sum(graph, x, [-1]),
  'a softmax of rows': ({ graph, x }) => graph.op('Softmax', [x]).output(),
  'rows that are broadcast as columns': ({ graph, x, wide }) => graph.op('Add', [wide, x]).output(),
  'a constant for each row': ({ graph, x }) => graph.op('Mul', [x, floats(graph, [1, 2, 3])]).output(),
  'rows in reverse': ({ graph, x }) => graph.op('ReverseV2', [x, ints(graph, [0])]).output(),
  'another number of rows': ({ graph, wide }) => graph.op('Reshape', [wide, ints(graph, [-1])]).output(),
  'the first row': ({ graph, wide }) => {
    const [begin, end, strides] = [[0], [1], [1]].map((values) => ints(graph, values));
    assert.ok(begin && end && strides);
    return graph.op('StridedSlice', [wide, begin, end, strides]).output();
  },
  'the number of rows': ({ graph, x }) => {
    const count = graph.op('Size', [x], { out_type: 'int32' }).output();
    return graph.op('Mul', [x, ops.cast(count, 'float32')]).output();
  },
  'words in one list': ({ graph, text }) =>
    graph.op('StringSplit', [text, ops.constant(graph, 'string', ' ')]).output(1),
  'rows below each other': ({ graph, x }) =>
    graph.op('ConcatV2', [[x, x], ops.constant(graph, 'int32', 0)]).output(),
  'an output that has no rows': ({ graph }) => floats(graph, [1, 2]),
  'an op of a library': ({ graph, x }) => {
    loadOpLibrary(ZERO_OUT);
    return graph.op('ZeroOut', [ops.cast(x, 'int32')]).output();
  },
};

for (const [what, build] of Object.entries(BY_ROW)) {
  test(`rows stay apart in ${what}`, () => assert.equal(isIndependentGraph(build), true));
}

for (const [what, build] of Object.entries(MIXED)) {
  test(`rows may mix in ${what}`, () => assert.equal(isIndependentGraph(build), false));
}

test("the toolkit's own op for texts works row by row", () => {
  loadOpLibrary(OVERLAP);
  const build = ({ graph, text }: Inputs): Output =>
    graph.op('OverlapFgOp', [text, text], { methods: ['is_equal'] }).output();
  assert.equal(isIndependentGraph(build), true);
});

test('a loop is not known to keep rows apart', async () => {
  using graph = new Graph();
  const x = ops.placeholder(graph, 'float32', [-1], 'x');
  const enter = graph.op('Enter', [x], { frame_name: 'f' }).output();
  const merge = graph.op('Merge', [[enter, enter]]).output();
  const out = graph.op('Exit', [merge]).output();
  assert.equal(isIndependent([x], [out]), false);
  await using session = Session.create(graph);
  using value = tensor('float32', [1], [2]);
  const [result] = await session.run(makeStep({ feeds: [x], fetches: [out] }), [value]);
  assert.deepEqual([...(result?.data('float32') ?? [])], [2]);
});

for (const file of readdirSync(packageFile('configs')).filter((name) => name.endsWith('.config'))) {
  test(`the rows of ${basename(file, '.config')} stay apart`, () => {
    const config = loadPipelineConfig(join(packageFile('configs'), file), {});
    const plan = planModel(config, { log: SILENT_LOG, opLibraries: [OVERLAP] });
    using graph = new Graph();
    const variables = new Variables(graph, plan.seed);
    const columns = placeholders(graph, plan.input.features, ({ index }) => `input_${index}`);
    const tower = buildTower(plan, { graph, variables, mode: 'infer', columns });
    assert.equal(isIndependent(columns.values(), [...tower.predictions.values()]), true);
  });
}
