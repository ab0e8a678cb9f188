import { DataError, didYouMean } from '../errors.js';
import type { CheckpointEntry } from './checkpoint.js';

const SHOWN_PROBLEMS = 5;

/**
 * Checks that a checkpoint holds what is to be taken from it. TensorFlow would assign a value of any shape to a variable
 * without a word.
 *
 * @param expected what is to be taken
 * @param found what the checkpoint holds
 * @throws DataError naming what is missing or of another shape or dtype
 */
export function checkFits(
  prefix: string,
  expected: readonly CheckpointEntry[],
  found: readonly CheckpointEntry[],
): void {
  const byName = new Map(found.map((entry) => [entry.name, entry]));
  const problems = expected.flatMap((entry) => {
    const received = byName.get(entry.name);
    if (received === undefined) return [`no tensor "${entry.name}"${didYouMean(entry.name, byName.keys())}`];
    if (describe(entry) === describe(received)) return [];
    return [`"${entry.name}": expected ${describe(entry)}, received ${describe(received)}`];
  });
  if (problems.length === 0) return;
  const more = problems.length > SHOWN_PROBLEMS ? `; and ${problems.length - SHOWN_PROBLEMS} more` : '';
  throw new DataError(
    `checkpoint ${prefix}: does not fit this model: ${problems.slice(0, SHOWN_PROBLEMS).join('; ')}${more}`,
  );
}

/** Whether two tensors have one dtype and shape. */
export function isAlike(a: CheckpointEntry, b: CheckpointEntry): boolean {
  return describe(a) === describe(b);
}

function describe({ dtype, shape }: CheckpointEntry): string {
  return `${dtype}[${shape.join(', ')}]`;
}
