/** How long to wait before another try; times are in milliseconds. */
export interface BackOffOptions {
  /** The second wait; each further one is twice as long. The first is none. */
  readonly backOffMs: number;
  /** The longest wait after tries that came to nothing. */
  readonly maxBackOffMs: number;
  /** The longest wait after a try that was of use for a while. */
  readonly maxUsefulBackOffMs: number;
  /** What has held for so long starts the count anew. */
  readonly stableMs: number;
}

/** What became of a try. */
export interface Try {
  /** How long it did well; 0 when not at all. */
  readonly heldMs: number;
  /** Whether it was of use. */
  readonly wasUseful: boolean;
}

/** Waits between tries that fail one after the other. */
export class BackOff {
  readonly #options: BackOffOptions;
  #failures = 0;

  constructor(options: BackOffOptions) {
    this.#options = options;
  }

  /** The wait after a try that failed in the end. */
  next({ heldMs, wasUseful }: Try): number {
    const { backOffMs, maxBackOffMs, maxUsefulBackOffMs, stableMs } = this.#options;
    if (heldMs >= stableMs) this.#failures = 0;
    this.#failures++;
    if (this.#failures === 1) return 0;
    const longest = wasUseful ? maxUsefulBackOffMs : maxBackOffMs;
    return Math.min(longest, backOffMs * 2 ** (this.#failures - 2));
  }
}
