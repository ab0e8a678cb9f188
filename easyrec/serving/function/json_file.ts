import { writeFileAtomic } from '../../atomic_files.js';

/** A file of JSON that is written as a whole, one write after the other: the last value is the one that stays. */
export class JsonFile {
  readonly path: string;
  #written: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.path = path;
  }

  /** Writes a value as it is now; rejects where that cannot be done, which leaves what was there. */
  write(value: object): Promise<void> {
    const text = `${JSON.stringify(value, null, 2)}\n`;
    const written = this.#written.then(() => writeFileAtomic(this.path, text));
    this.#written = written.catch(() => undefined);
    return written;
  }

  /** Resolves when nothing is being written. */
  settled(): Promise<void> {
    return this.#written;
  }
}
