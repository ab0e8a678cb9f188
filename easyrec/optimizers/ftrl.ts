import type { FtrlOptimizer } from '../config/generated/types.js';
import { IndexedSlices } from '../tf/grad/indexed_slices.js';
import type { Operation } from '../tf/index.js';
import { ops } from '../tf/index.js';
import { expectField } from './expect_field.js';
import type { SlotSpec } from './row_rule.js';
import { createSlots } from './slots.js';
import { mergeRows } from './sparse_gradient.js';
import type { Optimizer, UpdateContext, VariableGradient } from './types.js';

/**
 * `ftrl_optimizer` (McMahan et al., KDD 2013) with TensorFlow's shrinkage:
 *
 *     a' = a + g^2,   l = l + g + 2 l2_shrinkage w - (a'^-p - a^-p) / lr * w
 *     w = (l1 sign(l) - l) / (a'^-p / lr + 2 l2) where |l| > l1, else 0
 *
 * with p the power of the learning rate. Rows of embedding tables move only at the steps that look them up. State:
 * `<variable>/Ftrl` (a) and `<variable>/Ftrl_1` (l).
 *
 * @throws ConfigError for a power above 0, or another number below 0
 */
export function ftrl(config: FtrlOptimizer): Optimizer {
  expectField(config, 'learning_rate_power', config.learning_rate_power <= 0, 'at most 0');
  for (const name of ['initial_accumulator_value', 'l1_reg', 'l2_reg', 'l2_shrinkage_reg'] as const) {
    expectField(config, name, config[name] >= 0, '0 or more');
  }
  const slots = [
    { suffix: 'Ftrl', initial: config.initial_accumulator_value },
    { suffix: 'Ftrl_1', initial: 0 },
  ] as const;
  return {
    rowRule: {
      kind: 'ftrl',
      slots,
      learningRatePower: config.learning_rate_power,
      l1: config.l1_reg,
      l2: config.l2_reg,
      l2Shrinkage: config.l2_shrinkage_reg,
    },
    apply(context, gradients) {
      const { variables, learningRate, rowUpdates = () => [] } = context;
      return variables.graph.scope('Ftrl', () => [
        ...gradients.map((pair) => update(context, pair, { config, slots })),
        ...rowUpdates(learningRate),
      ]);
    },
  };
}

interface UpdateParts {
  readonly config: FtrlOptimizer;
  readonly slots: readonly [SlotSpec, SlotSpec];
}

function update(
  { variables, learningRate }: UpdateContext,
  { variable, gradient }: VariableGradient,
  { config, slots }: UpdateParts,
): Operation {
  const { graph } = variable;
  const { l1_reg: l1, l2_reg: l2, l2_shrinkage_reg: shrinkage, learning_rate_power: power } = config;
  const [accumulator, linear] = createSlots(variables, variable, slots);
  const state = [variable.handle, accumulator.handle, linear.handle];
  const strengths = shrinkage > 0 ? [l1, l2, shrinkage, power] : [l1, l2, power];
  const numbers = [learningRate, ...strengths.map((each) => ops.constant(graph, 'float32', each))];
  const version = shrinkage > 0 ? 'V2' : '';
  if (!(gradient instanceof IndexedSlices)) {
    return graph.op(`ResourceApplyFtrl${version}`, [...state, gradient, ...numbers]);
  }
  const { rows, values } = mergeRows(gradient);
  return graph.op(`ResourceSparseApplyFtrl${version}`, [...state, values, rows, ...numbers]);
}
