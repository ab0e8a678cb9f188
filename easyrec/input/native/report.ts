/** A row that did not fit, as it stands in its file. */
export interface ReportedRow {
  /** Index of its file. */
  readonly file: number;
  /** Of Parquet files: the row, from 1. */
  readonly line: number;
  /** Of Parquet files: the value. */
  readonly text: Uint8Array;
  /** The header line of its file; empty without headers. Of Parquet files: the field, NUL, and what is wrong with it. */
  readonly header: Uint8Array;
}

/** Why reading ended early: `ProblemKind` in ops/reader/problem.h. */
export const PROBLEMS = {
  none: 0,
  open: 1,
  read: 2,
  unpack: 3,
  notGzip: 4,
  longLine: 5,
  header: 6,
  badRows: 7,
  noRows: 8,
  columnTooLarge: 9,
  other: 10,
  columns: 11,
  query: 12,
} as const;

/** What ended reading, and where. */
export interface ReportedProblem {
  readonly kind: number;
  /** Index of the file. */
  readonly file: number;
  readonly line: number;
  /** Of the operating system. */
  readonly errorNumber: number;
  readonly text: Uint8Array;
}

/** What the native reader has to say beside a batch. */
export interface Report {
  readonly badRows: readonly ReportedRow[];
  readonly problem: ReportedProblem;
}

/** Reads what `ReportOf` in ops/reader/reader.cc wrote. */
export function decodeReport(bytes: Uint8Array): Report {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const uint32 = (): number => view.getUint32((at += 4) - 4, true);
  const int32 = (): number => view.getInt32((at += 4) - 4, true);
  const float64 = (): number => view.getFloat64((at += 8) - 8, true);
  const text = (): Uint8Array => {
    const size = uint32();
    return bytes.subarray(at, (at += size));
  };
  const badRows = Array.from({ length: uint32() }, () => ({
    file: int32(),
    line: float64(),
    text: text(),
    header: text(),
  }));
  const problem = { kind: int32(), file: int32(), line: float64(), errorNumber: int32(), text: text() };
  return { badRows, problem };
}
