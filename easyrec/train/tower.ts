import { componentContext, type ComponentContext } from '../components/context.js';
import { InputLayers } from '../components/input_layer.js';
import type { BuildContext, Mode } from '../layers/context.js';
import type { DenseKernels } from '../layers/dense_kernels.js';
import type { EmbeddingEngine } from '../layers/embedding_engine.js';
import { PLAIN_KERNELS } from '../layers/plain_kernels.js';
import { MODELS, type BuiltModel, type LabelSource } from '../models/index.js';
import type { Graph, Operation, Output, Variables } from '../tf/index.js';
import { ops } from '../tf/index.js';
import type { InputPlan } from './input_plan.js';
import type { ModelPlan } from './model_plan.js';

export interface TowerParts {
  readonly graph: Graph;
  readonly variables: Variables;
  readonly mode: Mode;
  /** `[B]` of the column's own type, by name: at least those that features read. */
  readonly columns: ReadonlyMap<string, Output>;
  /** The number of steps done before, a scalar int64; only training needs it. */
  readonly step?: Output;
  /** Default: standard ops. */
  readonly embeddings?: EmbeddingEngine;
  /** Default: standard ops. */
  readonly kernels?: DenseKernels;
}

/** One copy of a model in a graph. */
export interface Tower {
  readonly model: BuiltModel;
  /** All predictions: the model's, and those that components added. */
  readonly predictions: ReadonlyMap<string, Output>;
  readonly updates: readonly Operation[];
  readonly regularization: readonly Output[];
}

/** Adds one copy of the model to a graph. */
export function buildTower(plan: ModelPlan, parts: TowerParts): Tower {
  const ctx = towerContext(plan, parts);
  const groups = new InputLayers(ctx, plan.features, parts.columns, parts.embeddings);
  const model = MODELS[plan.modelClass](ctx, plan.modelConfig, groups);
  return {
    model,
    predictions: new Map([...model.predictions, ...ctx.outputs]),
    updates: ctx.updates,
    regularization: ctx.regularization,
  };
}

function towerContext(plan: ModelPlan, parts: TowerParts): ComponentContext {
  const { graph, variables, mode, step, kernels = PLAIN_KERNELS } = parts;
  let draws = 0;
  const randomSeed = (): Output => {
    draws++;
    const draw = ops.constant(graph, 'int64', plan.seed + draws);
    return step === undefined ? ops.stack([draw, draw]) : ops.stack([draw, step]);
  };
  const base: BuildContext = {
    graph,
    variables,
    mode,
    updates: [],
    regularization: [],
    kernels,
    randomSeed,
  };
  return componentContext(base, plan.components);
}

/** The labels among the columns, as float32. */
export function labelSource(input: InputPlan, columns: ReadonlyMap<string, Output>): LabelSource {
  const column = (name: string): Output => {
    const output = columns.get(name);
    if (output === undefined) throw new Error(`no placeholder for column ${name}`);
    return output.dtype === 'string' ? ops.stringToNumber(output, 'float32') : ops.cast(output, 'float32');
  };
  const [first] = input.labels;
  return {
    labels: new Map(input.labels.map(({ name }) => [name, column(name)])),
    first: first?.name ?? '',
    weights: input.sampleWeight === null ? null : column(input.sampleWeight.name),
  };
}
