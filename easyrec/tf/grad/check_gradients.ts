import { GraphError } from '../../errors.js';
import { Graph } from '../graph.js';
import type { Output } from '../graph.js';
import { identity, placeholder } from '../ops/array.js';
import { assign, varHandle } from '../ops/state.js';
import { makeStep, Session } from '../session.js';
import type { Step } from '../session.js';
import { elementCount, tensor } from '../tensor.js';
import type { Tensor } from '../tensor.js';
import { gradients } from './backprop.js';
import { IndexedSlices } from './indexed_slices.js';
import type { GradientRules } from './rule.js';

/** A point at which to check: a tensor that is fed, or a variable that holds it. */
export interface CheckedInput {
  readonly shape: readonly number[];
  readonly values: readonly number[];
  /** Whether `build` gets the handle of a variable. Default: a placeholder. */
  readonly variable?: boolean;
}

/** A function of tensors, and where its derivatives are to be checked. */
export interface GradientCheck {
  readonly inputs: readonly CheckedInput[];
  /** Makes the outputs whose derivatives are checked, from the inputs in their order. */
  readonly build: (inputs: readonly Output[]) => Output | readonly Output[];
  /** Rules beside the built-in ones. */
  readonly rules?: GradientRules;
  /** float32 only for ops that have no float64 kernel. Default: float64. */
  readonly dtype?: 'float64' | 'float32';
  /** The step of the central difference. Default: 1e-5. */
  readonly delta?: number;
  /** What shape inference knows of the inputs: all sizes, or the rank alone. Default: all sizes. */
  readonly shapes?: 'static' | 'rank';
}

/** Adds the gradients of `xs` to a graph, beginning with `gradYs`: what a rule is compared with. */
export type Differentiate = (
  ys: readonly Output[],
  xs: readonly Output[],
  gradYs: readonly Output[],
) => readonly (Output | null)[];

/** How far derivatives are off. */
export interface GradientReport {
  /** The largest difference from the numeric derivative, relative to the larger of both and to 1; NaN if any is. */
  readonly numericError: number;
  /** The largest relative difference from the oracle's derivatives; undefined without an oracle. */
  readonly oracleError: number | undefined;
  /** The number of derivatives compared: one for each pair of an input and an output element. */
  readonly pairs: number;
}

type Jacobian = readonly (readonly number[])[];

/**
 * Compares the derivatives of every output element by every input element with central differences, and with those
 * of `oracle` if there is one.
 */
export async function measureGradients(
  check: GradientCheck,
  oracle?: Differentiate,
): Promise<GradientReport> {
  using graph = new Graph();
  const problem = new Problem(graph, check, check.dtype ?? 'float64');
  const expected = oracle === undefined ? undefined : problem.differentiate(oracle);
  await using session = Session.create(graph, {
    config: { graph_options: { rewrite_options: { disable_meta_optimizer: true } } },
  });
  const analytic = problem.analytic(session, problem.ours);
  const numeric = problem.numeric(session, check.delta ?? 1e-5);
  return {
    numericError: difference(analytic, numeric, 1),
    oracleError:
      expected === undefined ? undefined : difference(analytic, problem.analytic(session, expected), 1e-100),
    pairs: numeric.reduce((sum, row) => sum + row.length - 1, 0),
  };
}

/**
 * Checks gradient rules: all derivatives against central differences.
 *
 * @param tolerance The largest difference allowed, relative to the larger of both and to 1. Default: 1e-7, for float64.
 * @throws GraphError when a derivative is further off, or a rule is missing or does not fit.
 */
export async function checkGradients(check: GradientCheck, tolerance = 1e-7): Promise<GradientReport> {
  const report = await measureGradients(check);
  if (report.numericError <= tolerance) return report;
  throw new GraphError(
    `gradients: expected derivatives within ${tolerance} of central differences, received an error of ${report.numericError}`,
  );
}

/** The largest relative difference over all elements; NaN if there is any. */
function difference(a: Jacobian, b: Jacobian, floor: number): number {
  let largest = 0;
  a.forEach((row, i) => {
    row.forEach((value, j) => {
      const other = b[i]?.[j] ?? Number.NaN;
      const error = Math.abs(value - other) / Math.max(floor, Math.abs(value), Math.abs(other));
      if (Number.isNaN(largest)) return;
      if (Number.isNaN(error) || error > largest) largest = error;
    });
  });
  return largest;
}

class Problem {
  readonly ours: readonly (Output | null)[];
  readonly #xs: readonly Output[];
  readonly #fed: readonly Output[];
  readonly #ys: readonly Output[];
  readonly #gradYs: readonly Output[];
  readonly #assign: Step;

  constructor(
    graph: Graph,
    private readonly check: GradientCheck,
    private readonly dtype: 'float64' | 'float32',
  ) {
    const { inputs, build, shapes = 'static', rules = {} } = check;
    const points = inputs.map(({ shape, variable = false }, i) => {
      const open = shapes === 'rank' && !variable;
      const fed = placeholder(graph, dtype, open ? shape.map(() => -1) : shape, `input_${i}`);
      return { fed, x: variable ? varHandle(graph, `variable_${i}`, dtype, shape) : fed };
    });
    this.#fed = points.map(({ fed }) => fed);
    this.#xs = points.map(({ x }) => x);
    const targets = points.flatMap(({ fed, x }) => (x === fed ? [] : [assign(x, fed)]));
    this.#assign = makeStep({ feeds: this.#fed, targets });
    const built = build(this.#xs);
    this.#ys = Array.isArray(built) ? (built as readonly Output[]) : [built as Output];
    this.#gradYs = this.#ys.map((y, i) => placeholder(graph, dtype, y.shape, `grad_y_${i}`));
    this.ours = this.differentiate((ys, xs, gradYs) =>
      gradients(ys, xs, { gradYs, rules }).map((dx) => (dx instanceof IndexedSlices ? dx.toDense() : dx)),
    );
  }

  differentiate(rule: Differentiate): readonly (Output | null)[] {
    // Not the gradient itself: it may be grad_y, and a run cannot both feed and fetch a tensor.
    return rule(this.#ys, this.#xs, this.#gradYs).map((dx) => dx && identity(dx));
  }

  /** Rows: all input elements; columns: all output elements, and their sum. */
  analytic(session: Session, dxs: readonly (Output | null)[]): Jacobian {
    const fetches = dxs.filter((dx) => dx !== null);
    const step = makeStep({ feeds: [...this.#fed, ...this.#gradYs], fetches });
    const inputs = this.#inputs(this.check.inputs.map(({ values }) => values));
    this.#set(session, inputs);
    const ys = this.#evaluate(session, inputs);
    const along = (weight: (output: number, element: number) => number): number[] => {
      const fed = ys.map(({ shape, values }, i) =>
        tensor(
          this.dtype,
          shape,
          values.map((_, element) => weight(i, element)),
        ),
      );
      const results = fetches.length === 0 ? [] : numbers(session.runSync(step, [...inputs, ...fed]));
      fed.forEach((one) => one.dispose());
      return this.#flatten(dxs, results);
    };
    const units = ys.flatMap(({ values }, i) =>
      values.map((_, element) => along((j, k) => (i === j && element === k ? 1 : 0))),
    );
    // All at once, too: with an empty output it is the only run, and all derivatives must be 0.
    const columns = [...units, along(() => 1)];
    inputs.forEach((input) => input.dispose());
    const size = this.check.inputs.reduce((sum, { shape }) => sum + elementCount(shape), 0);
    return Array.from({ length: size }, (_, i) => columns.map((column) => column[i] ?? Number.NaN));
  }

  /** The gradients of all inputs one after the other; zeros for null. */
  #flatten(dxs: readonly (Output | null)[], results: readonly Values[]): number[] {
    let next = 0;
    return dxs.flatMap((dx, i) => {
      const shape = this.check.inputs[i]?.shape ?? [];
      if (dx === null) return new Array<number>(elementCount(shape)).fill(0);
      const result = results[next++];
      if (result?.shape.join() === shape.join()) return result.values;
      throw new GraphError(
        `gradient of input ${i}: expected the shape of the input, [${shape.join(', ')}], received [${result?.shape.join(', ') ?? ''}]`,
      );
    });
  }

  /** As `analytic`, by running twice for each input element. */
  numeric(session: Session, delta: number): Jacobian {
    const at = this.check.inputs.map(({ values }) => values);
    return at.flatMap((values, i) =>
      values.map((value, element) => {
        const [above = [], below = []] = [value + delta, value - delta].map((moved) => {
          const inputs = this.#inputs(at.with(i, values.with(element, moved)));
          this.#set(session, inputs);
          const result = this.#evaluate(session, inputs).flatMap((y) => y.values);
          inputs.forEach((input) => input.dispose());
          return result;
        });
        const row = above.map((high, j) => (high - (below[j] ?? Number.NaN)) / (2 * delta));
        return [...row, row.reduce((sum, derivative) => sum + derivative, 0)];
      }),
    );
  }

  #inputs(values: readonly (readonly number[])[]): Tensor[] {
    return values.map((point, i) => tensor(this.dtype, this.check.inputs[i]?.shape ?? [], point));
  }

  #set(session: Session, inputs: readonly Tensor[]): void {
    if (this.#assign.targets.length > 0) session.runSync(this.#assign, inputs);
  }

  #evaluate(session: Session, inputs: readonly Tensor[]): Values[] {
    return numbers(session.runSync(makeStep({ feeds: this.#fed, fetches: this.#ys }), inputs));
  }
}

interface Values {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

function numbers(results: readonly Tensor[]): Values[] {
  return results.map((result) => {
    using kept = result;
    return { shape: kept.shape, values: Array.from(kept.numbers() as ArrayLike<number | bigint>, Number) };
  });
}
