import { join } from 'node:path';
import { Graph, ops, type Output, Session, writeSavedModel } from '../../../easyrec/tf/index.js';

/** Ids of the model `multi` are below this. */
export const ROWS = 10;

/**
 * Writes version 1 of three models: `single` (y = 3 x), `multi` (inputs of four types; TensorFlow itself refuses an id
 * that is none) and `examples` (classifies and regresses: each example is as much as it has bytes).
 */
export async function writeFuzzModels(root: string): Promise<readonly string[]> {
  await write(join(root, 'single/1'), (graph) => {
    const x = ops.placeholder(graph, 'float32', [-1], 'x');
    const y = graph.op('Mul', [x, ops.constant(graph, 'float32', 3)]).output();
    return { serving_default: [{ x }, { y }] };
  });
  await write(join(root, 'multi/1'), (graph) => {
    const x = ops.placeholder(graph, 'float32', [-1, 2], 'x');
    const id = ops.placeholder(graph, 'int64', [-1], 'id');
    const word = ops.placeholder(graph, 'string', [-1], 'word');
    const flag = ops.placeholder(graph, 'bool', [-1], 'flag');
    const table = ops.constant(
      graph,
      'float32',
      Array.from({ length: ROWS }, (_, i) => i / 4),
    );
    const value = graph.op('GatherV2', [table, id, ops.constant(graph, 'int32', 0)]).output();
    const sum = graph.op('Sum', [x, ops.ints(graph, [1])]).output();
    const not = graph.op('LogicalNot', [flag]).output();
    const echo = graph.op('Identity', [word]).output();
    return {
      serving_default: [
        { x, id, word, flag },
        { value, sum, not, echo_bytes: echo },
      ],
    };
  });
  await write(join(root, 'examples/1'), (graph) => {
    const inputs = ops.placeholder(graph, 'string', [-1], 'inputs');
    const outputs = ops.cast(graph.op('StringLength', [inputs]).output(), 'float32');
    const scores = ops.reshape(outputs, [-1, 1]);
    return { serving_default: [{ inputs }, { scores }], regress: [{ inputs }, { outputs }] };
  });
  return ['single', 'multi', 'examples'];
}

type Ends = Readonly<Record<string, Output>>;

async function write(
  directory: string,
  build: (graph: Graph) => Readonly<Record<string, readonly [inputs: Ends, outputs: Ends]>>,
): Promise<void> {
  using graph = new Graph();
  const signatures = Object.entries(build(graph)).map(
    ([name, [inputs, outputs]]) =>
      [name, { inputs: new Map(Object.entries(inputs)), outputs: new Map(Object.entries(outputs)) }] as const,
  );
  await using session = Session.create(graph);
  await writeSavedModel(directory, { session, variables: [], signatures: new Map(signatures) });
}
