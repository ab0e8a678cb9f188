import { printConfig } from '../config/load.js';
import type { Log } from '../log.js';
import { Graph, Variables } from '../tf/index.js';
import { checkpointEmbeddings } from '../train/checkpoint_embeddings.js';
import { resolveCheckpoint } from '../train/checkpoint_files.js';
import { placeholders } from '../train/feeds.js';
import type { ModelPlan } from '../train/model_plan.js';
import { sessionConfig } from '../train/session_config.js';
import { buildTower } from '../train/tower.js';
import { chooseAssetFiles } from './asset_files.js';
import { exportModel, type ExportOptions, type InferenceGraph } from './exporter.js';

export interface ExportCheckpointOptions extends Pick<
  ExportOptions,
  'targetVersion' | 'onIncompatible' | 'doneFile' | 'clear'
> {
  readonly exportDir: string;
  /** A prefix, or a folder whose latest checkpoint is taken. */
  readonly checkpointPath: string;
  /** As `--asset_files` has it: paths joined by commas. Default: none. */
  readonly assetFiles?: string | undefined;
  /** Takes the names in `assetFiles` as they stand. Default: as EasyRec does. */
  readonly exactAssetNames?: boolean | undefined;
  readonly log: Log;
}

/**
 * Exports a checkpoint of a planned model as a SavedModel.
 *
 * @returns the model's folder, `<exportDir>/<unix seconds>`
 */
export async function exportCheckpoint(plan: ModelPlan, options: ExportCheckpointOptions): Promise<string> {
  const { log, assetFiles = '', exactAssetNames, checkpointPath, ...rest } = options;
  const fromConfig = plan.config.export_config?.asset_files ?? [];
  const checkpoint = resolveCheckpoint(checkpointPath);
  return exportModel({
    ...rest,
    log,
    buildInferenceGraph: () => inferenceGraph(plan, checkpoint),
    checkpoint,
    pipelineConfigText: printConfig(plan.config),
    assetFiles: chooseAssetFiles({ fromConfig, fromFlag: assetFiles }, { exactNames: exactAssetNames, log }),
    config: sessionConfig(plan.config.train_config),
  });
}

/**
 * The model alone, as it is served: one input per column that features read, no labels.
 *
 * @param checkpoint the prefix of the one whose variables it gets
 */
export function inferenceGraph(plan: ModelPlan, checkpoint: string): InferenceGraph {
  const graph = new Graph();
  const variables = new Variables(graph, plan.seed);
  const byName = plan.config.export_config?.placeholder_named_by_input === true;
  const inputs = placeholders(graph, plan.input.features, (column) =>
    byName ? column.name : `input_${column.index}`,
  );
  const embeddings = checkpointEmbeddings(checkpoint);
  const tower = buildTower(plan, { graph, variables, mode: 'infer', columns: inputs, embeddings });
  return { graph, variables: variables.all, inputs, outputs: tower.predictions };
}
