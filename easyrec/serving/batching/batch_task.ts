import type { RunRequest, ServableTensor } from '../servable.js';
import { ServingError } from '../status.js';

/** What a run computes, keyed by output alias. */
export type Outputs = ReadonlyMap<string, ServableTensor>;

/** How long a task may take, and who may call it off. */
export type TaskLimits = Pick<RunRequest, 'timeoutMs' | 'signal'>;

/** The longest time that a timer of Node can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A request, or a part of a large one, from when it is queued until it is answered. */
export class BatchTask {
  /** By `performance.now()`. */
  readonly enqueuedAt = performance.now();
  /** When it is answered with an error, by the same clock; Infinity for never. */
  readonly deadline: number;
  readonly outputs: Promise<Outputs>;
  /** Whether it is being run: then a time that is over is the model's doing. */
  running = false;
  /** Called once, when it is answered, whoever does it. */
  onEnd: (() => void) | undefined;
  #ended = false;
  #resolve: (outputs: Outputs) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = (): void => this.fail(new ServingError('CANCELLED', 'the caller has gone'));

  constructor(
    readonly rows: number,
    readonly inputs: ReadonlyMap<string, ServableTensor>,
    { timeoutMs, signal }: TaskLimits,
  ) {
    this.outputs = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.deadline = timeoutMs === undefined ? Infinity : this.enqueuedAt + timeoutMs;
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => this.#expire(), Math.min(timeoutMs, MAX_TIMER_MS));
    }
    this.#signal = signal;
    signal?.addEventListener('abort', this.#abort, { once: true });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Answers it; does nothing where it has been answered. */
  succeed(outputs: Outputs): void {
    if (this.#end()) this.#resolve(outputs);
  }

  /** Answers it with an error; does nothing where it has been answered. */
  fail(error: Error): void {
    if (this.#end()) this.#reject(error);
  }

  /** The codes and words are those of the original, which notices both only when the batch has its turn. */
  #expire(): void {
    this.fail(
      this.running
        ? new ServingError('DEADLINE_EXCEEDED', 'Timed out waiting for notification')
        : new ServingError('RESOURCE_EXHAUSTED', 'Run() timeout exceeded while waiting in batching queue'),
    );
  }

  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#abort);
    this.onEnd?.();
    return true;
  }
}
