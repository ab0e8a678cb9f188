import { LineCursor, type HeaderHandler } from './line_cursor.js';
import { Random } from './random.js';
import type { ShuffleOptions } from './reader.js';
import type { RowCursor } from './row_cursor.js';
import { ShuffleCursor } from './shuffle_cursor.js';

/** Streams of the seed's random numbers: the order of rows does not depend on how many files there are. */
const FILE_STREAM = 1;
const ROW_STREAM = 2;

/**
 * The rows of pass number `pass` over the files.
 *
 * As in EasyRec: the list of files, shuffled if rows are; their rows one file after the other (EasyRec interleaves up to
 * eight files); the shuffle buffer. A pass has its own random numbers, a function of seed and pass, so that resuming can
 * leap over whole passes.
 */
export function openPass(
  paths: readonly string[],
  pass: number,
  shuffle: ShuffleOptions | null,
  onHeader: HeaderHandler | null,
): RowCursor {
  const order = paths.map((_, i) => i);
  if (shuffle === null) return new LineCursor(paths, order, onHeader);
  new Random(shuffle.seed, pass, FILE_STREAM).shuffle(order);
  const lines = new LineCursor(paths, order, onHeader);
  return new ShuffleCursor(lines, shuffle.bufferSize, new Random(shuffle.seed, pass, ROW_STREAM));
}
