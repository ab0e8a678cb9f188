import { ConfigError } from '../errors.js';
import type { EmbeddingEngine } from '../layers/embedding_engine.js';
import type { Optimizer } from '../optimizers/index.js';
import { type GradientRules, gradients, IndexedSlices } from '../tf/grad/index.js';
import type { Operation, Output, Step } from '../tf/index.js';
import { Graph, makeStep, ops, Variables } from '../tf/index.js';
import { denseKernels } from './dense_kernels/index.js';
import { storeEmbeddings, type EmbeddingStore, type StoreEmbeddings } from './embedding_store/index.js';
import { createGlobalStep } from './global_step.js';
import { placeholders } from './feeds.js';
import type { PlannedColumn } from './input_plan.js';
import { columnsOf } from './input_plan.js';
import type { ModelPlan } from './model_plan.js';
import { buildTower, labelSource, type Tower } from './tower.js';

/** What one run of a step yields, in the order of its fetches. */
export interface StepOutputs {
  /** Loss keys, then (training only) `regularization_loss` if there is any, then `total_loss`. */
  readonly lossKeys: readonly string[];
  /** The label that metrics compare the predictions with: probabilities and logits, fetched after the losses. */
  readonly label: string;
}

/** A step of evaluation: fed the columns, it yields losses, probabilities and logits. */
export interface EvalStep extends StepOutputs {
  readonly step: Step;
  readonly columns: readonly PlannedColumn[];
}

/** A step of training, without logits: fed the columns, then the learning rate, then the number of steps done. */
export type TrainStep = EvalStep;

/** The graph that training runs: a tower that learns, and one over the same variables that is evaluated. */
export interface TrainingGraph {
  readonly graph: Graph;
  readonly variables: Variables;
  readonly train: TrainStep;
  readonly evaluate: EvalStep;
  /** Sets every variable to its initial value. */
  readonly initialize: readonly Operation[];
  /** The embedding tables, where they are no variables; disposed of after the session. */
  readonly store: EmbeddingStore | null;
}

/** Builds the training graph. */
export function buildTrainingGraph(plan: ModelPlan, optimizer: Optimizer): TrainingGraph {
  const graph = new Graph();
  const variables = new Variables(graph, plan.seed);
  const columns = columnsOf(plan.input);
  const inputs = placeholders(graph, columns);
  const rates = optimizer.learningRates === undefined ? [] : [optimizer.learningRates];
  const learningRate = ops.placeholder(graph, 'float32', rates, 'learning_rate');
  const stepNumber = ops.placeholder(graph, 'int64', [], 'step');
  const embeddings = storeEmbeddings(plan, graph, optimizer.rowRule);
  if (embeddings === null) checkNumberedRows(plan);
  const shared = { graph, variables, columns: inputs, ...(embeddings !== null && { embeddings }) };
  const { kernels, rules } = denseKernels(plan);
  const tower = buildTower(plan, { ...shared, kernels, mode: 'train', step: stepNumber });
  const outputs = stepOutputs(plan, tower, inputs);
  const { total } = outputs;
  const targets = trainOperations({ variables, total, learningRate, optimizer, plan, rules, embeddings });
  const globalStep = createGlobalStep(variables);
  const advance = ops.assignAdd(globalStep.handle, ops.constant(graph, 'int64', 1));
  const trainOp = ops.group(graph, [...targets, ...tower.updates, advance], 'train_op');
  const evaluate = graph.scope('eval', () => {
    const evalTower = buildTower(plan, { ...shared, mode: 'infer' });
    return withLogits(stepOutputs(plan, evalTower, inputs));
  });
  const feeds = columns.map(({ name }) => inputs.get(name)).filter((feed) => feed !== undefined);
  return {
    graph,
    variables,
    train: {
      ...outputs,
      columns,
      step: makeStep({
        feeds: [...feeds, learningRate, stepNumber],
        fetches: outputs.fetches,
        targets: [trainOp],
      }),
    },
    evaluate: { ...evaluate, columns, step: makeStep({ feeds, fetches: evaluate.fetches }) },
    initialize: variables.all.map((variable) => variable.initialize),
    store: embeddings?.store ?? null,
  };
}

/** @throws ConfigError for a table that standard ops cannot train. */
function checkNumberedRows({ features }: ModelPlan): void {
  const keyed = features.features.find((spec) => spec.type !== 'PassThroughFeature' && spec.embedding.keys);
  if (keyed === undefined) return;
  throw new ConfigError(
    `feature "${keyed.name}": ev_params: a table without a number of rows is trained in the native store alone: leave ` +
      'out --plain, build the native ops (easyrec setup), and choose an optimizer that the store has',
    { at: keyed.at },
  );
}

/** The graph of an evaluation alone: variables come from a checkpoint. */
export interface EvaluationGraph {
  readonly graph: Graph;
  readonly variables: Variables;
  readonly evaluate: EvalStep;
}

/**
 * Builds the graph of an evaluation alone.
 *
 * @param embeddings how tables are looked up; default: with standard ops, where each has a number of rows
 */
export function buildEvaluationGraph(plan: ModelPlan, embeddings?: EmbeddingEngine): EvaluationGraph {
  const graph = new Graph();
  const variables = new Variables(graph, plan.seed);
  const columns = columnsOf(plan.input);
  const inputs = placeholders(graph, columns);
  const tower = buildTower(plan, {
    ...{ graph, variables, mode: 'infer', columns: inputs },
    ...(embeddings !== undefined && { embeddings }),
  });
  const outputs = withLogits(stepOutputs(plan, tower, inputs));
  createGlobalStep(variables);
  const step = makeStep({ feeds: [...inputs.values()], fetches: outputs.fetches });
  return { graph, variables, evaluate: { ...outputs, columns, step } };
}

interface FetchedOutputs extends StepOutputs {
  readonly fetches: readonly Output[];
  readonly total: Output;
  readonly logits: Output;
}

function withLogits(outputs: FetchedOutputs): FetchedOutputs {
  return { ...outputs, fetches: [...outputs.fetches, outputs.logits] };
}

function stepOutputs(plan: ModelPlan, tower: Tower, inputs: ReadonlyMap<string, Output>): FetchedOutputs {
  const labels = labelSource(plan.input, inputs);
  const losses = tower.model.losses(labels);
  const source = tower.model.metricSource(labels);
  const terms = new Map(losses);
  if (tower.regularization.length > 0) terms.set('regularization_loss', ops.addN(tower.regularization));
  const total = ops.addN([...terms.values()]);
  const prediction = (key: string): Output => {
    const output = tower.predictions.get(key);
    if (output === undefined) throw new Error(`no prediction ${key}`);
    return output;
  };
  return {
    lossKeys: [...terms.keys(), 'total_loss'],
    label: source.label,
    total,
    logits: prediction(source.logits),
    fetches: [...terms.values(), total, prediction(source.probs)],
  };
}

interface TrainParts {
  readonly variables: Variables;
  readonly total: Output;
  readonly learningRate: Output;
  readonly optimizer: Optimizer;
  readonly plan: ModelPlan;
  /** Of the native ops in the graph. */
  readonly rules: GradientRules;
  readonly embeddings: StoreEmbeddings | null;
}

function trainOperations(parts: TrainParts): readonly Operation[] {
  const { variables, total, learningRate, optimizer, plan, rules, embeddings } = parts;
  const trainable = variables.trainable;
  const handles = trainable.map(({ handle }) => handle);
  const slopes = gradients(total, [...handles, ...(embeddings?.outputs ?? [])], {
    rules: { ...rules, ...plan.gradientRules },
  });
  const warn = (name: string): void => plan.log.warn(`variable ${name}: the loss does not depend on it`);
  const pairs = trainable.flatMap((variable, i) => {
    const gradient = slopes[i] ?? null;
    if (gradient === null) warn(variable.name);
    return gradient === null ? [] : [{ variable, gradient }];
  });
  if (embeddings === null) return optimizer.apply({ variables, learningRate }, pairs);
  const ofVectors = slopes.slice(trainable.length);
  const { untrained, ...rows } = embeddings.train(
    ofVectors.map((slope) => (slope instanceof IndexedSlices ? slope.toDense() : slope)),
    total,
    optimizer.isFrozen,
  );
  for (const { name } of untrained) warn(name);
  return optimizer.apply({ variables, learningRate, ...rows }, pairs);
}
