import { parseLambda } from '../config/index.js';
import { ConfigError, didYouMean } from '../errors.js';
import { glorotUniform } from '../layers/initializers.js';
import type { Output } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { ComponentContext } from './context.js';
import { evaluateLambda } from './lambda/evaluate.js';
import { param } from './params/param.js';
import type { ConfigOf } from './params/read.js';
import { expectTextPair } from './text_pair.js';
import type { BlockScope } from './types.js';
import { defineComponent } from './types.js';
import { expectTensor } from './value.js';

const METHODS = ['query_common_ratio', 'title_common_ratio', 'is_contain', 'is_equal'];

const OVERLAP_PARAMS = {
  methods: param.strings(),
  separator: param.string('\x1d'),
  default_value: param.string('-1'),
  boundaries: param.numbers([]),
  /** 0 for none. */
  embedding_dim: param.integer(0, { min: 0 }),
  normalize_fn: param.string(''),
  /** How many batches are printed to the standard error stream. */
  print_first_n: param.integer(0, { min: 0 }),
  /** How many elements of each tensor a printed line shows. */
  summarize: param.integer(3),
} as const;

type OverlapConfig = ConfigOf<typeof OVERLAP_PARAMS>;

function check({ methods, boundaries }: OverlapConfig): void {
  if (methods.length === 0) {
    throw new ConfigError(`methods: expected at least one of ${METHODS.join(', ')}, received none`);
  }
  const unknown = methods.find((method) => !METHODS.includes(method));
  if (unknown !== undefined) {
    throw new ConfigError(
      `methods: expected ${METHODS.join(', ')}, received "${unknown}"${didYouMean(unknown, METHODS)}`,
    );
  }
  if (boundaries.some((boundary, i) => i > 0 && boundary <= (boundaries[i - 1] ?? 0))) {
    throw new ConfigError(`boundaries: expected ascending numbers, received ${boundaries.join(', ')}`);
  }
}

/** One column a method: `[B, methods]`, float32, or int32 bucket indices where there are boundaries. */
function compare(texts: readonly [Output, Output], name: string, config: OverlapConfig): Output {
  const { methods, separator, defaultValue, boundaries } = config;
  const [query] = texts;
  const feature = query.graph
    .op('OverlapFgOp', texts, {
      feature_name: name,
      methods,
      separator,
      default_value: defaultValue,
      boundaries,
      dtype: boundaries.length > 0 ? 'int32' : 'float32',
    })
    .output();
  // Shape functions cannot see a list attribute through TensorFlow's C API.
  return feature.setShape([...(query.shape ?? [-1]), methods.length]);
}

function print(feature: Output, texts: readonly Output[], name: string, config: OverlapConfig): Output {
  const { printFirstN, summarize } = config;
  if (printFirstN === 0) return feature;
  const attrs = { message: name, first_n: printFirstN, summarize };
  return feature.graph.op('Print', [feature, [...texts, feature]], attrs).output();
}

function normalize(ctx: ComponentContext, feature: Output, { normalizeFn }: OverlapConfig): Output {
  if (normalizeFn === '') return feature;
  return expectTensor(evaluateLambda(parseLambda(normalizeFn), ctx.graph, [feature]), 'normalize_fn');
}

/** Bucket indices `[B, M]` to `[B, M * D]`, each column with rows of its own in one table. */
function embed(ctx: ComponentContext, block: BlockScope, buckets: Output, config: OverlapConfig): Output {
  const { methods, boundaries, embeddingDim } = config;
  const bucketCount = boundaries.length + 1;
  const rows = methods.length * bucketCount;
  // Made outside the name scope of the backbone in EasyRec (layers/keras/custom_ops.py).
  const table = ctx.variables.getOrCreate(`${block.name}/overlap_emb_table`, {
    shape: [rows, embeddingDim],
    initializer: glorotUniform(),
  });
  const { graph } = ctx;
  const offsets = ops.ints(
    graph,
    methods.map((_, i) => i * bucketCount),
  );
  const ids = ops.reshape(ops.add(ops.cast(buckets, 'int32'), offsets), [-1]); // [B * M]
  const depth = ops.constant(graph, 'int32', rows);
  const [on, off] = [ops.constant(graph, 'float32', 1), ops.constant(graph, 'float32', 0)];
  const oneHot = graph.op('OneHot', [ids, depth, on, off]).output();
  // Dense gradients, as in EasyRec: the table has a few dozen rows.
  return ops.reshape(ops.matmul(oneHot, table.read()), [-1, methods.length * embeddingDim]);
}

/**
 * `OverlapFeature`: how far the terms of a query and of a title agree, one column a method: two of `[B]` string to
 * `[B, methods]`; with boundaries bucket indices (int32), and with embedding_dim as well their embeddings,
 * `[B, methods * embedding_dim]`.
 */
export const overlapFeature = defineComponent({
  name: 'OverlapFeature',
  message: 'overlap',
  params: OVERLAP_PARAMS,
  requiredOpLibrary: 'overlap',
  build(ctx, block, input, config) {
    check(config);
    const texts = expectTextPair(ctx, block, input);
    const feature = print(compare(texts, block.name, config), texts, block.name, config);
    const normalized = normalize(ctx, feature, config);
    if (config.embeddingDim === 0) return normalized;
    if (config.boundaries.length > 0) return embed(ctx, block, normalized, config);
    ctx.log.warn(`block "${block.name}": embedding_dim has no effect without boundaries`);
    return normalized;
  },
});
