import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { ConfigError } from '../../easyrec/errors.js';
import { SILENT_LOG } from '../../easyrec/log.js';
import { Graph, makeStep, ops, Session, tensor, Variables } from '../../easyrec/tf/index.js';
import { placeholders } from '../../easyrec/train/feeds.js';
import { columnsOf } from '../../easyrec/train/input_plan.js';
import { planModel } from '../../easyrec/train/model_plan.js';
import { buildTower, labelSource, type Tower } from '../../easyrec/train/tower.js';
import { pipelineOf } from '../train/pipeline_text.js';

interface Built {
  readonly tower: Tower;
  readonly variables: Variables;
  readonly graph: Graph;
}

const IDENTITY = `blocks { name: "same" inputs { feature_group_name: "all" } }`;

function build(
  t: TestContext,
  model: string,
): Built & { readonly losses: () => ReadonlyMap<string, ReturnType<typeof ops.relu>> } {
  const config = pipelineOf(`
    model_config {
      feature_groups { group_name: "all" feature_names: "item" wide_deep: DEEP }
      ${model}
    }`);
  const plan = planModel(config, { log: SILENT_LOG });
  const graph = new Graph();
  t.after(() => graph.dispose());
  const variables = new Variables(graph);
  const columns = placeholders(graph, columnsOf(plan.input));
  const tower = buildTower(plan, { graph, variables, mode: 'infer', columns });
  return { tower, variables, graph, losses: () => tower.model.losses(labelSource(plan.input, columns)) };
}

test('adds a dense layer named output where the backbone is wider than one logit', (t) => {
  const { variables, tower } = build(t, `model_class: "RankModel" backbone { ${IDENTITY} }`);
  const shapes = Object.fromEntries(variables.all.map(({ name, shape }) => [name, shape]));
  assert.deepEqual(shapes['output/kernel'], [2, 1]);
  assert.deepEqual(shapes['output/bias'], [1]);
  assert.deepEqual([...tower.predictions.keys()], ['logits', 'probs']);
  assert.deepEqual(tower.predictions.get('logits')?.shape, [-1]);
});

test('takes a backbone of width 1 as the logits themselves', async (t) => {
  const body = `backbone { blocks { name: "sum" inputs { feature_group_name: "all" }
    lambda { expression: "lambda x: tf.reduce_sum(x, axis=1, keepdims=True)" } } }`;
  const { variables, tower, graph } = build(t, `model_class: "RankModel" ${body}`);
  assert.deepEqual(
    variables.all.map(({ name }) => name),
    ['input_layer/item_embedding/embedding_weights'],
  );
  const [table] = variables.all;
  const logits = tower.predictions.get('logits');
  const probs = tower.predictions.get('probs');
  assert.ok(table && logits && probs);
  const rows = ops.placeholder(graph, 'float32', [9, 2], 'rows');
  const set = ops.assign(table.handle, rows);
  const item = graph.output('input_2');
  await using session = Session.create(graph);
  using values = tensor(
    'float32',
    [9, 2],
    Float32Array.from({ length: 18 }, (_, i) => i / 8),
  );
  using items = tensor('string', [3], ['a', '', 'b']);
  session.runSync(makeStep({ feeds: [rows], targets: [set] }), [values]);
  const [x, p] = session.runSync(makeStep({ feeds: [item], fetches: [logits, probs] }), [items]);
  assert.ok(x && p);
  const [first = NaN, none = NaN] = x.data('float32');
  assert.equal(none, 0, 'no item, no logit');
  assert.ok(first > 0);
  p.data('float32').forEach((value, i) => {
    assert.ok(Math.abs(value - 1 / (1 + Math.exp(-(x.data('float32')[i] ?? NaN)))) < 1e-6);
  });
  x.dispose();
  p.dispose();
});

test('refuses what it cannot rank with, naming the place', (t) => {
  const refused = (model: string, message: RegExp): void => {
    assert.throws(
      () => build(t, model),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, message);
        assert.match(error.message, /^a\.config:\d+:\d+: /);
        return true;
      },
    );
  };
  refused('model_class: "RankModel"', /expected a backbone, received none/);
  refused('model_class: "RankModle" backbone {}', /received "RankModle"; did you mean "RankModel"\?/);
  refused(
    `model_class: "RankModel" backbone { ${IDENTITY} output_blocks: "same" }`,
    /to end in one tensor, received a list/,
  );
  refused(
    `model_class: "RankModel" loss_type: L2_LOSS backbone { ${IDENTITY} }`,
    /loss_type: expected CLASSIFICATION, received L2_LOSS/,
  );
});

test('names its label, and says when there is no such label', (t) => {
  const { losses } = build(t, `model_class: "RankModel" label_name: "click" backbone { ${IDENTITY} }`);
  assert.deepEqual([...losses().keys()], ['cross_entropy_loss']);
  const wrong = build(t, `model_class: "RankModel" label_name: "buy" backbone { ${IDENTITY} }`);
  assert.throws(
    () => wrong.losses(),
    /a\.config:\d+:\d+: label_name: "buy" is not among data_config\.label_fields/,
  );
});
