import type { Output } from '../../../../easyrec/tf/index.js';
import { ops } from '../../../../easyrec/tf/index.js';
import type { GradientCase } from './case.js';
import { apply, at, integers, NO_RULE, pick, positive, spread } from './case.js';

const empty = at([0, 3], []);
const large = at([2, 2], [300, -300, 299.5, -1]);

function activations(op: string, attrs = {}, more: Partial<GradientCase> = {}): GradientCase[] {
  const inputs = { 'a matrix': spread([2, 3]), 'an empty batch': empty, 'inputs of 300': large };
  return Object.entries(inputs).map(([title, input]) => ({
    op,
    title,
    inputs: [input],
    build: apply(op, attrs),
    ...more,
  }));
}

/** Both outputs of a loss: the loss of each row, and its gradient by the logits. */
function lossBy(labels: (x: Output) => Output, outputs: 'loss' | 'both'): GradientCase['build'] {
  return (xs) => {
    const logits = pick(xs, 0);
    const op = logits.graph.op('SparseSoftmaxCrossEntropyWithLogits', [logits, labels(logits)]);
    return outputs === 'loss' ? op.output() : op.outputs;
  };
}

const classes = (x: Output): Output => integers(x, [2, 0]);

const softmaxLoss = (outputs: 'loss' | 'both') =>
  ((xs) => {
    const op = pick(xs, 0).graph.op('SoftmaxCrossEntropyWithLogits', xs);
    return outputs === 'loss' ? op.output() : op.outputs;
  }) satisfies GradientCase['build'];

const FLOAT32_RULE = 'its C++ rule has a float32 constant in it';

const probabilities = at([2, 3], [0.2, 0.3, 0.5, 0.6, 0.1, 0.3]);

const losses: GradientCase[] = [
  {
    op: 'SparseSoftmaxCrossEntropyWithLogits',
    title: 'the loss',
    inputs: [spread([2, 3])],
    build: lossBy(classes, 'loss'),
    withoutOracle: NO_RULE,
  },
  {
    op: 'SparseSoftmaxCrossEntropyWithLogits',
    title: 'logits of 300',
    inputs: [at([2, 3], [300, -300, 0, 1, 299, 300])],
    build: lossBy(classes, 'loss'),
    withoutOracle: NO_RULE,
  },
  {
    op: 'SparseSoftmaxCrossEntropyWithLogits',
    title: 'both outputs',
    inputs: [spread([2, 3])],
    build: lossBy(classes, 'both'),
    withoutOracle: NO_RULE,
  },
  {
    op: 'SparseSoftmaxCrossEntropyWithLogits',
    title: 'an empty batch',
    inputs: [empty],
    build: lossBy((x) => integers(x, []), 'loss'),
    withoutOracle: NO_RULE,
  },
  {
    op: 'SoftmaxCrossEntropyWithLogits',
    title: 'the loss',
    inputs: [spread([2, 3]), probabilities],
    build: softmaxLoss('loss'),
    withoutOracle: FLOAT32_RULE,
  },
  {
    op: 'SoftmaxCrossEntropyWithLogits',
    title: 'both outputs',
    inputs: [spread([2, 3]), probabilities],
    build: softmaxLoss('both'),
    withoutOracle: FLOAT32_RULE,
  },
  {
    op: 'SoftmaxCrossEntropyWithLogits',
    title: 'one row of labels for all',
    inputs: [spread([2, 3]), at([1, 3], [0.2, 0.3, 0.5])],
    build: softmaxLoss('loss'),
    withoutOracle: FLOAT32_RULE,
  },
  {
    op: 'SoftmaxCrossEntropyWithLogits',
    title: 'logits of 300',
    inputs: [at([2, 3], [300, -300, 0, 1, 299, 300]), probabilities],
    build: softmaxLoss('loss'),
    withoutOracle: FLOAT32_RULE,
  },
];

/** The normalised values, `[4, 1, 1, 2]`; the op has float32 kernels only. */
function batchNorm(title: string, isTraining: boolean): GradientCase {
  const trained = isTraining ? [] : [0.3, -0.2];
  const spreads = isTraining ? [] : [1.5, 0.7];
  return {
    op: 'FusedBatchNormV3',
    title,
    inputs: [spread([4, 1, 1, 2]), positive([2], 3), spread([2], 5)],
    build: (xs) => {
      const { graph } = pick(xs, 0);
      const [mean, variance] = [
        ops.constant(graph, 'float32', trained),
        ops.constant(graph, 'float32', spreads),
      ];
      return graph
        .op('FusedBatchNormV3', [...xs, mean, variance], { is_training: isTraining, epsilon: 0.001 })
        .output();
    },
    dtype: 'float32',
    delta: 2 ** -7,
    tolerance: 1e-3,
    withoutOracle:
      'TF_AddGradients would differentiate the moving averages too; batch_norm.test.ts compares with float64',
  };
}

/** Cases of activations, losses and normalisations. */
export const NN_CASES: readonly GradientCase[] = [
  ...['Relu', 'Relu6', 'Elu', 'Selu', 'Softplus'].flatMap((op) => activations(op)),
  ...activations('Softsign', {}, { withoutOracle: NO_RULE }),
  ...activations('LeakyRelu', { alpha: 0.3 }),
  ...['Softmax', 'LogSoftmax'].flatMap((op) => activations(op)),
  { op: 'BiasAdd', title: 'a matrix', inputs: [spread([2, 3]), spread([3], 4)], build: apply('BiasAdd') },
  { op: 'BiasAdd', title: 'an empty batch', inputs: [empty, spread([3])], build: apply('BiasAdd') },
  {
    op: 'BiasAdd',
    title: 'channels first',
    inputs: [spread([2, 2, 1, 2]), spread([2], 4)],
    build: apply('BiasAdd', { data_format: 'NCHW' }),
  },
  {
    op: 'BiasAddGrad',
    title: 'as an op of its own',
    inputs: [spread([2, 3])],
    build: apply('BiasAddGrad'),
    withoutOracle: NO_RULE,
  },
  ...losses,
  batchNorm('in training', true),
  batchNorm('with given averages', false),
];
