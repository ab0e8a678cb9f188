import { keepFreedMemory } from '../tf/freed_memory.js';
import { predictFile } from '../train/predictor.js';
import { type CommandHelp, type Flags, parseArguments } from './args.js';
import type { Command } from './command.js';
import { OP_LIBRARY_FLAGS, opLibraryOptions } from './op_library_flags.js';

const HELP = {
  name: 'easyrec predict',
  summary: 'Writes what a SavedModel predicts for each row of a file.',
  flags: {
    saved_model_dir: {
      type: 'string',
      value: 'DIR',
      help: 'an exported model, or a folder of its versions',
      required: true,
    },
    input_path: {
      type: 'string',
      value: 'FILE',
      help: 'rows as in training, with or without labels',
      required: true,
    },
    output_path: {
      type: 'string',
      value: 'FILE',
      help: 'a file *.csv or *.tsv; any other name is a folder that receives part-0.csv',
      required: true,
    },
    reserved_cols: {
      type: 'list',
      value: 'COLUMNS',
      help: 'input columns to repeat, or ALL_COLUMNS; default: none in a file, all in a folder',
    },
    output_cols: { type: 'list', value: 'COLUMNS', help: 'outputs of the model; default: ALL_COLUMNS' },
    output_sep: {
      type: 'string',
      value: 'CHARACTER',
      help: 'default: , in *.csv, a tab in *.tsv, else \\x01',
    },
    batch_size: { type: 'number', help: 'default: 4096' },
    with_header: { type: 'boolean', help: 'the input begins with a line of column names' },
    ...OP_LIBRARY_FLAGS,
    json: { type: 'boolean', help: 'print the result as one line of JSON' },
  },
} as const satisfies CommandHelp<Flags>;

/** `easyrec predict`. */
export const predict: Command = async (argv, { log, stdout, signal }) => {
  const { flags } = parseArguments(argv, HELP);
  keepFreedMemory();
  const { file, rows } = await predictFile({
    savedModelDir: flags.saved_model_dir,
    inputPath: flags.input_path,
    outputPath: flags.output_path,
    ...(flags.batch_size !== undefined && { batchSize: flags.batch_size }),
    ...opLibraryOptions(flags),
    log,
    signal,
    ...(flags.reserved_cols !== undefined && { reservedCols: flags.reserved_cols }),
    ...(flags.output_cols !== undefined && { outputCols: flags.output_cols }),
    ...(flags.output_sep !== undefined && {
      outputSeparator: flags.output_sep.replace('\\t', '\t').replace('\\x01', '\x01'),
    }),
    ...(flags.with_header !== undefined && { withHeader: flags.with_header }),
  });
  if (flags.json === true) stdout.write(`${JSON.stringify({ file, rows })}\n`);
  else log.info(`${rows} rows predicted into ${file}`);
  return 0;
};
