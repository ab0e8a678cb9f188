import { existsSync } from 'node:fs';
import koffi from 'koffi';
import { NativeError } from '../../errors.js';
import { packageFile } from '../../package_files.js';
import { loadLibtensorflow } from '../../tf/index.js';
import type { Handle, Memory, NativeFunction } from '../../tf/native.js';

type Reader = Handle<'easyrec_reader'>;

/** The C functions of ops/reader, one to one, without their prefix. */
export interface ReaderLibrary {
  can_unpack(): number;
  open(plan: Uint8Array, planSize: number, message: Uint8Array, size: number): Reader | null;
  next(reader: Reader, summary: Float64Array, tensors: Memory): number;
  report(reader: Reader, target: Uint8Array): void;
  wait: NativeFunction<[reader: Reader, milliseconds: number], number>;
  stop(reader: Reader): void;
  close: NativeFunction<[reader: Reader], void>;
}

const PROTOTYPES: { readonly [Name in keyof ReaderLibrary]: string } = {
  can_unpack: 'int easyrec_reader_can_unpack()',
  open: 'void *easyrec_reader_open(const void *plan, size_t plan_size, void *message, size_t size)',
  next: 'int easyrec_reader_next(void *handle, void *summary, void *tensors)',
  report: 'void easyrec_reader_report(void *handle, void *target)',
  wait: 'int easyrec_reader_wait(void *handle, int milliseconds)',
  stop: 'void easyrec_reader_stop(void *handle)',
  close: 'void easyrec_reader_close(void *handle)',
};

function libraryFile(): string {
  return packageFile('ops/lib/libreader.so');
}

// A library is loaded once and stays: its threads and tensors may outlive every reader.
let loaded: ReaderLibrary | undefined;

/**
 * Whether the native reader was built, and finds a zlib for gzip in this process.
 *
 * @throws NativeError when it was built and cannot be loaded.
 */
export function canReadNatively(): boolean {
  return (loaded !== undefined || existsSync(libraryFile())) && readerLibrary().can_unpack() === 1;
}

/**
 * The native reader, loaded at the first call.
 *
 * @throws NativeError when it cannot be loaded.
 */
export function readerLibrary(): ReaderLibrary {
  loaded ??= load();
  return loaded;
}

function load(): ReaderLibrary {
  // It refers to libtensorflow_framework, which only set-up's search finds.
  loadLibtensorflow();
  try {
    const library = koffi.load(libraryFile());
    const functions = Object.entries(PROTOTYPES).map(([name, prototype]) => [name, library.func(prototype)]);
    return Object.fromEntries(functions) as ReaderLibrary;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new NativeError(
      `the native reader cannot be loaded: ${reason}; build it again (easyrec setup), or set EASYREC_PLAIN_READER=1`,
      { cause: error },
    );
  }
}
