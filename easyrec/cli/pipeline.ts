import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadPlugin } from '../components/plugin.js';
import { type ConfigEdit, parseEditConfigJson } from '../config/edit.js';
import { loadPipelineConfig } from '../config/load.js';
import type { Log } from '../log.js';
import { planModel, type ModelPlan } from '../train/model_plan.js';
import type { Flags } from './args.js';

/** Flags of every command that reads a pipeline.config. */
export const PIPELINE_FLAGS = {
  pipeline_config_path: { type: 'string', value: 'FILE', help: 'the pipeline.config', required: true },
  model_dir: {
    type: 'string',
    value: 'DIR',
    help: 'folder of checkpoints, instead of model_dir in the config',
  },
  edit_config_json: {
    type: 'string',
    value: 'JSON',
    help: 'edits of the config, as in {"train_config.num_steps": 100}',
  },
  plugin: {
    type: 'list',
    value: 'FILE',
    help: 'TypeScript or JavaScript files that bring components of your own',
  },
  op_library: { type: 'list', value: 'FILE', help: 'native op libraries that components use' },
} as const satisfies Flags;

/** Flags of the commands that evaluate. */
export const METRIC_FLAGS = {
  max_f1_on_probs: {
    type: 'boolean',
    help: 'let max_f1 compare probabilities with its thresholds (EasyRec compares logits)',
  },
} as const satisfies Flags;

/** What the flags of PIPELINE_FLAGS hold, however a command came by them. */
export interface PipelineFlags {
  readonly pipeline_config_path: string;
  readonly model_dir: string | undefined;
  readonly edit_config_json: string | undefined;
  readonly plugin: readonly string[] | undefined;
  readonly op_library: readonly string[] | undefined;
}

export interface PipelineSettings {
  readonly log: Log;
  readonly edits: readonly ConfigEdit[];
  readonly trainInputPath?: readonly string[] | undefined;
  readonly evalInputPath?: readonly string[] | undefined;
  readonly fineTuneCheckpoint?: string | undefined;
  readonly seed?: number | undefined;
  readonly regularizeComponents?: boolean | undefined;
  readonly plain?: boolean | undefined;
  readonly maxF1OnProbs?: boolean | undefined;
}

/**
 * Loads the config and the plugins that the flags name, and checks them.
 *
 * @throws ConfigError
 */
export async function planFromFlags(flags: PipelineFlags, settings: PipelineSettings): Promise<ModelPlan> {
  const { log } = settings;
  const jsonEdits = flags.edit_config_json === undefined ? [] : parseEditConfigJson(flags.edit_config_json);
  const config = loadPipelineConfig(flags.pipeline_config_path, {
    edits: [...jsonEdits, ...settings.edits],
    modelDir: flags.model_dir,
    trainInputPath: settings.trainInputPath,
    evalInputPath: settings.evalInputPath,
    fineTuneCheckpoint: settings.fineTuneCheckpoint,
    log,
  });
  // Places in a plugin's own file, not in what it was compiled to.
  if (flags.plugin !== undefined) process.setSourceMapsEnabled(true);
  const plugins = await Promise.all((flags.plugin ?? []).map((file) => loadPlugin(file)));
  return planModel(config, {
    log,
    plugins,
    opLibraries: flags.op_library ?? [],
    ...(settings.seed !== undefined && { seed: settings.seed }),
    ...(settings.regularizeComponents !== undefined && {
      regularizeComponents: settings.regularizeComponents,
    }),
    plain: settings.plain ?? process.env['EASYREC_PLAIN'] === '1',
    maxF1OnProbs: settings.maxF1OnProbs ?? false,
  });
}

/** As EasyRec: `<model_dir>/pipeline.config`, where there is one, is read instead of the config that was named. */
export function preferTrainedConfig(flags: PipelineFlags): PipelineFlags {
  const trained = flags.model_dir === undefined ? undefined : join(flags.model_dir, 'pipeline.config');
  return trained !== undefined && existsSync(trained) ? { ...flags, pipeline_config_path: trained } : flags;
}
