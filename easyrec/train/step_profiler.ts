import type { Phase, TracedOp } from '../report/profile/op_profile.js';
import { stepProfile, type StepProfile, type TracedStep } from '../report/profile/step_profile.js';
import type { RunMetadata, RunSettings } from '../tf/index.js';

/** The first steps are slower than those that follow: TensorFlow prepares kernels, caches are cold. */
const WARM_UP_STEPS = 10;
const KEPT_STEPS = 10;

interface OpenStep {
  readonly step: number;
  readonly startMs: number;
  readonly traced: boolean;
  partStartMs: number;
  ops: readonly TracedOp[];
  readonly phases: Phase[];
  readonly beside: Phase[];
}

/**
 * Traces the first 20 steps of a run and keeps the last 10 of them, so that a short run is profiled too, and a long one
 * after a warm-up. Tracing changes no result, but slows the traced steps down.
 */
export class StepProfiler {
  readonly #traced: TracedStep[] = [];
  #current: OpenStep | null = null;
  #begun = 0;
  #untraced = { steps: 0, ms: 0 };

  /** A step begins. */
  begin(step: number): void {
    const startMs = performance.now();
    const traced = this.#begun++ < WARM_UP_STEPS + KEPT_STEPS;
    this.#current = { step, startMs, traced, partStartMs: startMs, ops: [], phases: [], beside: [] };
  }

  /** What ran since the step began, or since its last part, was the part of this name. */
  part(name: string): void {
    if (this.#current?.traced !== true) return;
    const nowMs = performance.now();
    this.#current.phases.push(this.#phase(name, this.#current, this.#current.partStartMs, nowMs));
    this.#current.partStartMs = nowMs;
  }

  /** What ran since `startMs`, of `performance.now()`, ran beside the step's own parts. */
  beside(name: string, startMs: number): void {
    if (this.#current?.traced !== true) return;
    this.#current.beside.push(this.#phase(name, this.#current, startMs, performance.now()));
  }

  /** How to run the step. */
  runSettings(): RunSettings {
    const current = this.#current;
    if (current?.traced !== true) return {};
    return { onTrace: (metadata) => (current.ops = tracedOps(metadata)) };
  }

  /** The step is over. */
  end(): void {
    const current = this.#current;
    if (current === null) return;
    this.#current = null;
    const durationMs = performance.now() - current.startMs;
    if (!current.traced) {
      this.#untraced = { steps: this.#untraced.steps + 1, ms: this.#untraced.ms + durationMs };
      return;
    }
    const { step, startMs, ops, phases, beside } = current;
    const durationUs = durationMs * 1000;
    this.#traced.push({ step, startUs: unixMicros(startMs), durationUs, ops, phases, beside });
  }

  /** The steps that were kept, first to last: the very first one only where it is the only one. */
  get steps(): readonly TracedStep[] {
    return this.#traced.slice(Math.min(1, this.#traced.length - 1)).slice(-KEPT_STEPS);
  }

  /** Where the time of the kept steps went; null when no step was traced. */
  result(): StepProfile | null {
    const { steps, ms } = this.#untraced;
    return this.steps.length === 0 ? null : stepProfile(this.steps, steps === 0 ? null : ms / steps);
  }

  #phase(name: string, { step }: OpenStep, startMs: number, endMs: number): Phase {
    return { name, step, startUs: unixMicros(startMs), durationUs: (endMs - startMs) * 1000 };
  }
}

/** A time of `performance.now()` on the clock that TensorFlow's traces use. */
function unixMicros(ms: number): number {
  return (performance.timeOrigin + ms) * 1000;
}

/** The ops of a trace with the time in which they computed, without the time for which they waited to. */
export function tracedOps(metadata: RunMetadata): readonly TracedOp[] {
  return (metadata.step_stats?.dev_stats ?? []).flatMap(({ device = '', node_stats: nodes = [] }) =>
    nodes.map((node) => {
      const startNanos = node.op_start_rel_nanos ?? 1000 * (node.op_start_rel_micros ?? 0);
      const endNanos = node.op_end_rel_nanos ?? 1000 * (node.op_end_rel_micros ?? 0);
      const name = node.node_name ?? '';
      return {
        name,
        // Where oneDNN computes an op, TensorFlow renames it: MatMul is then _MklMatMul.
        type: /^.*? = (?:_Mkl)?([\w.>]+)\(/.exec(node.timeline_label ?? '')?.[1] ?? name,
        device,
        startUs: (node.all_start_micros ?? 0) + startNanos / 1000,
        durationUs: Math.max(endNanos - startNanos, 0) / 1000,
      };
    }),
  );
}
