import assert from 'node:assert/strict';
import test from 'node:test';
import { PLAIN_INPUT_LAYER } from '../../easyrec/components/group_source.js';
import { InputLayers } from '../../easyrec/components/input_layer.js';
import type { FeatureGroup, FeaturePlan } from '../../easyrec/features/plan.js';
import type { EmbeddingSpec, FeatureSpec } from '../../easyrec/features/spec.js';
import type { BuildContext, Mode } from '../../easyrec/layers/context.js';
import { PLAIN_KERNELS } from '../../easyrec/layers/plain_kernels.js';
import type { Output } from '../../easyrec/tf/index.js';
import { Graph, makeStep, ops, Session, tensor, Variables } from '../../easyrec/tf/index.js';

const CONSTANT = { kind: 'constant', values: [2] } as const;

function embedding(changes: Partial<EmbeddingSpec> = {}): EmbeddingSpec {
  return { dim: 3, combiner: 'sum', initializer: CONSTANT, sharedName: null, ...changes };
}

function id(name: string, changes: Partial<EmbeddingSpec> = {}, buckets = 10): FeatureSpec {
  const ids = { kind: 'identity', buckets } as const;
  return { type: 'IdFeature', name, inputs: ['n'], ids, precision: null, embedding: embedding(changes) };
}

function tag(name: string, changes: Partial<EmbeddingSpec> = {}): FeatureSpec {
  const ids = { kind: 'identity', buckets: 10 } as const;
  const common = { inputs: ['tags'], ids, separator: '|', kvSeparator: ':' };
  return { type: 'TagFeature', name, ...common, embedding: embedding(changes) };
}

function raw(name: string, dim = 0): FeatureSpec {
  const plain = { width: 1, separator: ',', pooling: null, range: null, normalizer: null, boundaries: null };
  return { type: 'RawFeature', name, inputs: ['x'], ...plain, embedding: embedding({ dim }) };
}

const TEXT: FeatureSpec = { type: 'PassThroughFeature', name: 'text', inputs: ['tags', 'x'] };

const COLUMNS = { n: 'int64', x: 'float32', tags: 'string' } as const;

function group(name: string, featureNames: readonly string[], isWide = false): FeatureGroup {
  return { name, featureNames, isWide };
}

/** A graph with towers over one set of variables, and what it takes to run them. */
class Model implements Disposable {
  readonly graph = new Graph();
  readonly variables = new Variables(this.graph, 1);
  readonly columns = new Map<string, Output>();
  readonly #plan: FeaturePlan;

  constructor(
    features: readonly FeatureSpec[],
    groups: readonly FeatureGroup[],
    rest: Partial<FeaturePlan> = {},
  ) {
    this.#plan = { features, groups, wideOutputDim: null, embeddingRegularization: 0, ...rest };
    for (const [name, dtype] of Object.entries(COLUMNS)) {
      this.columns.set(name, ops.placeholder(this.graph, dtype, [-1], name));
    }
  }

  tower(mode: Mode = 'train'): { readonly layers: InputLayers; readonly ctx: BuildContext } {
    const { graph, variables } = this;
    let draws = 0n;
    const randomSeed = (): Output => ops.constant(graph, 'int64', [++draws, 7n]);
    const updates: BuildContext['updates'] = [];
    const regularization: BuildContext['regularization'] = [];
    const ctx = { graph, variables, mode, kernels: PLAIN_KERNELS, updates, regularization, randomSeed };
    return { layers: new InputLayers(ctx, this.#plan, this.columns), ctx };
  }

  get variableNames(): readonly string[] {
    return this.variables.all.map(({ name, shape }) => `${name} ${shape.join('x')}`);
  }

  /** With n = 3, -1; x = 0.5, 4; tags = "1:0.5|2:-1", "". */
  run(...fetches: readonly Output[]): number[][] {
    const feeds = [...this.columns.values()];
    using n = tensor('int64', [2], [3n, -1n]);
    using x = tensor('float32', [2], [0.5, 4]);
    using tags = tensor('string', [2], ['1:0.5|2:-1', '']);
    const session = Session.create(this.graph);
    try {
      const initializers = this.variables.all.map(({ initialize }) => initialize);
      session.runSync(makeStep({ targets: [ops.group(this.graph, initializers)] }));
      const results = session.runSync(makeStep({ feeds, fetches }), [n, x, tags]);
      return results.map((result) => {
        using owned = result;
        return [...owned.data('float32')];
      });
    } finally {
      void session.close();
    }
  }

  [Symbol.dispose](): void {
    this.graph.dispose();
  }
}

test('joins the features of a group in its order, with known widths', () => {
  using model = new Model([raw('r'), id('i'), tag('t', { dim: 2 })], [group('g', ['t', 'i', 'r'])]);
  const { concat, features } = model.tower().layers.inputLayer('g', PLAIN_INPUT_LAYER);
  assert.deepEqual(concat.shape, [-1, 6]);
  assert.deepEqual(
    features.map(({ shape }) => shape),
    [
      [-1, 2],
      [-1, 3],
      [-1, 1],
    ],
  );
  const [joined] = model.run(concat);
  assert.deepEqual(joined, [-1, -1, 2, 2, 2, 0.5, 0, 0, 0, 0, 0, 4]);
});

test('numbers scopes by the order of calls; each call has its own tables', () => {
  const groups = [group('a', ['i']), group('b', ['t', 'i']), group('c', ['p', 'r'])];
  using model = new Model([id('i'), tag('t'), raw('p', 3), raw('r')], groups);
  const { layers } = model.tower();
  for (const name of ['b', 'c', 'a', 'b']) layers.inputLayer(name, PLAIN_INPUT_LAYER);
  assert.deepEqual(model.variableNames, [
    'input_layer/t_weighted_by_t_w_embedding/embedding_weights 10x3',
    'input_layer/i_embedding/embedding_weights 10x3',
    'input_layer_1/p_weighted_by_p_raw_proj_val_embedding/embedding_weights 1x3',
    'input_layer_2/i_embedding/embedding_weights 10x3',
  ]);
});

test('a second tower shares the tables of the first', () => {
  using model = new Model([id('i'), tag('t')], [group('a', ['i', 't'])]);
  const [train, evaluation] = (['train', 'infer'] as const).map((mode) =>
    model.tower(mode).layers.inputLayer('a', PLAIN_INPUT_LAYER),
  );
  assert.ok(train && evaluation);
  assert.equal(model.variables.all.length, 2);
  const [x, y] = model.run(train.concat, evaluation.concat);
  assert.deepEqual(x, y);
});

test('wide groups have their own narrow tables and always sum', () => {
  const groups = [group('deep', ['t']), group('wide', ['t', 'p'], true)];
  using model = new Model([tag('t', { combiner: 'mean' }), raw('p', 3)], groups, { wideOutputDim: 1 });
  const { layers } = model.tower();
  const [deep, wide] = ['deep', 'wide'].map((name) => layers.inputLayer(name, PLAIN_INPUT_LAYER).concat);
  assert.ok(deep && wide);
  assert.deepEqual(model.variableNames, [
    'input_layer/t_weighted_by_t_w_embedding/embedding_weights 10x3',
    'input_layer_1/t_weighted_by_t_w_embedding/embedding_weights 10x1',
    'input_layer_1/p_weighted_by_p_raw_proj_val_embedding/embedding_weights 1x1',
  ]);
  assert.deepEqual(model.run(deep, wide), [
    [2, 2, 2, 0, 0, 0],
    [-1, 1, 0, 8],
  ]);
});

test('shares a table by name from its first use on, wide apart from deep', () => {
  const shared = { sharedName: 'common' };
  const groups = [group('a', ['z', 'i']), group('b', ['j', 'i']), group('w', ['i', 'j'], true)];
  using model = new Model([id('z'), id('i', shared), id('j', shared)], groups, { wideOutputDim: 2 });
  const { layers } = model.tower();
  for (const name of ['a', 'b', 'w']) layers.inputLayer(name, PLAIN_INPUT_LAYER);
  assert.deepEqual(model.variableNames, [
    'input_layer/z_embedding/embedding_weights 10x3',
    'input_layer/common/embedding_weights 10x3',
    'input_layer_2/common_wide/embedding_weights 10x2',
  ]);
});

test('refuses to share a table between features with different numbers of ids', () => {
  const features = [id('i', { sharedName: 's' }), id('j', { sharedName: 's' }, 20)];
  using model = new Model(features, [group('g', ['i', 'j'])]);
  assert.throws(
    () => model.tower(),
    /"j": embedding_name "s" is shared with "i": expected 10 ids as there, received 20/,
  );
});

test('parses a feature once for all groups', () => {
  using model = new Model([tag('t')], [group('a', ['t']), group('b', ['t'])]);
  const { layers } = model.tower();
  for (const name of ['a', 'b']) layers.inputLayer(name, PLAIN_INPUT_LAYER);
  const splits = model.graph.operations().filter(({ type }) => type === 'StringSplit');
  assert.equal(splits.length, 2, 'one for the tags, one for their weights');
});

test('looks a feature that always has one id up with a single gather', () => {
  using model = new Model([id('i')], [group('a', ['i'])]);
  const bucketized = { ...raw('b', 3), boundaries: [1] } as FeatureSpec;
  using single = new Model([bucketized], [group('a', ['b'])]);
  const types = ({ layers }: { layers: InputLayers }): string[] =>
    layers.inputLayer('a', PLAIN_INPUT_LAYER).features.map(({ op }) => op.type);
  assert.deepEqual(types(model.tower()), ['UnsortedSegmentSum']);
  assert.deepEqual(types(single.tower()), ['ResourceGather']);
});

test('adds half the squares of looked-up vectors to the loss of training alone', () => {
  const groups = [group('a', ['i', 'r']), group('w', ['i'], true)];
  const rest = { wideOutputDim: 1, embeddingRegularization: 0.1 };
  using model = new Model([id('i'), raw('r')], groups, rest);
  const { layers, ctx } = model.tower();
  for (const name of ['a', 'w', 'a']) layers.inputLayer(name, PLAIN_INPUT_LAYER);
  // One row of the batch has an id: three elements of 2, and in the wide group one.
  const terms = model.run(...ctx.regularization).flat();
  assert.deepEqual(
    terms.map((x) => x.toFixed(6)),
    ['0.600000', '0.200000'],
  );

  const inference = model.tower('infer');
  inference.layers.inputLayer('a', PLAIN_INPUT_LAYER);
  assert.deepEqual(inference.ctx.regularization, []);
});

test('normalizes the concatenation and each feature with weights of their own', () => {
  using model = new Model([id('i'), raw('r')], [group('g', ['i', 'r'])]);
  model.tower().layers.inputLayer('g', { ...PLAIN_INPUT_LAYER, doBatchNorm: true });
  model.tower('infer').layers.inputLayer('g', { ...PLAIN_INPUT_LAYER, doLayerNorm: true });
  const names = model.variableNames.filter((name) => name.includes('gamma'));
  assert.deepEqual(names, [
    'batch_normalization/gamma 4',
    'batch_normalization_1/gamma 3',
    'batch_normalization_2/gamma 1',
    'g_features/gamma 4',
    'gf_0/gamma 3',
    'gf_1/gamma 1',
  ]);
});

test('drops elements of single features only where their list is asked for', () => {
  using model = new Model([id('i'), raw('r')], [group('g', ['i', 'r'])]);
  const { layers } = model.tower();
  const plain = layers.inputLayer('g', PLAIN_INPUT_LAYER);
  const dropped = layers.inputLayer('g', { ...PLAIN_INPUT_LAYER, dropoutRate: 0.5 });
  assert.deepEqual(dropped.features, plain.features);
  assert.notEqual(dropped.concat, plain.concat);
  const listed = { ...PLAIN_INPUT_LAYER, dropoutRate: 0.5, outputsFeatureList: true };
  assert.notDeepEqual(layers.inputLayer('g', listed).features, plain.features);
  const evaluation = model.tower('infer').layers;
  assert.equal(
    evaluation.inputLayer('g', listed).concat,
    evaluation.inputLayer('g', PLAIN_INPUT_LAYER).concat,
  );
});

test('drops whole features for the whole batch and scales up what is kept', () => {
  const names = Array.from({ length: 40 }, (_, i) => `r${i}`);
  using model = new Model(
    names.map((name) => raw(name)),
    [group('g', names)],
  );
  const options = { ...PLAIN_INPUT_LAYER, featureDropoutRate: 0.25 };
  const { concat } = model.tower().layers.inputLayer('g', options);
  const evaluated = model.tower('infer').layers.inputLayer('g', options).concat;
  const [values = [], untouched = []] = model.run(concat, evaluated);
  const factors = names.map((_, i) => [(values[i] ?? NaN) / 0.5, (values[40 + i] ?? NaN) / 4]);
  for (const [first = NaN, second] of factors) {
    assert.equal(first.toFixed(5), second?.toFixed(5));
    assert.ok(first === 0 || Math.abs(first - 4 / 3) < 1e-6, `factor ${first}`);
  }
  const kept = factors.filter(([factor]) => factor !== 0).length;
  // 40 draws that keep 3 of 4: six standard deviations are 16.
  assert.ok(kept > 13 && kept < 40, `${kept} kept`);
  assert.deepEqual(untouched, [...names.map(() => 0.5), ...names.map(() => 4)]);
});

test('hands raw_input blocks the columns as they were read', () => {
  using model = new Model(
    [TEXT, raw('r'), id('i'), tag('t')],
    [group('g', ['text', 'text_1', 'i', 'r']), group('t', ['t'])],
  );
  const { layers } = model.tower();
  const [tags, second, n] = layers.rawInputs('g');
  assert.equal(tags, model.columns.get('tags'));
  assert.equal(second, model.columns.get('x'));
  assert.equal(n, model.columns.get('n'));
  assert.throws(
    () => layers.rawInputs('t'),
    /raw_input needs one value a row; TagFeature "t" has any number/,
  );
});

const BAD: readonly (readonly [string, FeatureSpec, FeatureGroup, RegExp])[] = [
  ['a feature that there is not', id('item'), group('g', ['itme']), /no feature "itme"; did you mean "item"/],
  ['a group without features', id('i'), group('g', []), /"g": expected at least one feature/],
  [
    'a deep feature without width',
    id('i', { dim: 0 }),
    group('g', ['i']),
    /expected embedding_dim, as group "g" is DEEP/,
  ],
  ['a wide group without width', id('i'), group('g', ['i'], true), /a WIDE group needs wide_output_dim/],
  ['numbers in a wide group', raw('r'), group('g', ['r'], true), /needs embedding_dim in a WIDE group/],
  ['text in a deep group', TEXT, group('g', ['text']), /can only be read by a raw_input block/],
];

for (const [what, feature, badGroup, message] of BAD) {
  test(`refuses ${what}`, () => {
    using model = new Model([feature], [badGroup]);
    assert.throws(() => model.tower().layers.inputLayer('g', PLAIN_INPUT_LAYER), message);
  });
}

test('refuses an unknown group, and both normalizations at once', () => {
  using model = new Model([id('i')], [group('deep', ['i'])]);
  const { layers } = model.tower();
  assert.throws(() => layers.inputLayer('depe', PLAIN_INPUT_LAYER), /no such group.*did you mean "deep"/);
  const both = { ...PLAIN_INPUT_LAYER, doBatchNorm: true, doLayerNorm: true };
  assert.throws(
    () => layers.inputLayer('deep', both),
    /expected do_batch_norm or do_layer_norm, received both/,
  );
});
