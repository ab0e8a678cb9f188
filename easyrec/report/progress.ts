import { fitParts, formatBar, formatCount, formatDuration, formatValue } from './progress_text.js';
import { RateMeter, type Rate } from './rate_meter.js';

/** Where progress is drawn: a `tty.WriteStream`, or anything that takes text. */
export interface ProgressStream {
  write(text: string): unknown;
  /** Width of the terminal in columns, read anew at each drawing; 80 when not known. */
  readonly columns?: number;
}

/** The part of `process` that tells of its end. */
export interface ProcessSignals {
  readonly pid: number;
  once(event: string, listener: (signal: string) => void): unknown;
  off(event: string, listener: (signal: string) => void): unknown;
  listenerCount(event: string): number;
  kill(pid: number, signal: string): unknown;
}

/** How training progress is shown. */
export interface ProgressOptions {
  readonly stream: ProgressStream;
  /** True draws one line again and again, false writes plain lines. */
  readonly isTTY: boolean;
  /** Step at which training ends; absent when the number of epochs decides. */
  readonly totalSteps?: number;
  /** A plain line at every step divisible by this number (EasyRec's `log_step_count_steps`). */
  readonly logStepCountSteps: number;
  /** Default: no colour if `NO_COLOR` is set to anything, or without a terminal. */
  readonly color?: boolean;
  /** Milliseconds; default the system clock. */
  readonly now?: () => number;
  /** Default `process`. */
  readonly signals?: ProcessSignals;
}

/** What a training step tells. */
export interface StepProgress {
  /** The global step just finished, counted from 1 over all runs. */
  readonly step: number;
  /** Rows in this step's batch. */
  readonly samples: number;
  readonly learningRate: number;
  /** Losses by name, in the order they are shown, for example `cross_entropy_loss`, `total_loss`. */
  readonly losses: Readonly<Record<string, number>>;
  /** Area under the ROC curve so far, when it is known. */
  readonly auc?: number;
  /** Share of the whole training that is done, 0 to 1; used when `totalSteps` is not known. */
  readonly fraction?: number;
}

const REDRAW_INTERVAL_MS = 100;
const RATE_WINDOW_MS = 5_000;
const BAR_COLUMNS = 20;
const CLEAR_LINE = '\r\x1b[2K';
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Shows how training goes: a bar on a terminal, one line per `logStepCountSteps` steps elsewhere. */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #now: () => number;
  readonly #signals: ProcessSignals;
  readonly #color: boolean;
  readonly #meter: RateMeter;
  #lastDraw = -Infinity;
  #first: StepProgress | undefined;
  #latest: StepProgress | undefined;
  #line = '';
  #closed = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#signals = options.signals ?? process;
    this.#color = options.isTTY && (options.color ?? !process.env['NO_COLOR']);
    this.#meter = new RateMeter(options.isTTY ? RATE_WINDOW_MS : 0, this.#now());
    if (options.isTTY) {
      for (const event of [...SIGNALS, 'exit']) this.#signals.once(event, this.#onEnd);
      options.stream.write(HIDE_CURSOR);
    }
  }

  /** Tells of one finished step; drawn at most ten times a second. */
  update(progress: StepProgress): void {
    if (this.#closed) return;
    this.#meter.add(progress.samples);
    this.#first ??= progress;
    this.#latest = progress;
    if (!this.#options.isTTY) {
      if (progress.step % this.#options.logStepCountSteps === 0) this.#writePlain(progress);
    } else if (this.#now() - this.#lastDraw >= REDRAW_INTERVAL_MS) {
      this.#draw(progress);
    }
  }

  /** Writes a line of its own, above the bar if there is one. */
  print(line: string): void {
    if (!this.#options.isTTY || this.#closed) this.#options.stream.write(`${line}\n`);
    else this.#options.stream.write(`${CLEAR_LINE}${line}\n${this.#line}`);
  }

  /** Draws the last state, leaves it standing and gives the cursor back; calling it again does nothing. */
  close(): void {
    if (this.#closed) return;
    if (this.#options.isTTY) {
      if (this.#latest) this.#draw(this.#latest);
      this.#options.stream.write(`${this.#latest ? '\n' : ''}${SHOW_CURSOR}`);
      for (const event of [...SIGNALS, 'exit']) this.#signals.off(event, this.#onEnd);
    }
    this.#closed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  readonly #onEnd = (signal: string): void => {
    this.close();
    // Our listener has kept the signal from ending the process; unless someone else handles it, let it do so now.
    if (SIGNALS.includes(signal) && this.#signals.listenerCount(signal) === 0) {
      this.#signals.kill(this.#signals.pid, signal);
    }
  };

  #writePlain(progress: StepProgress): void {
    const rate = this.#meter.mark(this.#now());
    const values = Object.entries(progress.losses).map(([name, value]) => `${name} = ${formatValue(value)}`);
    if (progress.auc !== undefined) values.push(`auc = ${formatValue(progress.auc)}`);
    values.push(`samples/s = ${rate.samplesPerSecond.toFixed(0)}`);
    const text = [`lr = ${formatValue(progress.learningRate)}`, ...values].join(', ');
    this.#options.stream.write(`global step ${progress.step}: ${text}\n`);
  }

  #draw(progress: StepProgress): void {
    this.#lastDraw = this.#now();
    const text = this.#barLine(progress, this.#meter.mark(this.#lastDraw));
    this.#line = this.#color ? text.replace(/^\[[=>]+/, (bar) => `\x1b[32m${bar}\x1b[0m`) : text;
    this.#options.stream.write(CLEAR_LINE + this.#line);
  }

  #barLine(progress: StepProgress, rate: Rate): string {
    const total = this.#options.totalSteps;
    const fraction = total ? progress.step / total : progress.fraction;
    // The last column stays free: writing into it makes some terminals start a new line.
    const width = (this.#options.stream.columns ?? 80) - 1;
    const count = total ? `${progress.step}/${total}` : `step ${progress.step}`;
    const losses = Object.entries(progress.losses).map(([name, value]) => `${name} ${value.toPrecision(4)}`);
    const parts = [count];
    if (fraction !== undefined) {
      parts[0] = `${count} ${Math.floor(Math.min(1, fraction) * 100)}%`;
      parts.push(`${formatDuration(this.#secondsLeft(progress, rate, fraction))} left`);
    }
    parts.push(`${formatCount(rate.samplesPerSecond)} samples/s`);
    parts.push(...losses.slice(0, 1));
    if (progress.auc !== undefined) parts.push(`AUC ${progress.auc.toFixed(4)}`);
    parts.push(...losses.slice(1));
    const showsBar = fraction !== undefined && width >= BAR_COLUMNS + 20;
    if (!showsBar) return fitParts(parts, width);
    return `${formatBar(fraction, BAR_COLUMNS)} ${fitParts(parts, width - BAR_COLUMNS - 1)}`;
  }

  #secondsLeft(progress: StepProgress, rate: Rate, fraction: number): number {
    const total = this.#options.totalSteps;
    const stepsLeft = total ? total - progress.step : this.#stepsLeft(progress.step, fraction);
    return Math.max(0, stepsLeft) / rate.stepsPerSecond;
  }

  /** By the share that this run's own steps took: a resumed run may count earlier steps over other data. */
  #stepsLeft(step: number, fraction: number): number {
    const { step: firstStep, fraction: firstFraction = 0 } = this.#first ?? { step: 0 };
    const share = step > firstStep ? (fraction - firstFraction) / (step - firstStep) : fraction / step;
    return share > 0 ? (1 - fraction) / share : Infinity;
  }
}
