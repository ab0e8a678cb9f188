import { GraphError } from '../../errors.js';
import type { GradientRules, OutputGradients } from '../../tf/grad/index.js';
import { besideEachOther, byField, columnsOfField } from '../../layers/plain_kernels.js';
import type { Operation, Output } from '../../tf/index.js';
import { ops } from '../../tf/index.js';

/** The attributes that an op and its gradient op have in common. */
function shared(op: Operation, names: readonly string[]): Record<string, number | string | boolean> {
  return Object.fromEntries(
    names.map((name) => {
      const { i, s, b } = op.attr(name);
      return [name, s === undefined ? (b ?? i ?? 0) : Buffer.from(s).toString('utf8')];
    }),
  );
}

/** @throws GraphError when the loss depends on more than the first output. */
function onlyFirst(op: Operation, [dy, ...others]: OutputGradients): Output {
  const used = others.findIndex((other) => other !== null);
  if (used < 0) return dy;
  throw new GraphError(
    `gradient of ${op.type} "${op.name}": no gradient flows through its output ${used + 1}, on which y depends`,
  );
}

/** Gradient rules of the ops in ops/dense. */
export const DENSE_RULES = {
  // y = gamma (x - mean(x)) / sqrt(variance(x) + epsilon) + beta; dy/dx = 0 where relu made y 0
  EasyRecBatchNorm: (op, dys) => {
    const [x, gamma, beta] = [op.input(0), op.input(1), op.input(2)];
    const inputs = [onlyFirst(op, dys), x, gamma, beta, op.output(1), op.output(3)];
    return op.graph.op('EasyRecBatchNormGrad', inputs, shared(op, ['activation', 'threads'])).outputs;
  },
  // y = ((sum v)^2 - sum v^2) / 2: dy/dv_i = sum v - v_i
  EasyRecFm: (op, dys) => {
    const inputs = [op.inputs, op.output(1), onlyFirst(op, dys)];
    return op.graph.op('EasyRecFmGrad', inputs, shared(op, ['width', 'threads'])).outputs;
  },
  // y_ij = v_i v_j: dy_ij/dv_i = v_j
  EasyRecDotProducts: (op, dys) => {
    const inputs = [op.inputs, onlyFirst(op, dys)];
    return op.graph.op('EasyRecDotProductsGrad', inputs, shared(op, ['width', 'diagonal', 'threads']))
      .outputs;
  },
  // y_n = sum_k v_nk e_nk: dy_n/de_nk = v_nk, dy_n/dv_nk = e_nk
  EasyRecProjections: (op, [dy]) => {
    const [numbers, vectors] = [op.input(0), op.input(1)];
    const fields = op.attr('fields').i ?? 0;
    const width = columnsOfField(vectors, fields);
    return [
      () => {
        const [dys, ofFields] = [byField(dy, fields, width), byField(vectors, fields, width)];
        const products = ops.batchMatmul(dys, ofFields, { transposeB: true }); // [N, B, D] x [N, D, K]
        return besideEachOther(products, numbers.shape?.[1] ?? NaN);
      },
      () => op.graph.op('EasyRecProjectionsGrad', [numbers, dy], shared(op, ['fields', 'threads'])).output(),
    ];
  },
} satisfies GradientRules;
