import { closeSync, openSync, readSync, writeSync } from 'node:fs';

const NAMES = ['invocations', 'failures', 'restarts'] as const;
type CounterName = (typeof NAMES)[number];

const BYTES_EACH = 8;

/**
 * Counts of a function, in a file of 8 bytes each. Every count is written at once: the kernel keeps it even where the
 * process is killed.
 */
export class Counters {
  #fd: number;
  readonly #values: BigUint64Array;

  /** @param path of the file, which is made where there is none. */
  constructor(path: string) {
    this.#fd = openSync(path, 'a+', 0o600);
    closeSync(this.#fd);
    this.#fd = openSync(path, 'r+');
    const buffer = Buffer.alloc(NAMES.length * BYTES_EACH);
    readSync(this.#fd, buffer, 0, buffer.length, 0);
    // All of it at once: later counts need no more room on the disk.
    writeSync(this.#fd, buffer, 0, buffer.length, 0);
    this.#values = BigUint64Array.from(NAMES, (_name, i) => buffer.readBigUInt64LE(i * BYTES_EACH));
  }

  /** Adds one. */
  add(name: CounterName): void {
    const index = NAMES.indexOf(name);
    this.#values[index] = (this.#values[index] ?? 0n) + 1n;
    if (this.#fd < 0) return;
    const bytes = Buffer.alloc(BYTES_EACH);
    bytes.writeBigUInt64LE(this.#values[index] ?? 0n);
    writeSync(this.#fd, bytes, 0, BYTES_EACH, index * BYTES_EACH);
  }

  /** The count so far, of earlier runs of the gateway too. */
  get(name: CounterName): number {
    return Number(this.#values[NAMES.indexOf(name)] ?? 0n);
  }

  /** Closes the file; what is added later is not kept. */
  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }
}
