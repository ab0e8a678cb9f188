import { UserError } from '../errors.js';
import { exportCheckpoint } from '../export/export_checkpoint.js';
import { modelDir } from '../train/trainer.js';
import { type CommandHelp, type Flags, parseArguments } from './args.js';
import type { Command } from './command.js';
import { PIPELINE_FLAGS, planFromFlags, preferTrainedConfig } from './pipeline.js';

const HELP = {
  name: 'easyrec export',
  summary: 'Writes a checkpoint as a SavedModel, its native op libraries in assets/.',
  edits: true,
  flags: {
    ...PIPELINE_FLAGS,
    export_dir: {
      type: 'string',
      value: 'DIR',
      help: 'the model goes into DIR/<unix seconds>',
      required: true,
    },
    checkpoint_path: {
      type: 'string',
      value: 'PATH',
      help: 'checkpoint or folder of them; default: model_dir',
    },
    asset_files: { type: 'list', value: 'FILES', help: 'files to put into assets/, op libraries among them' },
    exact_asset_names: {
      type: 'boolean',
      help: 'in name:path, take the name as it stands (EasyRec does not always)',
    },
    target_tf_version: {
      type: 'string',
      value: 'VERSION',
      help: 'TensorFlow that will serve the model; default: the one in use',
    },
    on_incompatible_op_library: {
      type: 'string',
      value: 'refuse|warn',
      help: 'when an op library would not load in target_tf_version; default: refuse',
    },
    clear_export: { type: 'boolean', help: 'remove all other models in export_dir afterwards' },
    export_done_file: {
      type: 'string',
      value: 'NAME',
      help: "written into the model's folder when it is complete",
    },
  },
} as const satisfies CommandHelp<Flags>;

const POLICIES = ['refuse', 'warn'] as const;

/** `easyrec export`: prints the folder of the exported model. */
export const exportCommand: Command = async (argv, { log, stdout }) => {
  const { flags, edits } = parseArguments(argv, HELP);
  const onIncompatible = POLICIES.find((policy) => policy === (flags.on_incompatible_op_library ?? 'refuse'));
  if (onIncompatible === undefined) {
    throw new UserError(
      `${HELP.name}: --on_incompatible_op_library: expected refuse or warn, received "${flags.on_incompatible_op_library ?? ''}"`,
    );
  }
  const plan = await planFromFlags(preferTrainedConfig(flags), { log, edits });
  const directory = await exportCheckpoint(plan, {
    log,
    onIncompatible,
    exportDir: flags.export_dir,
    checkpointPath: flags.checkpoint_path ?? modelDir(plan),
    assetFiles: flags.asset_files?.join(','),
    exactAssetNames: flags.exact_asset_names,
    targetVersion: flags.target_tf_version,
    doneFile: flags.export_done_file,
    clear: flags.clear_export ?? false,
  });
  log.info(`exported ${directory}`);
  stdout.write(`${directory}\n`);
  return 0;
};
