import { join } from 'node:path';
import { writeFileAtomic } from '../atomic_files.js';
import { formatTable } from '../report/table.js';
import { evaluateCheckpoint } from '../train/evaluate_checkpoint.js';
import { modelDir } from '../train/trainer.js';
import { type CommandHelp, type Flags, parseArguments } from './args.js';
import type { Command } from './command.js';
import { METRIC_FLAGS, PIPELINE_FLAGS, planFromFlags, preferTrainedConfig } from './pipeline.js';

const HELP = {
  name: 'easyrec eval',
  summary: 'Evaluates a checkpoint on the evaluation data and writes the result into model_dir.',
  edits: true,
  flags: {
    ...PIPELINE_FLAGS,
    ...METRIC_FLAGS,
    checkpoint_path: {
      type: 'string',
      value: 'PATH',
      help: 'checkpoint or folder of them; default: model_dir',
    },
    eval_input_path: { type: 'list', value: 'FILE', help: 'evaluation data, instead of the config' },
    eval_result_path: { type: 'string', value: 'FILE', help: 'file in model_dir; default: eval_result.txt' },
    json: { type: 'boolean', help: 'print the result as JSON' },
  },
} as const satisfies CommandHelp<Flags>;

/** `easyrec eval`. */
export const evaluate: Command = async (argv, { log, stdout, signal }) => {
  const { flags, edits } = parseArguments(argv, HELP);
  const plan = await planFromFlags(preferTrainedConfig(flags), {
    log,
    edits,
    evalInputPath: flags.eval_input_path,
    maxF1OnProbs: flags.max_f1_on_probs,
  });
  const directory = modelDir(plan);
  const { values, checkpoint } = await evaluateCheckpoint(plan, {
    checkpointPath: flags.checkpoint_path ?? directory,
    signal,
  });
  const sorted = Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
  const text = JSON.stringify(sorted, null, 2);
  await writeFileAtomic(join(directory, flags.eval_result_path ?? 'eval_result.txt'), text);
  if (flags.json === true) stdout.write(`${text}\n`);
  else {
    log.info(`evaluated ${checkpoint}`);
    const rows = Object.entries(sorted).map(([name, value]) => [name, value]);
    stdout.write(formatTable([{ title: 'metric' }, { title: 'value', align: 'right' }], rows));
  }
  return 0;
};
