import { ConfigError, DataError, UserError, formatLocation, type SourceLocation } from '../errors.js';
import type { Batch } from './batch.js';
import type { BatchReader, ReaderStats } from './reader.js';

/** An error as it travels between threads, where classes are lost. */
export interface ErrorMessage {
  readonly kind: 'ConfigError' | 'DataError' | 'Error';
  readonly message: string;
  readonly stack: string | undefined;
  readonly at: SourceLocation | undefined;
}

/** From the reading thread; it sends one batch (or the end, or an error) for each `'more'` it receives. */
export type ReaderMessage =
  | { readonly kind: 'batch'; readonly batch: Batch; readonly stats: ReaderStats }
  | { readonly kind: 'end'; readonly stats: ReaderStats }
  | { readonly kind: 'error'; readonly error: ErrorMessage };

/** Prepares an error for another thread. */
export function packError(error: unknown): ErrorMessage {
  if (!(error instanceof Error)) {
    return { kind: 'Error', message: String(error), stack: undefined, at: undefined };
  }
  const kind =
    error instanceof ConfigError ? 'ConfigError' : error instanceof DataError ? 'DataError' : 'Error';
  const at = error instanceof UserError ? error.at : undefined;
  // The constructor will put the location in front again.
  const message = at === undefined ? error.message : error.message.slice(formatLocation(at).length + 2);
  return { kind, message, stack: error.stack, at };
}

/** The error that `packError` was given: its class, message, location and stack. */
export function unpackError({ kind, message, stack, at }: ErrorMessage): Error {
  const make = { ConfigError, DataError, Error: (text: string) => new Error(text) };
  const error = kind === 'Error' ? make.Error(message) : new make[kind](message, { at });
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** The buffers of a batch, to hand over instead of copying. */
export function buffersOf(batch: Batch): ArrayBuffer[] {
  const views = [...batch.columns.values()].flatMap((column) => {
    if (column.dtype === 'tensor') throw new Error('a tensor cannot be handed to another thread');
    return column.dtype === 'string' ? [column.bytes, column.offsets] : [column.values];
  });
  return views.map(({ buffer }) => buffer).filter((buffer) => buffer instanceof ArrayBuffer);
}

/** The part of a worker's `parentPort` that serving needs. */
export interface ReaderPort {
  postMessage(message: ReaderMessage, transfer?: readonly ArrayBuffer[]): void;
  on(event: 'message', listener: () => void): unknown;
}

/** Serves a reader to another thread: one message for each received, in order. */
export function serveReader(reader: BatchReader, port: ReaderPort): void {
  let last: Promise<void> = Promise.resolve();
  const answer = async (): Promise<void> => {
    try {
      const batch = await reader.next();
      if (batch === null) port.postMessage({ kind: 'end', stats: reader.stats });
      else port.postMessage({ kind: 'batch', batch, stats: reader.stats }, buffersOf(batch));
    } catch (error) {
      port.postMessage({ kind: 'error', error: packError(error) });
    }
  };
  port.on('message', () => {
    last = last.then(answer);
  });
}
