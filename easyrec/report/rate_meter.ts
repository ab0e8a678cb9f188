interface Mark {
  readonly timeMs: number;
  readonly steps: number;
  readonly samples: number;
}

/** Speeds over a sliding window. */
export interface Rate {
  readonly stepsPerSecond: number;
  readonly samplesPerSecond: number;
}

/** Counts steps and samples, and tells their speed over the last `windowMs`; with a window of 0, since the last mark. */
export class RateMeter {
  readonly #windowMs: number;
  #marks: Mark[];
  #steps = 0;
  #samples = 0;

  constructor(windowMs: number, nowMs: number) {
    this.#windowMs = windowMs;
    this.#marks = [{ timeMs: nowMs, steps: 0, samples: 0 }];
  }

  /** One more step of `samples` rows. */
  add(samples: number): void {
    this.#steps += 1;
    this.#samples += samples;
  }

  /** The speed at `nowMs`, which also becomes a mark that later windows may start from. */
  mark(nowMs: number): Rate {
    const oldest = this.#marks[0];
    const seconds = oldest ? (nowMs - oldest.timeMs) / 1000 : 0;
    const rate =
      oldest && seconds > 0
        ? {
            stepsPerSecond: (this.#steps - oldest.steps) / seconds,
            samplesPerSecond: (this.#samples - oldest.samples) / seconds,
          }
        : { stepsPerSecond: 0, samplesPerSecond: 0 };
    const mark = { timeMs: nowMs, steps: this.#steps, samples: this.#samples };
    const recent = this.#marks.filter((old) => nowMs - old.timeMs < this.#windowMs);
    this.#marks = [...recent, mark];
    return rate;
  }
}
