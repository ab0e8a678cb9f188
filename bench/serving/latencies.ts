/** What the answers of one run took. */
export interface Answers {
  readonly requests: number;
  readonly errors: number;
  readonly seconds: number;
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

/** Collects what each answer took, in buckets a hundredth apart: a long run takes no more memory than a short one. */
export class Latencies {
  readonly #buckets = new Uint32Array(2048);
  #count = 0;
  #errors = 0;
  #mostMs = 0;

  add(ms: number, failed = false): void {
    const bucket = Math.round(Math.log(Math.max(ms, LEAST_MS) / LEAST_MS) / STEP);
    const at = Math.min(bucket, this.#buckets.length - 1);
    this.#buckets[at] = (this.#buckets[at] ?? 0) + 1;
    this.#count++;
    if (failed) this.#errors++;
    this.#mostMs = Math.max(this.#mostMs, ms);
  }

  answers(seconds: number): Answers {
    return {
      requests: this.#count,
      errors: this.#errors,
      seconds,
      rate: this.#count / seconds,
      p50: this.#quantile(0.5),
      p99: this.#quantile(0.99),
      most: this.#mostMs,
    };
  }

  #quantile(q: number): number {
    let left = q * this.#count;
    const bucket = this.#buckets.findIndex((count) => (left -= count) <= 0);
    return LEAST_MS * Math.exp(bucket * STEP);
  }
}

const LEAST_MS = 0.01;
const STEP = 0.01;
