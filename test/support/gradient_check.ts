import assert from 'node:assert/strict';
import type { GradientRules } from '../../easyrec/tf/grad/index.js';
import { gradients, IndexedSlices } from '../../easyrec/tf/grad/index.js';
import { packOutputs } from '../../easyrec/tf/graph.js';
import type { Output, Step, Tensor } from '../../easyrec/tf/index.js';
import { elementCount, Graph, makeStep, ops, Session, tensor } from '../../easyrec/tf/index.js';
import { native } from '../../easyrec/tf/native.js';
import { withStatus } from '../../easyrec/tf/status.js';

/** A point at which to check: a tensor that is fed, or a variable that holds it. */
export interface CheckedInput {
  readonly shape: readonly number[];
  readonly values: readonly number[];
  /** Whether `build` gets the handle of a variable. Default: a placeholder. */
  readonly variable?: boolean;
}

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
  /** Whether to differentiate by `TF_AddGradients`, too. Default: false. */
  readonly oracle?: boolean;
}

export interface GradientReport {
  /** The largest difference from the numeric derivative, relative to the larger of both and to 1; NaN if any is. */
  readonly numericError: number;
  /** The largest difference from `TF_AddGradients`; undefined where it was not asked. */
  readonly oracleError: number | undefined;
  /** The number of derivatives compared: one for each pair of an input and an output element. */
  readonly pairs: number;
}

type Jacobian = readonly (readonly number[])[];

/**
 * Compares the derivatives of every output element by every input element with central differences, and with those
 * of TensorFlow's own C++ rules if `oracle` is set.
 */
export async function measureGradients(check: GradientCheck): Promise<GradientReport> {
  using graph = new Graph();
  const dtype = check.dtype ?? 'float64';
  const problem = new Problem(graph, check, dtype);
  await using session = Session.create(graph, {
    config: { graph_options: { rewrite_options: { disable_meta_optimizer: true } } },
  });
  const analytic = problem.analytic(session, problem.ours);
  const numeric = problem.numeric(session, check.delta ?? 1e-5);
  const oracle = problem.oracle === undefined ? undefined : problem.analytic(session, problem.oracle);
  return {
    numericError: difference(analytic, numeric, 1),
    oracleError: oracle === undefined ? undefined : difference(analytic, oracle, 1e-100),
    pairs: numeric.reduce((sum, row) => sum + row.length - 1, 0),
  };
}

/** Fails unless all derivatives agree to `tolerance` with central differences, and to 1e-12 with the oracle's. */
export async function assertGradients(check: GradientCheck, tolerance = 1e-7): Promise<GradientReport> {
  const report = await measureGradients(check);
  assert.ok(
    report.numericError <= tolerance,
    `expected derivatives within ${tolerance} of central differences, received an error of ${report.numericError}`,
  );
  if (report.oracleError !== undefined) {
    assert.ok(
      report.oracleError <= 1e-12,
      `expected derivatives within 1e-12 of TF_AddGradients, received an error of ${report.oracleError}`,
    );
  }
  return report;
}

/** The largest relative difference over all elements; NaN if there is any. */
function difference(a: Jacobian, b: Jacobian, floor: number): number {
  let largest = 0;
  assert.equal(a.length, b.length);
  a.forEach((row, i) => {
    assert.equal(row.length, b[i]?.length);
    row.forEach((value, j) => {
      const other = b[i]?.[j] ?? Number.NaN;
      const error = Math.abs(value - other) / Math.max(floor, Math.abs(value), Math.abs(other));
      largest = Number.isNaN(error) || error > largest ? error : largest;
      if (Number.isNaN(error)) largest = Number.NaN;
    });
  });
  return largest;
}

class Problem {
  readonly ours: readonly (Output | null)[];
  readonly oracle: readonly Output[] | undefined;
  readonly #fed: readonly Output[];
  readonly #ys: readonly Output[];
  readonly #gradYs: readonly Output[];
  readonly #assign: Step;

  constructor(
    graph: Graph,
    private readonly check: GradientCheck,
    private readonly dtype: 'float64' | 'float32',
  ) {
    const { inputs, build, shapes = 'static', rules } = check;
    this.#fed = inputs.map(({ shape, variable = false }, i) => {
      const open = shapes === 'rank' && !variable;
      return ops.placeholder(graph, dtype, open ? shape.map(() => -1) : shape, `input_${i}`);
    });
    const xs = inputs.map(({ shape, variable = false }, i) =>
      variable ? ops.varHandle(graph, `variable_${i}`, dtype, shape) : this.#placeholder(i),
    );
    const targets = xs.flatMap((x, i) =>
      x.dtype === 'resource' ? [ops.assign(x, this.#placeholder(i))] : [],
    );
    this.#assign = makeStep({ feeds: this.#fed, targets });
    const built = build(xs);
    this.#ys = Array.isArray(built) ? (built as readonly Output[]) : [built as Output];
    this.#gradYs = this.#ys.map((y, i) => ops.placeholder(graph, dtype, y.shape, `grad_y_${i}`));
    const found = gradients(this.#ys, xs, { gradYs: this.#gradYs, ...(rules !== undefined && { rules }) });
    // Not the gradient itself: it may be grad_y, and a run cannot both feed and fetch a tensor.
    this.ours = found.map((dx) => dx && ops.identity(dx instanceof IndexedSlices ? dx.toDense() : dx));
    this.oracle = check.oracle === true ? addGradients(graph, this.#ys, xs, this.#gradYs) : undefined;
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
          Array.from(values, (_, element) => weight(i, element)),
        ),
      );
      const results = fetches.length === 0 ? [] : numbers(session.runSync(step, [...inputs, ...fed]));
      fed.forEach((one) => one.dispose());
      return this.#flatten(dxs, results);
    };
    const units = ys.flatMap(({ values }, i) =>
      Array.from(values, (_, element) => along((j, k) => (i === j && element === k ? 1 : 0))),
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
      const { shape } = this.check.inputs[i] ?? { shape: [] };
      if (dx === null) return new Array<number>(elementCount(shape)).fill(0);
      const result = results[next++];
      assert.deepEqual(result?.shape, shape, `gradient of input ${i}: another shape than the input`);
      return result.values;
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

  #placeholder(index: number): Output {
    const placeholder = this.#fed[index];
    assert.ok(placeholder !== undefined);
    return placeholder;
  }

  #inputs(values: readonly (readonly number[])[]): Tensor[] {
    return values.map((numbers_, i) => tensor(this.dtype, this.check.inputs[i]?.shape ?? [], numbers_));
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

function addGradients(
  graph: Graph,
  ys: readonly Output[],
  xs: readonly Output[],
  gradYs: readonly Output[],
): readonly Output[] {
  const dxs = new BigInt64Array(2 * xs.length);
  const [y, x, dy] = [packOutputs(ys), packOutputs(xs), packOutputs(gradYs)];
  withStatus((status) => native().TF_AddGradients(graph.handle, y, ys.length, x, xs.length, dy, status, dxs));
  return xs.map((_, i) => ops.identity(graph.outputAt(dxs, i)));
}
