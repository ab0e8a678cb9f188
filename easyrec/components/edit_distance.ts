import { ConfigError, didYouMean } from '../errors.js';
import { glorotUniform } from '../layers/initializers.js';
import { ops } from '../tf/index.js';
import { param } from './params/param.js';
import { expectTextPair } from './text_pair.js';
import { defineComponent } from './types.js';

const ENCODINGS = ['utf-8', 'latin'];

/**
 * `EditDistance`: the Levenshtein distance of two texts, cut off at embedding_size - 1 and looked up in a table:
 * two of `[B]` string to `[B, embedding_dim]`.
 */
export const editDistance = defineComponent({
  name: 'EditDistance',
  params: {
    text_encoding: param.string('utf-8'),
    embedding_size: param.integer(512, { min: 1 }),
    embedding_dim: param.integer(4, { min: 1 }),
  },
  requiredOpLibrary: 'edit_distance',
  build(ctx, block, input, { textEncoding, embeddingSize, embeddingDim }) {
    if (!ENCODINGS.includes(textEncoding)) {
      throw new ConfigError(
        `text_encoding: expected one of ${ENCODINGS.join(', ')}, received "${textEncoding}"${didYouMean(textEncoding, ENCODINGS)}`,
      );
    }
    const texts = expectTextPair(ctx, block, input);
    // Made outside the name scope of the backbone in EasyRec (layers/keras/custom_ops.py).
    const table = ctx.variables.getOrCreate(`${block.name}/embedding_table`, {
      shape: [embeddingSize, embeddingDim],
      initializer: glorotUniform(),
    });
    const attrs = { normalize: false, dtype: 'int32', encoding: textEncoding } as const;
    const distance = ctx.graph.op('MyEditDistance', texts, attrs).output();
    const ids = ops.minimum(ops.maximum(distance, 0), embeddingSize - 1);
    return table.gather(ids); // [B, D]
  },
});
