/** Decides when checkpoints are due, by steps or by seconds. */
export class CheckpointClock {
  #lastStep: number;
  #lastTime: number;

  /**
   * @param everySteps 0 for never
   * @param everySeconds instead of steps, when above 0
   */
  constructor(
    private readonly everySteps: number,
    private readonly everySeconds: number,
    start: { readonly step: number; readonly nowMs: number },
  ) {
    this.#lastStep = start.step;
    this.#lastTime = start.nowMs;
  }

  /** Whether one is due after `step` steps. */
  isDue(step: number, nowMs: number): boolean {
    if (this.everySeconds > 0) return nowMs - this.#lastTime >= this.everySeconds * 1000;
    return this.everySteps > 0 && step - this.#lastStep >= this.everySteps;
  }

  /** Tells that one was saved. */
  saved(step: number, nowMs: number): void {
    this.#lastStep = step;
    this.#lastTime = nowMs;
  }
}
