/** One op that ran, in microseconds of the system clock. */
export interface TracedOp {
  /** The node's name in the graph. */
  readonly name: string;
  /** Such as `MatMul`; what TensorFlow ran, which may be a fusion of several nodes of the graph. */
  readonly type: string;
  readonly device: string;
  readonly startUs: number;
  readonly durationUs: number;
}

/** A part of a step as JavaScript sees it, in microseconds of the system clock. */
export interface Phase {
  readonly name: string;
  /** The step it belongs to, counted as checkpoints do. */
  readonly step: number;
  readonly startUs: number;
  readonly durationUs: number;
}

/** All ops of one type, per step. */
export interface OpRow {
  readonly type: string;
  readonly calls: number;
  readonly ms: number;
  /** Of the time of all ops, 0 to 1. */
  readonly share: number;
  /** This share and those of the rows before. */
  readonly cumulative: number;
}

/**
 * Sums ops up by type, the longest first.
 *
 * @param steps In how many steps the ops ran, at least 1.
 */
export function opRows(ops: readonly TracedOp[], steps: number): readonly OpRow[] {
  const sums = new Map<string, { calls: number; us: number }>();
  let totalUs = 0;
  for (const { type, durationUs } of ops) {
    const sum = sums.get(type) ?? { calls: 0, us: 0 };
    sum.calls++;
    sum.us += durationUs;
    sums.set(type, sum);
    totalUs += durationUs;
  }
  const longestFirst = [...sums].sort(([a, x], [b, y]) => y.us - x.us || (a < b ? -1 : 1));
  let doneUs = 0;
  return longestFirst.map(([type, { calls, us }]) => {
    doneUs += us;
    return {
      type,
      calls: calls / steps,
      ms: us / 1000 / steps,
      share: shareOf(us, totalUs),
      cumulative: shareOf(doneUs, totalUs),
    };
  });
}

/** A phase's time per step. */
export interface PhaseRow {
  readonly name: string;
  readonly ms: number;
  /** Of the time of the steps, 0 to 1. */
  readonly share: number;
}

/** Sums phases up by name, in the order in which names first occur; `wholeMs` is the time of all steps together. */
export function phaseRows(
  phases: readonly Phase[],
  { steps, wholeMs }: { readonly steps: number; readonly wholeMs: number },
): readonly PhaseRow[] {
  const sums = new Map<string, number>();
  for (const { name, durationUs } of phases) sums.set(name, (sums.get(name) ?? 0) + durationUs / 1000);
  return [...sums].map(([name, ms]) => ({ name, ms: ms / steps, share: shareOf(ms, wholeMs) }));
}

function shareOf(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}
