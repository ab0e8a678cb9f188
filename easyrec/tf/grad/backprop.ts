import { GraphError } from '../../errors.js';
import { isFloating } from '../dtype.js';
import type { Operation } from '../graph.js';
import { Output } from '../graph.js';
import { constant, onesLike, zerosLike } from '../ops/array.js';
import { Accumulator } from './accumulator.js';
import { checkArity, checkGradient, ruleOf } from './check_rule.js';
import { isStatic } from './constant_value.js';
import { ancestors, dependents } from './differentiable.js';
import { DimensionFacts } from './dimension_facts.js';
import { IndexedSlices } from './indexed_slices.js';
import { reduceBroadcast } from './reduce_broadcast.js';
import type { Gradient, GradientRule, GradientRules, OutputGradients } from './rule.js';
import { RULES } from './rules.js';

export interface GradientOptions {
  /** The gradients to begin with, one per y and of its shape; null for none. Default: ones. */
  readonly gradYs?: readonly (Output | null)[];
  /** Rules for op types of a plugin's own; they come before the built-in ones. */
  readonly rules?: GradientRules;
}

/**
 * Adds the nodes that compute `d sum(y) / dx` for each x, under the scope `gradients/`.
 *
 * An x is any floating tensor, or a variable's handle: that gets a dense gradient through ReadVariableOp, and rows
 * (IndexedSlices) as long as it is only looked up. Null for an x on which no y depends.
 *
 * @throws GraphError when an op in between has no rule, or a rule's result does not fit.
 */
export function gradients(
  y: Output | readonly Output[],
  xs: readonly Output[],
  { gradYs, rules = {} }: GradientOptions = {},
): readonly Gradient[] {
  const ys = (y instanceof Output ? [y] : y).map(canonical);
  const [first] = ys;
  if (first === undefined) throw new GraphError('gradients: expected at least one y, received none');
  if (gradYs !== undefined && gradYs.length !== ys.length) {
    throw new GraphError(`gradients: expected ${ys.length} gradYs, one per y, received ${gradYs.length}`);
  }
  ys.forEach((output) => expectType(output, 'y', isFloating(output.dtype)));
  const targets = xs.map(canonical);
  targets.forEach((x) => expectType(x, 'x', isFloating(x.dtype) || x.dtype === 'resource'));
  const { graph } = first;
  return graph.rootScope(() =>
    graph.scope('gradients', () => {
      const walker = new Walker(ys, targets, { ...RULES, ...rules });
      ys.forEach((output, i) => {
        const given = gradYs === undefined ? onesFor(output) : (gradYs[i] ?? null);
        if (given !== null) walker.seed(output, given);
      });
      walker.walk();
      return targets.map((x) => walker.gradient(x));
    }),
  );
}

class Walker {
  readonly #operations: readonly Operation[];
  readonly #reached: ReadonlySet<Output>;
  readonly #accumulator = new Accumulator();
  #facts: DimensionFacts | undefined;

  constructor(
    ys: readonly Output[],
    xs: readonly Output[],
    private readonly rules: GradientRules,
  ) {
    this.#operations = ancestors(ys);
    this.#reached = dependents(this.#operations, xs);
  }

  seed(y: Output, gradient: Output): void {
    if (gradient.dtype !== y.dtype) {
      throw new GraphError(
        `gradients: expected gradYs of "${y.name}" as ${y.dtype}, received ${gradient.dtype}`,
      );
    }
    if (this.#reached.has(y)) this.#accumulator.add(y, gradient);
  }

  /** From ys back to xs: at an op's turn, all its consumers have contributed. */
  walk(): void {
    for (const op of this.#operations.toReversed()) {
      if (!op.inputs.some((input) => this.#reached.has(input))) continue;
      const dys = op.outputs.map((output) => this.#accumulator.total(output));
      if (dys.every((dy) => dy === null)) continue;
      const rule = ruleOf(op, this.rules);
      if (rule !== null) op.graph.scope(`${op.name}_grad`, () => this.#apply(op, rule, dys));
    }
  }

  gradient(x: Output): Gradient {
    return this.#accumulator.total(x);
  }

  #apply(op: Operation, rule: GradientRule, dys: readonly Gradient[]): void {
    if (typeof rule === 'object' && rule.kind === 'pass-through') {
      const [dy = null] = dys;
      this.#contribute(op, 0, dy);
      return;
    }
    const [first = null, ...others] = dys.map(dense);
    const full: OutputGradients = [first ?? zerosLike(op.output()), ...others];
    const results = typeof rule === 'function' ? rule(op, full) : rule.gradient(op, full);
    checkArity(op, results);
    results.forEach((result, i) => {
      const input = op.input(i);
      if (!this.#reached.has(input)) return;
      const gradient = typeof result === 'function' ? result() : result;
      if (typeof rule === 'function' || !(gradient instanceof Output)) this.#contribute(op, i, gradient);
      else {
        const { trailing } = rule;
        const output = op.output(rule.output);
        this.#facts ??= new DimensionFacts(this.#operations);
        this.#contribute(op, i, reduceBroadcast(this.#facts, { output, input, gradient, trailing }));
      }
    });
  }

  #contribute(op: Operation, index: number, gradient: Gradient): void {
    checkGradient(op, index, gradient);
    if (gradient !== null) this.#accumulator.add(op.input(index), gradient);
  }
}

function dense(gradient: Gradient): Output | null {
  return gradient instanceof IndexedSlices ? gradient.toDense() : gradient;
}

/** An `Output` made by hand is equal to, but not the same object as, its operation's. */
function canonical(output: Output): Output {
  return output.op.output(output.index);
}

function expectType(output: Output, role: string, fits: boolean): void {
  if (fits) return;
  const wanted = role === 'x' ? 'floating tensors and handles of variables' : 'floating tensors';
  throw new GraphError(
    `gradients: expected ${wanted} for ${role}, received ${output.dtype} from ${output.op.type} "${output.name}"`,
  );
}

function onesFor(y: Output): Output {
  const { shape } = y;
  return isStatic(shape) && shape.length === 0 ? constant(y.graph, y.dtype, 1) : onesLike(y);
}
