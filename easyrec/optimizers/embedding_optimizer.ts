import type { Variable } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { Optimizer } from './types.js';

/** Whether EasyRec counts a variable as part of the embeddings where those have an optimizer of their own. */
function isEmbedding({ name }: Variable): boolean {
  return name.startsWith('input_layer') || name.includes('/embedding_weights');
}

/**
 * Two optimizers, one for embeddings and one for all other variables, as two `optimizer_config` mean in EasyRec. The
 * learning rate is a vector of both rates.
 */
export function forEmbeddingsAndOthers(embeddings: Optimizer, others: Optimizer): Optimizer {
  return {
    rowRule: embeddings.rowRule,
    learningRates: 2,
    apply({ learningRate, variables, ...rows }, gradients) {
      const [ofEmbeddings, ofOthers] = ops.unstack(learningRate, 2);
      if (ofEmbeddings === undefined || ofOthers === undefined)
        throw new Error('expected two learning rates');
      return [
        ...embeddings.apply(
          { variables, learningRate: ofEmbeddings, ...rows },
          gradients.filter(({ variable }) => isEmbedding(variable)),
        ),
        ...others.apply(
          { variables, learningRate: ofOthers },
          gradients.filter(({ variable }) => !isEmbedding(variable)),
        ),
      ];
    },
  };
}
