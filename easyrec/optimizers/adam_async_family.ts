import { IndexedSlices } from '../tf/grad/indexed_slices.js';
import type { Operation, Output, Variable, Variables } from '../tf/index.js';
import { ops } from '../tf/index.js';
import { type AdamOptions, adamSlots } from './adam_family.js';
import {
  ADAM_EPSILON,
  type AdamBetas,
  adamScalars,
  adamStep,
  type BetaPowers,
  initialPower,
} from './adam_step.js';
import { createSlots } from './slots.js';
import type { Optimizer, UpdateContext, VariableGradient } from './types.js';
import { decayWeights } from './weight_decay.js';

type AsyncOptions = Omit<AdamOptions, 'everyStep'>;

/**
 * Adam as PAI-TensorFlow and DeepRec have it for asynchronous workers: the formulas of `adamFamily`, of looked-up rows
 * only, with powers of beta of each variable's own, which wait where a step looks nothing up.
 *
 * State: `<variable>/<name>` (m), `_1` (v), `_2` and `_3` (powers of beta1 and beta2), as in DeepRec's checkpoints.
 */
export function adamAsyncFamily(options: AsyncOptions): Optimizer {
  const { name, beta1, beta2, weightDecay } = options;
  const common = { slots: adamSlots(name), beta1, beta2, epsilon: ADAM_EPSILON };
  return {
    rowRule:
      weightDecay === null
        ? { kind: 'adam', ...common, everyStep: false }
        : { kind: 'adamw', ...common, everyStep: false, weightDecay },
    apply: (context, gradients) =>
      context.variables.graph.scope(name, () => [
        ...gradients.flatMap((pair) => update(context, pair, options)),
        ...updateTables(context, options),
      ]),
  };
}

function update(
  { variables, learningRate }: UpdateContext,
  pair: VariableGradient,
  options: AsyncOptions,
): readonly Operation[] {
  const { variable, gradient } = pair;
  const { graph } = variable;
  const { name, weightDecay } = options;
  const moments = createSlots(variables, variable, adamSlots(name));
  const powers = createPowers(variables, variable.name, options);
  const scalars = adamScalars(learningRate, powers, options);
  const decay = weightDecay === null ? [] : [decayWeights(pair, weightDecay)];
  const moved = graph.withControl(decay, () => adamStep(pair, moments, scalars));
  const happens = gradient instanceof IndexedSlices ? ops.greater(ops.sizeOf(gradient.indices), 0) : null;
  return [...decay, ...moved, ...graph.withControl(moved, () => advance(powers, options, happens))];
}

/** Tables that are updated by rows all move at every step, so that the powers of one are those of all. */
function updateTables(context: UpdateContext, options: AsyncOptions): readonly Operation[] {
  const { variables, learningRate, rowUpdates, rowTables = [] } = context;
  const powers = rowTables.map((table) => createPowers(variables, table, options));
  const [first] = powers;
  if (rowUpdates === undefined || first === undefined) return [];
  const { corrected } = adamScalars(learningRate, first, options);
  const moved = rowUpdates(corrected);
  const { graph } = variables;
  return [
    ...moved,
    ...graph.withControl([corrected.op, ...moved], () =>
      powers.flatMap((each) => advance(each, options, null)),
    ),
  ];
}

/** beta^(t+1), unless the step does not happen. */
function advance(powers: BetaPowers, betas: AdamBetas, happens: Output | null): readonly Operation[] {
  return (['beta1', 'beta2'] as const).map((beta) => {
    const power = powers[beta].read();
    const next = ops.mul(power, betas[beta]);
    return ops.assign(powers[beta].handle, happens === null ? next : ops.select(happens, next, power));
  });
}

function createPowers(
  variables: Variables,
  variable: string,
  { name, beta1, beta2 }: AsyncOptions,
): BetaPowers {
  const power = (suffix: string, beta: number): Variable =>
    variables.create(`${variable}/${suffix}`, {
      shape: [],
      initializer: initialPower(beta),
      trainable: false,
    });
  return { beta1: power(`${name}_2`, beta1), beta2: power(`${name}_3`, beta2) };
}
