import { IndexedSlices } from '../tf/grad/indexed_slices.js';
import type { Graph, Operation, Output, Variable, Variables } from '../tf/index.js';
import { ops } from '../tf/index.js';
import { mergeRows } from './sparse_gradient.js';
import type { Optimizer, SlotSpec, UpdateContext, VariableGradient } from './types.js';

export interface AdamConfig {
  /** Decay of the first moment. Default in EasyRec: 0.9. */
  readonly beta1: number;
  /** Decay of the second moment. Default in EasyRec: 0.999. */
  readonly beta2: number;
}

const EPSILON = 1e-8;

const SLOTS: readonly SlotSpec[] = [
  { suffix: 'Adam', initial: 0 },
  { suffix: 'Adam_1', initial: 0 },
];

interface Powers {
  readonly beta1: Variable;
  readonly beta2: Variable;
}

/**
 * Adam (arXiv:1412.6980, in the form of its section 2's last paragraph, as TensorFlow computes it):
 *
 *     m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g^2
 *     w = w - lr sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + 1e-8)
 *
 * Rows of embedding tables move at every step, by their momentum where no lookup touched them, as in TensorFlow; or,
 * without `everyStep`, only at the steps that look them up. State: `<variable>/Adam` (m),
 * `<variable>/Adam_1` (v), `beta1_power` and `beta2_power`, as in TensorFlow's checkpoints.
 */
export function adam(
  { beta1, beta2 }: AdamConfig,
  { everyStep }: { readonly everyStep: boolean },
): Optimizer {
  return {
    rowRule: { kind: 'adam', slots: SLOTS, beta1, beta2, epsilon: EPSILON, everyStep },
    apply(context, gradients) {
      const { variables, rowUpdates = () => [] } = context;
      const { graph } = variables;
      const powers = {
        beta1: power(variables, 'beta1_power', beta1),
        beta2: power(variables, 'beta2_power', beta2),
      };
      const updates = graph.scope('Adam', () => {
        const scalars = stepScalars(graph, context, powers, { beta1, beta2 });
        const dense = everyStep ? gradients.map(densified) : gradients;
        return [
          ...dense.flatMap((pair) => update(variables, pair, scalars)),
          ...rowUpdates(scalars.corrected),
        ];
      });
      return [...updates, ...advance(graph, powers, { beta1, beta2 }, updates)];
    },
  };
}

/** A gradient of single rows as one of the whole variable: the other rows move too, at a gradient of 0. */
function densified({ variable, gradient }: VariableGradient): VariableGradient {
  return { variable, gradient: gradient instanceof IndexedSlices ? gradient.toDense() : gradient };
}

interface StepScalars {
  readonly beta1: Output;
  readonly beta2: Output;
  readonly epsilon: Output;
  readonly beta1Power: Output;
  readonly beta2Power: Output;
  readonly learningRate: Output;
  /** lr sqrt(1 - beta2^t) / (1 - beta1^t). */
  readonly corrected: Output;
  /** 1 - beta1 and 1 - beta2. */
  readonly rest1: Output;
  readonly rest2: Output;
}

function stepScalars(
  graph: Graph,
  { learningRate }: UpdateContext,
  powers: Powers,
  { beta1, beta2 }: AdamConfig,
): StepScalars {
  const number = (value: number): Output => ops.constant(graph, 'float32', value);
  const beta1Power = powers.beta1.read();
  const beta2Power = powers.beta2.read();
  const correction = ops.div(ops.sqrt(ops.sub(1, beta2Power)), ops.sub(1, beta1Power));
  const [b1, b2] = [number(beta1), number(beta2)];
  return {
    beta1: b1,
    beta2: b2,
    epsilon: number(EPSILON),
    beta1Power,
    beta2Power,
    learningRate,
    corrected: ops.mul(learningRate, correction),
    // Computed in float32, as TensorFlow's kernels do: 1 - 0.999 differs there from 0.001 in the eighth digit.
    rest1: ops.sub(1, b1),
    rest2: ops.sub(1, b2),
  };
}

function update(variables: Variables, { variable, gradient }: VariableGradient, s: StepScalars): Operation[] {
  const { name, shape } = variable;
  const [m, v] = SLOTS.map(({ suffix }) =>
    variables.create(`${name}/${suffix}`, { shape, initializer: zeros, trainable: false }),
  ) as [Variable, Variable];
  const { graph } = variables;
  if (!(gradient instanceof IndexedSlices)) {
    const inputs = [variable.handle, m.handle, v.handle, s.beta1Power, s.beta2Power, s.learningRate];
    return [graph.op('ResourceApplyAdam', [...inputs, s.beta1, s.beta2, s.epsilon, gradient])];
  }
  const { rows, values } = mergeRows(gradient);
  const mRows = ops.add(ops.mul(m.gather(rows), s.beta1), ops.mul(values, s.rest1));
  const vRows = ops.add(ops.mul(v.gather(rows), s.beta2), ops.mul(ops.square(values), s.rest2));
  const step = ops.div(ops.mul(s.corrected, mRows), ops.add(ops.sqrt(vRows), s.epsilon));
  return [
    ops.resourceScatterUpdate(m.handle, rows, mRows),
    ops.resourceScatterUpdate(v.handle, rows, vRows),
    ops.resourceScatterSub(variable.handle, rows, step),
  ];
}

/** beta^(t+1) for the next step, once every update has read beta^t. */
function advance(
  graph: Graph,
  powers: Powers,
  { beta1, beta2 }: AdamConfig,
  updates: readonly Operation[],
): Operation[] {
  return graph.withControl(updates, () => [
    ops.assign(powers.beta1.handle, ops.mul(powers.beta1.read(), beta1)),
    ops.assign(powers.beta2.handle, ops.mul(powers.beta2.read(), beta2)),
  ]);
}

function power(variables: Variables, name: string, beta: number): Variable {
  const initializer = (graph: Graph): Output => ops.constant(graph, 'float32', beta);
  return variables.create(name, { shape: [], initializer, trainable: false });
}

function zeros(graph: Graph, shape: readonly number[]): Output {
  return ops.fill(ops.ints(graph, shape), ops.constant(graph, 'float32', 0));
}
