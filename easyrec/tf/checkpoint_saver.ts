import { GraphError } from '../errors.js';
import type { DType } from './dtype.js';
import { DTYPES } from './dtype.js';
import type { Graph, Operation, Output } from './graph.js';
import { native } from './native.js';
import { constant, identity, stack } from './ops/array.js';
import { assign, group, readVariable } from './ops/state.js';
import { elementCount, scalar } from './tensor.js';

/** A resource variable under the name it has in checkpoints. */
export interface SavedVariable {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly handle: Output;
}

/** The nodes of a graph that write its variables to a checkpoint and read them back. */
export interface Saver {
  readonly variables: readonly SavedVariable[];
  /** The checkpoint's prefix, a string scalar to feed. */
  readonly filename: Output;
  /** Writes the checkpoint and gives its prefix. */
  readonly save: Output;
  /** Sets all variables to what the checkpoint holds. */
  readonly restore: Operation;
}

// Restoring reads so many bytes at once: beside a table that is in use there is never a second copy of all tables.
const RESTORE_GROUP_BYTES = 64 * 2 ** 20;

/**
 * Adds the nodes that save and restore variables, under the names that Python's `tf.compat.v1.train.Saver` gives
 * them: `save/Const`, `save/Identity`, `save/restore_all`. The variables of one device make one shard.
 *
 * @param scope Default: `save`.
 * @throws GraphError when there are no variables or two have one name.
 */
export function addSaver(graph: Graph, variables: readonly SavedVariable[], scope = 'save'): Saver {
  if (variables.length === 0) throw new GraphError('saver: expected at least one variable, received none');
  const names = new Set<string>();
  for (const { name } of variables) {
    if (names.has(name)) throw new GraphError(`saver: expected distinct names, received "${name}" twice`);
    names.add(name);
  }
  return graph.rootScope(() =>
    graph.scope(scope, () => {
      const model = constantString(graph, 'model', 'filename');
      const filename = graph.op('PlaceholderWithDefault', [model], { shape: [] }, { name: 'Const' }).output();
      const save = addSave(graph, filename, variables);
      return { variables, filename, save, restore: addRestore(graph, filename, variables) };
    }),
  );
}

function addSave(graph: Graph, filename: Output, variables: readonly SavedVariable[]): Output {
  const shards = [...groupByDevice(variables)];
  // As TensorFlow's own sharded saver: each shard is written into a folder of its own, then all are merged.
  const folder = graph.op('StringJoin', [[filename, constantString(graph, '_temp/part')]]).output();
  const count = constant(graph, 'int32', shards.length);
  const written = shards.map(([device, members], i) => {
    const shard = constant(graph, 'int32', i);
    const prefix = graph.op('ShardedFilename', [folder, shard, count], {}, { device }).output();
    return { prefix, operation: saveShard(graph, { prefix, members, device }) };
  });
  const prefixes = written.map(({ prefix }) => prefix);
  const merge = graph.op(
    'MergeV2Checkpoints',
    [stack(prefixes), filename],
    {},
    {
      controlInputs: written.map(({ operation }) => operation),
    },
  );
  return graph.withControl([merge], () => identity(filename));
}

function saveShard(
  graph: Graph,
  { prefix, members, device }: { prefix: Output; members: readonly SavedVariable[]; device: string },
): Operation {
  const values = members.map(({ handle, dtype }) => {
    // A table that has been gathered from or scattered to is copied when it is read, unless this is called first.
    const shared = graph.op('DisableCopyOnRead', [handle], {}, { device: deviceOf(handle) });
    return graph.withControl([shared], () => readVariable(handle, dtype));
  });
  return graph.op('SaveV2', [prefix, ...namesAndSlices(graph, members), values], {}, { device });
}

function addRestore(graph: Graph, filename: Output, variables: readonly SavedVariable[]): Operation {
  const all: Operation[] = [];
  let before: readonly Operation[] = [];
  for (const members of groupBySize(variables)) {
    const device = members[0] === undefined ? '' : cpuOf(deviceOf(members[0].handle));
    const read = graph.op(
      'RestoreV2',
      [filename, ...namesAndSlices(graph, members)],
      { dtypes: members.map(({ dtype }) => dtype) },
      { controlInputs: before, device },
    );
    before = members.map(({ handle }, i) => assign(handle, identity(read.output(i))));
    all.push(...before);
  }
  return group(graph, all, 'restore_all');
}

function namesAndSlices(graph: Graph, members: readonly SavedVariable[]): [names: Output, slices: Output] {
  const names = constant(
    graph,
    'string',
    members.map(({ name }) => name),
  );
  return [
    names,
    constant(
      graph,
      'string',
      members.map(() => ''),
    ),
  ];
}

function groupByDevice(variables: readonly SavedVariable[]): Map<string, SavedVariable[]> {
  const shards = new Map<string, SavedVariable[]>();
  for (const variable of variables) {
    const device = cpuOf(deviceOf(variable.handle));
    shards.set(device, [...(shards.get(device) ?? []), variable]);
  }
  return shards;
}

/** Runs of variables on one device that are together no larger than what is restored at once. */
function groupBySize(variables: readonly SavedVariable[]): SavedVariable[][] {
  const groups: SavedVariable[][] = [];
  for (const members of groupByDevice(variables).values()) {
    let room = -1;
    for (const variable of members) {
      const bytes = elementCount(variable.shape) * DTYPES[variable.dtype].bytes;
      if (bytes > room) {
        groups.push([]);
        room = RESTORE_GROUP_BYTES;
      }
      room -= bytes;
      groups.at(-1)?.push(variable);
    }
  }
  return groups;
}

function deviceOf(output: Output): string {
  return native().TF_OperationDevice(output.op.handle);
}

/** The processor of the task that a device belongs to: files are not read or written by accelerators. */
function cpuOf(device: string): string {
  if (device === '') return '';
  const task = device.split('/').filter((part) => /^(job|replica|task):/.test(part));
  return [...task.map((part) => `/${part}`), '/device:CPU:0'].join('');
}

function constantString(graph: Graph, value: string, name = 'Const'): Output {
  using content = scalar('string', value);
  return graph.op('Const', [], { dtype: 'string', value: content }, { name }).output();
}
