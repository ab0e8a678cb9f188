import { type CriteoFile, generateCriteoLike } from '../data/criteo_like.js';
import { generateMovielensLike, type PreparedFile } from '../data/movielens_like.js';
import { prepareMovielens } from '../data/prepare_movielens.js';
import { didYouMean, UserError } from '../errors.js';
import { formatTable, type TableColumn } from '../report/table.js';
import { type CommandHelp, type Flags, parseArguments } from './args.js';
import type { Command, CommandContext } from './command.js';

const GENERATE = {
  name: 'easyrec data movielens-like',
  summary: 'Makes rows of the shape of MovieLens-1M from a seed alone, with labels that a model can learn.',
  positional: 'DIR',
  flags: {
    train_rows: { type: 'number', help: 'default: 200000' },
    test_rows: { type: 'number', help: 'default: 20000' },
    seed: { type: 'number', help: 'default: 2024' },
  },
} as const satisfies CommandHelp<Flags>;

const CRITEO = {
  name: 'easyrec data criteo-like',
  summary:
    'Makes rows of the shape of the Criteo display advertising challenge, with labels that a model can learn.',
  positional: 'DIR',
  flags: {
    rows: { type: 'number', help: 'for training; default: 1000000 (240 MB)' },
    test_rows: { type: 'number', help: 'default: 100000' },
    seed: { type: 'number', help: 'default: 2024' },
  },
} as const satisfies CommandHelp<Flags>;

const PREPARE = {
  name: 'easyrec data prepare-movielens',
  summary:
    'Turns the original files of MovieLens-1M (ratings.dat, users.dat, movies.dat) into training and test rows.',
  positional: 'RAW_DIR [DIR]',
  flags: {
    seed: { type: 'number', help: 'of the order of rows and the split; default: 2024' },
    train_share: { type: 'number', help: 'share of rows for training; default: 0.9' },
  },
} as const satisfies CommandHelp<Flags>;

const DEFAULT_DIRECTORY = 'data/movielens';
const CRITEO_DIRECTORY = 'data/criteo';

/** The largest AUC that a model can reach is known of generated rows only. */
type ShownFile = PreparedFile & Partial<Pick<CriteoFile, 'oracleAuc'>>;
interface Files {
  readonly train: ShownFile;
  readonly test: ShownFile;
}

const ACTIONS: Readonly<Record<string, (argv: readonly string[]) => Files>> = {
  'movielens-like': (argv) => {
    const { flags, words } = parseArguments(argv, GENERATE);
    const { train_rows: trainRows = 200_000, test_rows: testRows = 20_000, seed = 2024 } = flags;
    return generateMovielensLike({ directory: words[0] ?? DEFAULT_DIRECTORY, trainRows, testRows, seed });
  },
  'criteo-like': (argv) => {
    const { flags, words } = parseArguments(argv, CRITEO);
    const { rows: trainRows = 1_000_000, test_rows: testRows = 100_000, seed = 2024 } = flags;
    return generateCriteoLike({ directory: words[0] ?? CRITEO_DIRECTORY, trainRows, testRows, seed });
  },
  'prepare-movielens': (argv) => {
    const { flags, words } = parseArguments(argv, PREPARE);
    const [source, target = DEFAULT_DIRECTORY] = words;
    if (source === undefined) throw new UserError(`${PREPARE.name}: expected the folder of the raw files`);
    return prepareMovielens({
      source,
      target,
      seed: flags.seed ?? 2024,
      trainShare: flags.train_share ?? 0.9,
    });
  },
};

/** `easyrec data movielens-like DIR`, `criteo-like DIR` and `prepare-movielens RAW_DIR [DIR]`. */
export const data: Command = (argv, context) => {
  const [name = '', ...rest] = argv;
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined) {
    const names = Object.keys(ACTIONS);
    throw new UserError(
      `easyrec data: expected ${names.join(' or ')}, received "${name}"${didYouMean(name, names)}`,
    );
  }
  show(action(rest), context);
  return Promise.resolve(0);
};

function show({ train, test }: Files, { stdout }: CommandContext): void {
  const columns: TableColumn[] = [
    { title: 'file' },
    { title: 'rows', align: 'right' },
    { title: 'label mean', align: 'right' },
  ];
  const files = [train, test];
  const known = files.some(({ oracleAuc }) => oracleAuc !== undefined);
  if (known) columns.push({ title: 'AUC of the true logits', align: 'right' });
  const rows = files.map(({ path, rows: count, labelMean, oracleAuc = NaN }) => {
    return [path, count, labelMean.toFixed(6), ...(known ? [oracleAuc.toFixed(6)] : [])];
  });
  stdout.write(formatTable(columns, rows));
}
