import { Worker } from 'node:worker_threads';
import type { Batch } from './batch.js';
import { batchesOf, type BatchReader, type ReaderOptions, type ReaderStats } from './reader.js';
import { unpackError, type ReaderMessage } from './reader_messages.js';

interface Waiter {
  readonly resolve: (batch: Batch | null) => void;
  readonly reject: (error: Error) => void;
}

/** The worker module, which serves a reader (`serveReader`), and the data it starts from. */
export interface ReaderWorker {
  readonly module: URL;
  readonly data: unknown;
}

/**
 * A reader that runs on a thread of its own and reads `prefetch` batches ahead; their buffers are handed over, not copied.
 * It keeps the process alive only while a `next` is waiting.
 */
export class ThreadedReader implements BatchReader {
  private readonly worker: Worker;
  private readonly ready: (ReaderMessage & { kind: 'batch' })[] = [];
  private readonly waiting: Waiter[] = [];
  private latest: ReaderStats;
  private statsAtEnd: ReaderStats;
  /** How it ended, once it has: every later `next` says the same. */
  private outcome: 'end' | Error | null = null;
  private closing: Promise<void> | null = null;

  /** `position` and `epochs` are the reader's, for `stats` before the first batch. */
  constructor(
    { module, data }: ReaderWorker,
    { prefetch, position, epochs }: Pick<ReaderOptions, 'prefetch' | 'position' | 'epochs'>,
  ) {
    const fraction = epochs === 0 ? null : 0;
    this.latest = this.statsAtEnd = { position, rowsSkipped: 0, firstSkipped: [], fraction };
    // Options of the main thread's command line, such as --input-type, do not all suit a worker.
    this.worker = new Worker(module, { workerData: data, execArgv: [] });
    this.worker.on('message', (message: ReaderMessage) => this.receive(message));
    this.worker.on('error', (error) => this.finish(error));
    this.worker.on('exit', (code) => this.finish(new Error(`the reading thread ended early (code ${code})`)));
    this.worker.unref();
    for (let i = 0; i < prefetch; i++) this.worker.postMessage('more');
  }

  get stats(): ReaderStats {
    return this.latest;
  }

  [Symbol.asyncIterator](): AsyncGenerator<Batch, void, void> {
    return batchesOf(this);
  }

  next(): Promise<Batch | null> {
    const message = this.ready.shift();
    if (message !== undefined) return Promise.resolve(this.deliver(message));
    if (this.outcome === 'end') {
      this.latest = this.statsAtEnd;
      return Promise.resolve(null);
    }
    if (this.outcome !== null) return Promise.reject(this.outcome);
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.worker.ref();
    });
  }

  close(): Promise<void> {
    this.closing ??= this.terminate();
    return this.closing;
  }

  private async terminate(): Promise<void> {
    this.ready.length = 0;
    this.outcome = null;
    this.finish(new Error('the reader is closed'));
    await this.worker.terminate();
  }

  private receive(message: ReaderMessage): void {
    if (this.outcome !== null) return;
    switch (message.kind) {
      case 'batch': {
        const waiter = this.waiting.shift();
        if (waiter === undefined) this.ready.push(message);
        else waiter.resolve(this.deliver(message));
        if (this.waiting.length === 0) this.worker.unref();
        return;
      }
      case 'end':
        this.statsAtEnd = message.stats;
        this.finish('end');
        return;
      case 'error':
        this.finish(unpackError(message.error));
    }
  }

  private deliver(message: ReaderMessage & { kind: 'batch' }): Batch {
    this.latest = message.stats;
    if (this.outcome === null) this.worker.postMessage('more');
    return message.batch;
  }

  /** Settles what waits; batches read before stay to be taken. The first outcome counts. */
  private finish(outcome: 'end' | Error): void {
    if (this.outcome !== null) return;
    this.outcome = outcome;
    this.worker.unref();
    if (outcome === 'end' && this.ready.length === 0) this.latest = this.statsAtEnd;
    for (const { resolve, reject } of this.waiting.splice(0)) {
      if (outcome === 'end') resolve(null);
      else reject(outcome);
    }
    void this.worker.terminate();
  }
}
