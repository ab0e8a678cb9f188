import { NativeError } from '../../errors.js';
import type { Handle } from '../../tf/native.js';
import type { EmbeddingStore, StoreTable } from './embedding_store.js';
import { finished, MESSAGE_BYTES, textOf } from './native_call.js';

/** Of a row in a compact file: its number, not a component of it. */
export const ROW_NUMBERS = -1;

/** How long a thread of libuv's pool waits at a stretch: `process.exit()` waits for it. */
const WAIT_MS = 100;

/** A tensor to write into a file. */
export interface PlacedTensor {
  readonly table: StoreTable;
  /** 0: the weights; 1 + i: slot i; ROW_NUMBERS. */
  readonly component: number;
  /** In bytes. */
  readonly offset: number;
}

/** What came of it. */
export interface WrittenTensor {
  /** CRC-32C of its bytes, masked. */
  readonly crc: number;
  readonly rows: number;
  /** The same of the rows that are in the list of the table. */
  readonly listedCrc: number;
}

/** A list of the rows of a table that are not at their start, in a file of such lists. */
export interface WrittenList {
  readonly offset: number;
  readonly bytes: number;
  /** CRC-32C of its bytes, masked. */
  readonly crc: number;
}

/** What came of a save. */
export interface Written {
  /** In the order of the request. */
  readonly tensors: readonly WrittenTensor[];
  /** By the name of the table, of those whose rows were all written; none where the request has no file for them. */
  readonly lists: ReadonlyMap<string, WrittenList>;
}

/**
 * Where an earlier save of the same store has the weights of each table, in the order of the tables; null where it has
 * none.
 */
export interface EarlierSave {
  readonly file: string;
  readonly weights: readonly ({ readonly offset: number; readonly crc: number } | null)[];
}

/** What to write, as it is now. */
export interface SaveRequest {
  readonly file: string;
  /** Those of one table together. */
  readonly tensors: readonly PlacedTensor[];
  /** Whether to write only rows that are not at their start, ascending. */
  readonly compact: boolean;
  /** Saves computing the rows that are at their start. */
  readonly earlier: EarlierSave | null;
  /** The file that receives lists of the rows that are not at their start; null for none. */
  readonly lists: string | null;
}

/**
 * Takes all rows as they are, and begins to write tables into a file, on a thread of its own; the store may be used once
 * this resolves.
 *
 * @returns what waits for the end, and says what was written
 * @throws NativeError when it cannot begin, or be written
 */
export async function saveTables(
  store: EmbeddingStore,
  request: SaveRequest,
): Promise<() => Promise<Written>> {
  const save = await begin(store, request);
  const { length } = request.tensors;
  return async () => {
    while (!(await hasEnded(store, save)));
    const results = new BigInt64Array(3 * length);
    const lists = new BigInt64Array(2 * store.tables.length);
    await finished('saving', (text, done) =>
      store.library.save_end.async(save, results, lists, text, MESSAGE_BYTES, done),
    );
    const tensors = request.tensors.map((_, i) => {
      const [crc, rows, listedCrc] = results.subarray(3 * i, 3 * i + 3);
      return { crc: Number(crc), rows: Number(rows), listedCrc: Number(listedCrc) };
    });
    return { tensors, lists: writtenLists(request, lists) };
  };
}

function writtenLists(
  { tensors, lists: file }: SaveRequest,
  results: BigInt64Array,
): ReadonlyMap<string, WrittenList> {
  if (file === null) return new Map();
  let offset = 0;
  const tables = new Set(tensors.map(({ table }) => table).filter(({ keys }) => keys === undefined));
  return new Map(
    [...tables].map(({ name, index }): [string, WrittenList] => {
      const [bytes, crc] = Array.from(results.subarray(2 * index, 2 * index + 2), Number);
      const list = { offset, bytes: bytes ?? 0, crc: crc ?? 0 };
      offset += list.bytes;
      return [name, list];
    }),
  );
}

async function begin(
  { id, library }: EmbeddingStore,
  { file, tensors, compact, earlier, lists }: SaveRequest,
): Promise<Handle<'easyrec_save'>> {
  const message = new Uint8Array(MESSAGE_BYTES);
  const places = numbers(tensors.flatMap(({ table, component, offset }) => [table.index, component, offset]));
  const weights =
    earlier &&
    numbers(earlier.weights.flatMap((each) => (each === null ? [-1, 0] : [each.offset, each.crc])));
  const save = await new Promise<Handle<'easyrec_save'> | null>((resolve) => {
    library.save.async(
      id,
      file,
      places,
      tensors.length,
      compact ? 1 : 0,
      earlier?.file ?? null,
      weights,
      lists,
      message,
      MESSAGE_BYTES,
      (_, result) => resolve(result),
    );
  });
  if (save === null) throw new NativeError(`embedding store: saving: ${textOf(message)}`);
  return save;
}

function hasEnded({ library }: EmbeddingStore, save: Handle<'easyrec_save'>): Promise<boolean> {
  return new Promise((resolve) => {
    library.save_wait.async(save, WAIT_MS, (_, ended) => resolve(ended === 1));
  });
}

/** Some rows of a component in one of several files. */
export interface StoredPart {
  readonly component: number;
  readonly first: number;
  readonly rows: number;
  /** Its place in the list of files. */
  readonly file: number;
  readonly offset: number;
  /** Masked. */
  readonly crc: number;
}

/**
 * Sets a table to what files hold.
 *
 * @param parts of a component ascending and without gaps; components without any are at their start
 * @throws NativeError when a file is damaged
 */
export async function loadTable(
  store: EmbeddingStore,
  table: StoreTable,
  { files, parts }: { readonly files: readonly string[]; readonly parts: readonly StoredPart[] },
): Promise<void> {
  const values = numbers(
    parts.flatMap(({ component, first, rows, file, offset, crc }) => [
      component,
      first,
      rows,
      file,
      offset,
      crc,
    ]),
  );
  await finished(`reading "${table.name}"`, (message, done) =>
    store.library.load.async(
      store.id,
      table.index,
      files,
      files.length,
      values,
      parts.length,
      message,
      MESSAGE_BYTES,
      done,
    ),
  );
}

/** Where a compact save has rows of a table. */
export interface StoredRows {
  readonly file: string;
  readonly rows: number;
  readonly tensors: readonly { readonly component: number; readonly offset: number; readonly crc: number }[];
}

/**
 * Sets rows of a table to what a compact save holds.
 *
 * @throws NativeError when the file is damaged
 */
export async function loadRows(
  store: EmbeddingStore,
  table: StoreTable,
  { file, rows, tensors }: StoredRows,
): Promise<void> {
  const values = numbers(tensors.flatMap(({ component, offset, crc }) => [component, offset, crc]));
  await finished(`reading "${table.name}"`, (message, done) =>
    store.library.load_rows.async(
      store.id,
      table.index,
      file,
      rows,
      values,
      tensors.length,
      message,
      MESSAGE_BYTES,
      done,
    ),
  );
}

/** Rows of a table whose numbers are in a list; all rows of it are in the file. */
export interface ListedRows {
  readonly file: string;
  readonly listFile: string;
  readonly list: WrittenList;
  /** CRCs are those of the listed rows, masked. */
  readonly tensors: readonly { readonly component: number; readonly offset: number; readonly crc: number }[];
}

/**
 * Sets rows of a table to what a file holds, those of a list alone.
 *
 * @returns whether it has; false, with nothing changed, where the list is not as it was written
 * @throws NativeError when the file is damaged
 */
export async function loadListedRows(
  store: EmbeddingStore,
  table: StoreTable,
  { file, listFile, list, tensors }: ListedRows,
): Promise<boolean> {
  const place = numbers([list.offset, list.bytes, list.crc]);
  const values = numbers(tensors.flatMap(({ component, offset, crc }) => [component, offset, crc]));
  const code = await finished(`reading "${table.name}"`, (message, done) =>
    store.library.load_listed.async(
      store.id,
      table.index,
      file,
      listFile,
      place,
      values,
      tensors.length,
      message,
      MESSAGE_BYTES,
      done,
    ),
  );
  return code === 0;
}

function numbers(values: readonly number[]): BigInt64Array {
  return BigInt64Array.from(values, BigInt);
}
