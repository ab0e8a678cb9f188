import type { SlotSpec } from '../../easyrec/optimizers/index.js';
import type { OptimizerCase, Trace } from './optimizer_case.js';

/** A row of a variable and of its slots, float64. */
export interface FormRow {
  readonly w: number[];
  /** In the order of the slots. */
  readonly slots: readonly number[][];
}

/** What a formula sees of a step. */
export interface FormStep {
  /** The row's gradient, all its lookups summed up; zeros for one that was not looked up. */
  readonly g: readonly number[];
  readonly rate: number;
  /** From 1. */
  readonly t: number;
  readonly lookedUp: boolean;
}

/** An optimizer's formulas; `move` changes one row in place. */
export interface ClosedForm {
  readonly slots: readonly SlotSpec[];
  readonly move: (row: FormRow, step: FormStep) => void;
  /** Whether rows that a step did not look up move too. Default: no. */
  readonly everyStep?: boolean;
}

/** The trace of an optimizer by its formulas in float64. */
export function traceOf(form: ClosedForm, testCase: OptimizerCase): Trace {
  const { variable = 'w', height, width, start, steps, learningRates } = testCase;
  const rows: FormRow[] = Array.from({ length: height }, (_, row) => ({
    w: start.slice(row * width, (row + 1) * width),
    slots: form.slots.map(({ initial, perRow }) => Array<number>(perRow === true ? 1 : width).fill(initial)),
  }));
  return steps.map(({ rows: lookedUp, values }, i) => {
    rows.forEach((row, index) => {
      const places = lookedUp.flatMap((each, place) => (each === index ? [place] : []));
      const isLookedUp = places.length > 0;
      if (!isLookedUp && form.everyStep !== true) return;
      const g = row.w.map((_, column) =>
        places.reduce((sum, place) => sum + (values[place * width + column] ?? NaN), 0),
      );
      form.move(row, { g, rate: learningRates[i] ?? NaN, t: i + 1, lookedUp: isLookedUp });
    });
    const slots = form.slots.map(({ suffix }, slot) => [
      `${variable}/${suffix}`,
      rows.flatMap((row) => row.slots[slot] ?? []),
    ]);
    return Object.fromEntries([[variable, rows.flatMap(({ w }) => w)], ...slots]) as Trace[number];
  });
}

/** A formula for each element alone: from its weight, slots and gradient to its new weight and slots. */
export function elementwise(
  move: (
    w: number,
    slots: readonly number[],
    step: FormStep & { readonly gradient: number },
  ) => readonly number[],
): ClosedForm['move'] {
  return (row, step) => {
    row.w.forEach((w, i) => {
      const before = row.slots.map((slot) => slot[i] ?? NaN);
      const [moved = NaN, ...after] = move(w, before, { ...step, gradient: step.g[i] ?? NaN });
      row.w[i] = moved;
      row.slots.forEach((slot, s) => (slot[i] = after[s] ?? NaN));
    });
  };
}
