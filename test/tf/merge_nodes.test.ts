import assert from 'node:assert/strict';
import test from 'node:test';
import { withTempFolder } from '../support/temp_folder.js';
import { join } from 'node:path';
import {
  Graph,
  loadSavedModel,
  makeStep,
  ops,
  type Output,
  readSavedModel,
  Session,
  tensor,
  writeSavedModel,
} from '../../easyrec/tf/index.js';
import { mergeNodes, replaceInputs } from '../../easyrec/tf/merge_nodes.js';

const node = (name: string, computes: string | null, ...inputs: readonly string[]) => ({
  name,
  computes,
  inputs,
});

test('alike nodes are merged, and then those that read them', () => {
  const merged = mergeNodes([
    node('x', null),
    node('a', 'Square', 'x'),
    node('b', 'Square', 'x'),
    node('c', 'Neg', 'a'),
    node('d', 'Neg', 'b'),
    node('e', 'Neg', 'x'),
  ]);
  assert.deepEqual(
    [...merged],
    [
      ['b', 'a'],
      ['d', 'c'],
    ],
  );
});

test('nodes that differ in an output, a control input or what they compute stay apart', () => {
  const merged = mergeNodes([
    node('x', null),
    node('y', null),
    node('a', 'Neg', 'x'),
    node('b', 'Neg', 'x:1'),
    node('c', 'Neg', 'x', '^y'),
    node('d', 'Abs', 'x'),
    node('f', null, 'x'),
    node('g', null, 'x'),
  ]);
  assert.deepEqual([...merged], []);
});

test('inputs name the nodes that stand for others, each control input once', () => {
  const merged = new Map([
    ['b', 'a'],
    ['n/c', 'n/d'],
  ]);
  assert.deepEqual(replaceInputs(['b', 'n/c:2', 'b', '^b', '^a', '^n/c', 'bb'], merged), [
    'a',
    'n/d:2',
    'a',
    '^a',
    '^n/d',
    'bb',
  ]);
});

/** Two lookups of the same words, two random numbers, and an output that is asked for under two names. */
function buildGraph(graph: Graph): ReadonlyMap<string, Output> {
  const word = ops.placeholder(graph, 'string', [-1], 'word');
  const table = graph
    .op('VarHandleOp', [], { dtype: 'float32', shape: [5, 2], shared_name: 't' }, { name: 't' })
    .output();
  const lookUp = (): Output => ops.resourceGather(table, ops.stringToHashBucketFast(word, 5), 'float32');
  const random = (): Output =>
    graph.op('RandomUniform', [ops.ints(graph, [2])], { dtype: 'float32', seed: 1, seed2: 1 }).output();
  return new Map([
    ['word', word],
    ['sum', ops.add(lookUp(), ops.mul(lookUp(), ops.constant(graph, 'float32', 3)))],
    ['first', graph.op('Identity', [word]).output()],
    ['second', graph.op('Identity', [word]).output()],
    ['difference', graph.op('Sub', [random(), random()]).output()],
    ['table', table],
  ]);
}

test('an export looks a feature up once, keeps its outputs and gives what the graph gives', async () => {
  await withTempFolder(async (folder) => {
    const directory = join(folder, 'model');
    using graph = new Graph();
    const { word, table, ...outputs } = Object.fromEntries(buildGraph(graph));
    assert.ok(word !== undefined && table !== undefined && outputs['sum'] !== undefined);
    const values = Array.from({ length: 10 }, (_, i) => i / 4 - 1);
    await using session = Session.create(graph);
    await session.run(
      makeStep({ targets: [ops.assign(table, ops.constant(graph, 'float32', values, [5, 2]))] }),
    );
    using words = tensor('string', [4], ['a', 'b', '', 'a']);
    const [expected] = await session.run(makeStep({ feeds: [word], fetches: [outputs['sum']] }), [words]);
    const signature = { inputs: new Map([['word', word]]), outputs: new Map(Object.entries(outputs)) };
    await writeSavedModel(directory, {
      session,
      variables: [{ name: 't', dtype: 'float32', shape: [5, 2], handle: table, trainable: true }],
      signatures: new Map([['serving_default', signature]]),
    });

    const nodes = readSavedModel(directory).meta_graphs?.[0]?.graph_def?.node ?? [];
    const count = (op: string): number => nodes.filter((each) => each.op === op).length;
    assert.equal(count('ResourceGather'), 1);
    assert.equal(count('StringToHashBucketFast'), 1);
    assert.equal(count('RandomUniform'), 2);
    await using model = await loadSavedModel(directory);
    const names = model.signatures.get('serving_default')?.outputs;
    assert.deepEqual(
      ['first', 'second'].map((alias) => names?.get(alias)?.name),
      ['first', 'second'].map((alias) => outputs[alias]?.name),
    );
    const fetches = [model.graph.output(names?.get('sum')?.name ?? '')];
    const [sum] = await model.session.run(makeStep({ feeds: [model.graph.output('word:0')], fetches }), [
      words,
    ]);
    assert.deepEqual(sum?.numbers(), expected?.numbers());
  });
});

test('every variable keeps the nodes that Python finds it by', async () => {
  await withTempFolder(async (folder) => {
    const directory = join(folder, 'model');
    using graph = new Graph();
    const shape = [2];
    const variables = ['a', 'b'].map((name) => {
      const attrs = { dtype: 'float32', shape, shared_name: name } as const;
      const handle = graph.op('VarHandleOp', [], attrs, { name }).output();
      return { name, dtype: 'float32', shape, handle, trainable: true } as const;
    });
    const zeros = ops.constant(graph, 'float32', [0, 0], shape);
    await using session = Session.create(graph);
    await session.run(makeStep({ targets: variables.map(({ handle }) => ops.assign(handle, zeros)) }));
    await writeSavedModel(directory, { session, variables, signatures: new Map() });

    const nodes = readSavedModel(directory).meta_graphs?.[0]?.graph_def?.node ?? [];
    const names = new Set(nodes.map(({ name }) => name));
    for (const each of ['a', 'b']) {
      for (const part of ['', '/Initializer/zeros', '/AssignVariableOp', '/ReadVariableOp']) {
        assert.ok(names.has(`${each}${part}`), `${each}${part}`);
      }
    }
  });
});
