import koffi from 'koffi';
import { NativeError } from '../../errors.js';
import { packageFile } from '../../package_files.js';
import { loadLibtensorflow, loadOpLibrary } from '../../tf/index.js';
import type { Handle, Memory, NativeFunction } from '../../tf/native.js';

/** The C functions of ops/embedding_store, one to one, without their prefix (`create` is `easyrec_store_new`); its header documents them. */
export interface StoreLibrary {
  create(
    rule: string,
    parameters: Float64Array,
    parameterCount: number,
    slots: number,
    initial: Float32Array,
    perRow: Uint8Array,
    threads: number,
    message: Uint8Array,
    size: number,
  ): number | bigint;
  free(store: number | bigint): void;
  add_table(
    store: number | bigint,
    name: string,
    rows: number,
    dim: number,
    kind: number,
    a: number,
    b: number,
    values: Memory,
    valueCount: number,
    seed0: number | bigint,
    seed1: number | bigint,
    message: Uint8Array,
    size: number,
  ): number;
  add_unbounded_table(
    store: number | bigint,
    name: string,
    filterFreq: number,
    stepsToLive: number,
    dim: number,
    kind: number,
    a: number,
    b: number,
    values: Memory,
    valueCount: number,
    seed0: number | bigint,
    seed1: number | bigint,
    message: Uint8Array,
    size: number,
  ): number;
  set_step(store: number | bigint, step: number): number;
  set_trained(store: number | bigint, table: number, trained: number): number;
  read: NativeFunction<
    [
      store: number | bigint,
      table: number,
      component: number,
      first: number | bigint,
      count: number,
      target: Memory,
      message: Uint8Array,
      size: number,
    ],
    number
  >;
  write: NativeFunction<
    [
      store: number | bigint,
      table: number,
      first: number,
      count: number,
      components: BigInt64Array,
      message: Uint8Array,
      size: number,
    ],
    number
  >;
  reset(store: number | bigint): number;
  settle: NativeFunction<[store: number | bigint, message: Uint8Array, size: number], number>;
  stats(store: number | bigint, table: number, stats: Float64Array): number;
  save: NativeFunction<
    [
      store: number | bigint,
      path: string,
      tensors: BigInt64Array,
      count: number,
      compact: number,
      earlier: string | null,
      earlierWeights: BigInt64Array | null,
      lists: string | null,
      message: Uint8Array,
      size: number,
    ],
    Handle<'easyrec_save'> | null
  >;
  save_wait: NativeFunction<[save: Handle<'easyrec_save'>, milliseconds: number], number>;
  save_end: NativeFunction<
    [
      save: Handle<'easyrec_save'>,
      results: BigInt64Array,
      lists: BigInt64Array,
      message: Uint8Array,
      size: number,
    ],
    number
  >;
  load: NativeFunction<
    [
      store: number | bigint,
      table: number,
      paths: readonly string[],
      pathCount: number,
      parts: BigInt64Array,
      count: number,
      message: Uint8Array,
      size: number,
    ],
    number
  >;
  load_listed: NativeFunction<
    [
      store: number | bigint,
      table: number,
      path: string,
      listPath: string,
      list: BigInt64Array,
      tensors: BigInt64Array,
      count: number,
      message: Uint8Array,
      size: number,
    ],
    number
  >;
  load_rows: NativeFunction<
    [
      store: number | bigint,
      table: number,
      path: string,
      rows: number,
      tensors: BigInt64Array,
      count: number,
      message: Uint8Array,
      size: number,
    ],
    number
  >;
}

const PROTOTYPES: { readonly [Name in keyof StoreLibrary]: string } = {
  create:
    'int64_t easyrec_store_new(const char *rule, const void *parameters, int parameter_count, int slots, ' +
    'const void *initial, const void *per_row, int threads, void *message, size_t size)',
  free: 'void easyrec_store_free(int64_t store)',
  add_table:
    'int easyrec_store_add_table(int64_t store, const char *name, int64_t rows, int64_t dim, int kind, double a, ' +
    'double b, const void *values, int value_count, int64_t seed0, int64_t seed1, void *message, size_t size)',
  add_unbounded_table:
    'int easyrec_store_add_unbounded_table(int64_t store, const char *name, int filter_freq, int steps_to_live, ' +
    'int64_t dim, int kind, double a, double b, const void *values, int value_count, int64_t seed0, int64_t seed1, ' +
    'void *message, size_t size)',
  set_step: 'int easyrec_store_set_step(int64_t store, int step)',
  set_trained: 'int easyrec_store_set_trained(int64_t store, int table, int trained)',
  read:
    'int easyrec_store_read(int64_t store, int table, int component, int64_t first, int64_t count, void *target, ' +
    'void *message, size_t size)',
  write:
    'int easyrec_store_write(int64_t store, int table, int64_t first, int64_t count, const void *components, ' +
    'void *message, size_t size)',
  reset: 'int easyrec_store_reset(int64_t store)',
  settle: 'int easyrec_store_settle(int64_t store, void *message, size_t size)',
  stats: 'int easyrec_store_stats(int64_t store, int table, void *stats)',
  save:
    'void *easyrec_store_save(int64_t store, const char *path, const void *tensors, int count, int compact, ' +
    'const char *earlier, const void *earlier_weights, const char *lists, void *message, size_t size)',
  save_wait: 'int easyrec_store_save_wait(void *save, int milliseconds)',
  save_end: 'int easyrec_store_save_end(void *save, void *results, void *lists, void *message, size_t size)',
  load:
    'int easyrec_store_load(int64_t store, int table, const char **paths, int path_count, const void *parts, ' +
    'int count, void *message, size_t size)',
  load_listed:
    'int easyrec_store_load_listed(int64_t store, int table, const char *path, const char *list_path, ' +
    'const void *list, const void *tensors, int count, void *message, size_t size)',
  load_rows:
    'int easyrec_store_load_rows(int64_t store, int table, const char *path, int64_t rows, const void *tensors, ' +
    'int count, void *message, size_t size)',
};

/** Where set-up puts the library. */
export function storeLibraryFile(): string {
  return packageFile('ops/lib/libembedding_store.so');
}

// A library is loaded once and stays: graphs use its ops.
const loaded = new Map<string, StoreLibrary>();

/**
 * The library of embedding stores, loaded at the first call; its ops are known to TensorFlow then.
 *
 * @throws NativeError when it cannot be loaded.
 */
export function storeLibrary(file = storeLibraryFile()): StoreLibrary {
  let library = loaded.get(file);
  if (library === undefined) {
    library = load(file);
    loaded.set(file, library);
  }
  return library;
}

function load(file: string): StoreLibrary {
  // It refers to libtensorflow_framework, which only set-up's search finds.
  loadLibtensorflow();
  const { path } = loadOpLibrary(file);
  try {
    // The file that TensorFlow has loaded: its ops find the stores that these functions make.
    const library = koffi.load(path);
    const functions = Object.entries(PROTOTYPES).map(([name, prototype]) => [name, library.func(prototype)]);
    return Object.fromEntries(functions) as StoreLibrary;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new NativeError(
      `the embedding store cannot be loaded: ${reason}; build it again (easyrec setup), or train with --plain`,
      { cause: error },
    );
  }
}
