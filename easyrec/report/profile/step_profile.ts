import { type OpRow, opRows, type Phase, type PhaseRow, phaseRows, type TracedOp } from './op_profile.js';

/** One step that was traced. */
export interface TracedStep {
  /** Counted as checkpoints do: 1 is the first. */
  readonly step: number;
  readonly startUs: number;
  readonly durationUs: number;
  readonly ops: readonly TracedOp[];
  /** One after the other they fill the step. */
  readonly phases: readonly Phase[];
  /** Go on beside the phases: the next batch is made while this one computes. */
  readonly beside: readonly Phase[];
}

/** Where the time of training steps goes; all times are of one step, in milliseconds. */
export interface StepProfile {
  /** The steps that were traced, first to last. */
  readonly steps: readonly number[];
  readonly stepMs: number;
  /** A step without tracing; null when there was none. */
  readonly untracedStepMs: number | null;
  /** What all ops took together, on all threads. */
  readonly opsMs: number;
  readonly ops: readonly OpRow[];
  readonly phases: readonly PhaseRow[];
  readonly beside: readonly PhaseRow[];
}

/**
 * Works out where the time of traced steps went.
 *
 * @param traced At least one step.
 */
export function stepProfile(traced: readonly TracedStep[], untracedStepMs: number | null): StepProfile {
  const steps = traced.length;
  const wholeMs = traced.reduce((sum, { durationUs }) => sum + durationUs / 1000, 0);
  const ops = opRows(
    traced.flatMap((step) => step.ops),
    steps,
  );
  const rows = (phases: readonly Phase[]): readonly PhaseRow[] => phaseRows(phases, { steps, wholeMs });
  return {
    steps: traced.map(({ step }) => step),
    stepMs: wholeMs / steps,
    untracedStepMs,
    opsMs: ops.reduce((sum, { ms }) => sum + ms, 0),
    ops,
    phases: rows(traced.flatMap(({ phases }) => phases)),
    beside: rows(traced.flatMap(({ beside }) => beside)),
  };
}
