import { f32 } from './float32.js';
import type { StoreRule } from './native_store.js';

const { add, sub, mul, div, sqrt } = f32;

/** One row: its weights, its slots; numbers of float32 that the rule replaces. */
export interface Row {
  readonly w: number[];
  readonly slots: readonly number[][];
}

/** A rule of a store and the same by float32 arithmetic, one operation after the other. */
export interface KnownRule extends StoreRule {
  readonly move: (row: Row, g: readonly number[], rate: number) => void;
}

const ZEROS = { initial: 0 };

/** Calls `change` with each element of a row, and stores what it gives: the weight, then the slots. */
function elementwise(
  row: Row,
  g: readonly number[],
  change: (g: number, w: number, ...slots: number[]) => readonly number[],
): void {
  row.w.forEach((w, d) => {
    const [weight = NaN, ...slots] = change(g[d] ?? NaN, w, ...row.slots.map((slot) => slot[d] ?? NaN));
    row.w[d] = weight;
    row.slots.forEach((slot, s) => (slot[d] = slots[s] ?? NaN));
  });
}

function adam(b1: number, b2: number, epsilon: number, decay: number): KnownRule['move'] {
  const [rest1, rest2] = [sub(1, Math.fround(b1)), sub(1, Math.fround(b2))];
  return (row, g, rate) => {
    elementwise(row, g, (grad, weight, m = NaN, v = NaN) => {
      const w = decay === 0 ? weight : sub(weight, mul(Math.fround(decay), weight));
      const mean = add(m, mul(sub(grad, m), rest1));
      const square = add(v, mul(sub(mul(grad, grad), v), rest2));
      return [sub(w, div(mul(mean, rate), add(sqrt(square), Math.fround(epsilon)))), mean, square];
    });
  };
}

function momentum(factor: number, nesterov: boolean, decay: number): KnownRule['move'] {
  const by = Math.fround(factor);
  return (row, g, rate) => {
    elementwise(row, g, (grad, weight, a = NaN) => {
      const w = decay === 0 ? weight : sub(weight, mul(Math.fround(decay), weight));
      const sum = add(mul(a, by), grad);
      const step = nesterov ? add(mul(grad, rate), mul(mul(sum, by), rate)) : mul(rate, sum);
      return [sub(w, step), sum];
    });
  };
}

/** @param p the parameters; the power is -0.5 */
function ftrl([, l1 = 0, l2 = 0, shrinkage = 0]: readonly number[]): KnownRule['move'] {
  const [limit, twice, shrink] = [Math.fround(l1), mul(2, Math.fround(l2)), mul(2, Math.fround(shrinkage))];
  return (row, g, rate) => {
    elementwise(row, g, (grad, w, a = NaN, z = NaN) => {
      const sum = add(a, mul(grad, grad));
      const shrunk = shrinkage > 0 ? add(grad, mul(shrink, w)) : grad;
      const linear = add(z, sub(shrunk, mul(div(sub(sqrt(sum), sqrt(a)), rate), w)));
      const clipped = Math.max(Math.min(linear, limit), -limit);
      return [div(sub(clipped, linear), add(div(sqrt(sum), rate), twice)), sum, linear];
    });
  };
}

/** All rules, with parameters that use every term. */
export const RULES: Readonly<Record<string, KnownRule>> = {
  sgd: {
    kind: 'sgd',
    parameters: [],
    slots: [],
    move: (row, g, rate) => {
      elementwise(row, g, (grad, w) => [sub(w, mul(rate, grad))]);
    },
  },
  momentum: {
    kind: 'momentum',
    parameters: [0.9, 0],
    slots: [ZEROS],
    move: momentum(0.9, false, 0),
  },
  nesterov: { kind: 'momentum', parameters: [0.8, 1], slots: [ZEROS], move: momentum(0.8, true, 0) },
  momentumw: {
    kind: 'momentumw',
    parameters: [0.9, 0.01],
    slots: [ZEROS],
    move: momentum(0.9, false, 0.01),
  },
  lazyAdam: {
    kind: 'adam',
    parameters: [0.9, 0.999, 1e-8, 0],
    slots: [ZEROS, ZEROS],
    move: adam(0.9, 0.999, 1e-8, 0),
  },
  adamw: {
    kind: 'adamw',
    parameters: [0.85, 0.99, 1e-6, 0, 0.02],
    slots: [ZEROS, ZEROS],
    move: adam(0.85, 0.99, 1e-6, 0.02),
  },
  adagrad: {
    kind: 'adagrad',
    parameters: [],
    slots: [{ initial: 0.1 }],
    move: (row, g, rate) => {
      elementwise(row, g, (grad, w, a = NaN) => {
        const sum = add(a, mul(grad, grad));
        return [sub(w, div(mul(rate, grad), sqrt(sum))), sum];
      });
    },
  },
  rowWiseAdagrad: {
    kind: 'rowwise_adagrad',
    parameters: [1e-7],
    slots: [{ initial: 0.05, perRow: true }],
    move: ({ w, slots: [slot = []] }, g, rate) => {
      const squares = g.reduce((sum, grad) => add(sum, mul(grad, grad)), 0);
      const sum = add(slot[0] ?? NaN, div(squares, g.length));
      slot[0] = sum;
      const step = div(rate, add(sqrt(sum), Math.fround(1e-7)));
      w.forEach((weight, d) => (w[d] = sub(weight, mul(step, g[d] ?? NaN))));
    },
  },
  ftrl: {
    kind: 'ftrl',
    parameters: [-0.5, 0.02, 0.03, 0.01],
    slots: [{ initial: 0.1 }, ZEROS],
    move: ftrl([-0.5, 0.02, 0.03, 0.01]),
  },
  rmsProp: {
    kind: 'rms_prop',
    parameters: [0.9, 0.5, 1e-10],
    slots: [{ initial: 1 }, ZEROS],
    move: (row, g, rate) => {
      const [decay, factor, epsilon] = [0.9, 0.5, 1e-10].map(Math.fround) as [number, number, number];
      elementwise(row, g, (grad, w, s = NaN, b = NaN) => {
        const square = add(mul(s, decay), mul(mul(grad, grad), sub(1, decay)));
        const step = add(mul(b, factor), div(mul(rate, grad), sqrt(add(square, epsilon))));
        return [sub(w, step), square, step];
      });
    },
  },
};
