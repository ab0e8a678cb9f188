import { inspectVersion } from './version_files.js';

/** How long a folder is watched before it is loaded. */
export interface Patience {
  /** A whole SavedModel is loaded once its files have not changed for so long. */
  readonly quietMs: number;
  /** What is no whole SavedModel is loaded all the same, to fail, once its files have not changed for so long. */
  readonly incompleteMs: number;
}

/**
 * Tells when a version's folder is ready to be loaded: somebody may still be copying it. What has all its parts and
 * has come to rest is; what lacks some waits as long as something still happens.
 */
export class VersionWatch {
  #fingerprint: string | undefined;
  /** By `performance.now()`, when the files were first seen as they are. */
  #since = 0;
  #lack: string | undefined;
  /** By `performance.now()`, when the folder was looked at first. */
  #first: number | undefined;
  #isSettling = false;

  constructor(
    readonly directory: string,
    readonly patience: Patience,
  ) {}

  /** What the files were like at the last look. */
  get fingerprint(): string | undefined {
    return this.#fingerprint;
  }

  /** Why it is no whole SavedModel; undefined where its files only have to come to rest. */
  get lack(): string | undefined {
    return this.#lack;
  }

  /** Whether it was whole at the last look and is about to come to rest; not one that never does. */
  get isSettling(): boolean {
    return this.#isSettling;
  }

  /** Looks at the files again. */
  async isReady(): Promise<boolean> {
    const { fingerprint, changedMs, lack } = await inspectVersion(this.directory);
    const now = performance.now();
    if (fingerprint !== this.#fingerprint) this.#since = now;
    this.#fingerprint = fingerprint;
    this.#lack = lack;
    // The clock of a file server may be ahead: then only what was seen here counts.
    const quietMs = Math.max(now - this.#since, Date.now() - changedMs);
    const isReady = quietMs >= (lack === undefined ? this.patience.quietMs : this.patience.incompleteMs);
    this.#first ??= now;
    this.#isSettling = !isReady && lack === undefined && now - this.#first < this.patience.incompleteMs;
    return isReady;
  }
}
