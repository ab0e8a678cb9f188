import { initialRows } from '../layers/initial_rows.js';
import type { Graph, SavedVariable, Saver, Session } from '../tf/index.js';
import {
  addSaver,
  checkFits,
  checkpointProblem,
  makeStep,
  ops,
  restoreCheckpoint,
  scalar,
  TensorflowError,
} from '../tf/index.js';
import { type CheckpointContents, type CompactVariable, readCheckpoint } from './checkpoint_contents.js';
import { idsName, rowsName } from './compact_table.js';

/**
 * Sets the variables of a session to what a checkpoint holds, ordinary or compact: of a compact variable the rows that
 * are not in the checkpoint are computed anew.
 *
 * @throws DataError when there is no such checkpoint, it is damaged, or lacks a variable or has it in another shape
 *   or dtype; each such variable is named.
 */
export async function restoreVariables(session: Session, saver: Saver, prefix: string): Promise<void> {
  const contents = readCheckpoint(prefix);
  if (contents.compact.size === 0) {
    await restoreCheckpoint(session, saver, prefix);
    return;
  }
  checkFits(prefix, saver.variables, contents.entries);
  const { graph } = saver.filename;
  const whole = saver.variables.filter(({ name }) => !contents.compact.has(name));
  if (whole.length > 0) await restoreCheckpoint(session, addSaver(graph, whole, 'restore_whole'), prefix);
  for (const variable of saver.variables) {
    const compact = contents.compact.get(variable.name);
    // One after the other: beside the variables there is one table of random numbers at a time.
    if (compact !== undefined) await expand({ session, graph, variable, compact, contents });
  }
}

interface Expansion {
  readonly session: Session;
  readonly graph: Graph;
  readonly variable: SavedVariable;
  readonly compact: CompactVariable;
  readonly contents: CheckpointContents;
}

async function expand({ session, graph, variable, compact, contents }: Expansion): Promise<void> {
  const { handle, shape, dtype, name } = variable;
  const step = graph.rootScope(() =>
    graph.scope(`restore_compact/${name}`, () => {
      const seed = ops.constant(graph, 'int64', compact.description.seed);
      const start = ops.assign(handle, initialRows(compact.initial)(graph, shape, dtype, seed));
      const filename = ops.placeholder(graph, 'string', [], 'filename');
      const names = ops.constant(graph, 'string', [idsName(compact.table), rowsName(name)]);
      const whole = ops.constant(graph, 'string', ['', '']);
      const stored = graph.op('RestoreV2', [filename, names, whole], { dtypes: ['int64', dtype] });
      const update = graph.withControl([start], () =>
        ops.resourceScatterUpdate(handle, stored.output(0), stored.output(1)),
      );
      return makeStep({ feeds: [filename], targets: [update] });
    }),
  );
  using filename = scalar('string', contents.prefix);
  try {
    await session.run(step, [filename]);
  } catch (error) {
    throw error instanceof TensorflowError ? checkpointProblem(contents.prefix, error) : error;
  }
}
