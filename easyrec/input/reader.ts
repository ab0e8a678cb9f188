import type { SourceLocation } from '../errors.js';
import type { Batch, FieldType } from './batch.js';

/** One `input_fields` entry. */
export interface InputField {
  readonly name: string;
  readonly type: FieldType;
  /** Text that an empty field stands for; empty means 0, false or the empty string. */
  readonly defaultText: string;
  /** Whether batches carry this field: columns that nothing uses are not built. */
  readonly wanted: boolean;
  /**
   * Of a string: characters of which any separates its parts, for readers whose columns can hold lists. A list becomes
   * such a text. Default: only lists of one element are taken, as that element.
   */
  readonly listSeparator?: string;
  /** Whether a string must spell a number, as that of a label. Default: any text will do. */
  readonly numeric?: boolean;
  /** Where the config names the field, for messages about its default value. */
  readonly at?: SourceLocation | undefined;
}

/** A column of ids made of a field's text, as TensorFlow's `string_to_hash_bucket_fast` makes them. */
export interface HashedColumn {
  /** In the batch: an int64 column; no field has this name. */
  readonly name: string;
  /** A field of strings or integers, which need not be wanted itself. */
  readonly field: string;
  /** Ids are Fingerprint64 mod `buckets`, of a string's bytes or an integer's decimal text; -1 for an empty string. At most 2^63 - 1, that as a bigint. */
  readonly buckets: number | bigint;
}

export interface ShuffleOptions {
  /** Rows among which the next one is drawn; EasyRec's default is 32. */
  readonly bufferSize: number;
  /** Order of files and rows is a function of this seed and the epoch's number. */
  readonly seed: number;
}

/** `fail` stops at the first row that does not fit; otherwise such rows are counted and left out, up to `maxSkipped` (may be Infinity). */
export type BadRowPolicy = 'fail' | { readonly maxSkipped: number };

/** What to read and how; plain data, so that it can travel to a worker thread. */
export interface ReaderOptions {
  /** Comma separated paths and globs. */
  readonly files: string;
  /** Where the config names the files, for messages about them. */
  readonly filesAt?: SourceLocation | undefined;
  /** All fields, in file order unless the files carry a header. */
  readonly fields: readonly InputField[];
  /** Further columns. Default: none. */
  readonly hashed?: readonly HashedColumn[];
  /** One ASCII character, or an escape such as `\t`, `\x02` or `\002` spelt out. */
  readonly separator: string;
  readonly withHeader: boolean;
  /** Rows of a batch, at least 1; only the last batch of all may have fewer. */
  readonly batchSize: number;
  /** Passes over the files; 0 repeats endlessly. Batches span the border of two passes. */
  readonly epochs: number;
  readonly shuffle: ShuffleOptions | null;
  /** Rows already delivered in an earlier run: the first batch is the one that run would have given next. */
  readonly position: number;
  readonly onBadRow: BadRowPolicy;
  /** Where the config says each setting, by the name it has there (`batch_size`), for messages. */
  readonly settingsAt?: Readonly<Record<string, SourceLocation>>;
  /** Whether the last rows are left out where they do not fill a batch. Default: no. */
  readonly dropRemainder?: boolean;
  /** Batches that may wait, read ahead of their use. */
  readonly prefetch: number;
  /** Threads that parse, where a reader can have several; what is read does not depend on them. Default: 1. */
  readonly threads?: number;
}

/** Counts up to and including the last batch delivered (not those read ahead). */
export interface ReaderStats {
  /** Rows delivered since the very start, earlier runs included; pass it as `position` to go on from here. */
  readonly position: number;
  /** Rows that did not fit their description and were left out, those of earlier runs included. */
  readonly rowsSkipped: number;
  /** The messages of the first few of them. */
  readonly firstSkipped: readonly string[];
  /**
   * The share of the input of all epochs that is done, from 0 to 1 and never falling, earlier runs included (from the
   * first batch on); null when it repeats endlessly, or its size is unknown. From bytes, so only about the share of rows.
   */
  readonly fraction: number | null;
}

/** Every reader: batches in order, then null for ever. */
export interface BatchReader extends AsyncIterable<Batch> {
  readonly stats: ReaderStats;
  /**
   * The next batch, or null when all passes are over.
   * Rejects with a `DataError` on input that cannot be read, and does so again on every later call.
   */
  next(): Promise<Batch | null>;
  /** Stops reading at once and frees files and threads; pending and later `next` calls reject. Idempotent. */
  close(): Promise<void>;
}

/** Iterates over a reader and closes it when the loop is left, however that happens. */
export async function* batchesOf(reader: BatchReader): AsyncGenerator<Batch, void, void> {
  try {
    for (let batch = await reader.next(); batch !== null; batch = await reader.next()) yield batch;
  } finally {
    await reader.close();
  }
}
