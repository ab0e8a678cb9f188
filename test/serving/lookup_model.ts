import { ops } from '../../easyrec/tf/index.js';
import { writePlainModel } from '../support/plain_model.js';

/** Ids are below this. */
export const LOOKUP_ROWS = 10;

/**
 * Writes a SavedModel that looks `value = id / 4` up in a table and gives back `word`: TensorFlow itself refuses an `id`
 * that is none.
 */
export function writeLookup(directory: string): Promise<void> {
  return writePlainModel(directory, (graph) => {
    const id = graph.op('Placeholder', [], { dtype: 'int64', shape: [-1] }, { name: 'id' }).output();
    const word = graph.op('Placeholder', [], { dtype: 'string', shape: [-1] }, { name: 'word' }).output();
    const table = ops.constant(
      graph,
      'float32',
      Array.from({ length: LOOKUP_ROWS }, (_, i) => i / 4),
    );
    const zero = ops.constant(graph, 'int32', 0);
    const value = graph.op('GatherV2', [table, id, zero]).output();
    const echo = graph.op('Identity', [word]).output();
    return { inputs: { id, word }, outputs: { value, echo } };
  });
}
