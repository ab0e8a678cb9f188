import type { BufferColumn } from '../batch.js';
import { fingerprint64 } from '../fingerprint.js';
import type { InputField } from '../reader.js';
import { columnBuilder, type ColumnBuilder } from './column_builder.js';

/** Collects the ids of a field's texts: see `HashedColumn`. */
export class HashBuilder implements ColumnBuilder {
  readonly expected: string;
  /** Holds one value at a time: what the field itself would have. */
  private readonly value: ColumnBuilder;
  private readonly buckets: bigint;
  private ids: BigInt64Array;

  constructor(
    field: InputField,
    buckets: number | bigint,
    private readonly capacity: number,
  ) {
    this.value = columnBuilder(field, 1);
    this.expected = this.value.expected;
    this.buckets = BigInt(buckets);
    this.ids = new BigInt64Array(capacity);
  }

  put(row: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.value.put(0, bytes, start, end)) return false;
    const column = this.value.finish(1);
    const text = column.dtype === 'string' ? column.bytes : Buffer.from(String(column.values[0]), 'latin1');
    this.ids[row] = text.length === 0 ? -1n : fingerprint64(text) % this.buckets;
    return true;
  }

  finish(rows: number): BufferColumn {
    const values = this.ids.subarray(0, rows);
    this.ids = new BigInt64Array(this.capacity);
    return { dtype: 'int64', values };
  }
}

/** Puts each text into two builders, of which each is finished by itself. */
export class BuilderPair implements ColumnBuilder {
  readonly expected: string;

  constructor(
    private readonly first: ColumnBuilder,
    private readonly second: ColumnBuilder,
  ) {
    this.expected = first.expected;
  }

  put(row: number, bytes: Uint8Array, start: number, end: number): boolean {
    return this.first.put(row, bytes, start, end) && this.second.put(row, bytes, start, end);
  }

  finish(): never {
    throw new Error('the builders of a pair are finished one by one');
  }
}
