/**
 * Walks over raw rows. The inner loop is synchronous; only `load` waits:
 * `while (true) { while (c.advance()) use(c); if (!(await c.load())) break; }`
 */
export interface RowCursor {
  /** The current row is `buffer[start .. end)`, without line end, until the next `advance` or `load`. */
  readonly buffer: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Index of the row's file in the list of input files. */
  readonly file: number;
  /** The row's line in that file, from 1, a header line counted. */
  readonly line: number;
  /** About how many bytes of the pass's files, as they lie on disk, the rows given so far take up. */
  readonly consumedBytes: number;
  /** Steps to the next row; false when `load` must be called first. */
  advance(): boolean;
  /** Reads more; false at the end of the pass. */
  load(): Promise<boolean>;
  close(): Promise<void>;
}
