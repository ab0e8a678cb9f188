import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CommandHelp, type Flags, parseArguments } from '../easyrec/cli/args.js';
import { generateCriteoLike } from '../easyrec/data/criteo_like.js';
import { CRITEO_TRAIN_FILE } from '../easyrec/data/criteo_columns.js';
import { packageFile } from '../easyrec/package_files.js';
import { cacheDirectory } from '../easyrec/setup/cache.js';
import { type Growth, growthMarkdown, type GrowthPoint } from './growth_table.js';
import { describeMachine } from './machine.js';
import { type Command, commandText, measure, resultOf } from './measure.js';
import { renderSection, type Section, writeSection } from './performance_page.js';
import { log, runBench, shownCall, shownCommand } from './program.js';

const HELP = {
  name: 'bench/growth',
  summary:
    'Trains the config on Criteo, without checkpoints, with larger and larger tables, and on more and more rows: time a ' +
    'row and memory of each.',
  flags: {
    table_rows: { type: 'list', help: 'rows a table; default: 1000000,10000000,100000000' },
    input_rows: {
      type: 'list',
      help: 'rows of data; default: 100000,1000000,10000000 (10 million: 2.4 GB of disk)',
    },
    rows: { type: 'number', help: 'rows of data for all sizes of tables; default: 1000000' },
    runs: { type: 'number', help: 'turns; default: 3' },
    cache: { type: 'string', value: 'DIR', help: "for data; default: bench in easyrec's cache" },
    out: {
      type: 'string',
      value: 'DIR',
      help: 'receives growth.json and growth.md; default: experiments/bench',
    },
    docs: { type: 'boolean', help: 'write docs/growth.json and docs/performance.md instead' },
    render: { type: 'boolean', help: 'run nothing: write docs/performance.md anew from docs/growth.json' },
  },
} as const satisfies CommandHelp<Flags>;

const CONFIG = 'configs/deepfm_backbone_on_criteo.config';
const SEED = 2024;
const SECTION: Section<Growth> = { name: 'growth', file: 'growth', markdown: growthMarkdown };

interface Size {
  readonly kind: GrowthPoint['kind'];
  readonly size: number;
  readonly command: Command;
}

function dataOf(cache: string, rows: number): string {
  const directory = join(cache, 'data', `criteo_${rows}_0_${SEED}`);
  const path = join(directory, CRITEO_TRAIN_FILE);
  if (!existsSync(path)) {
    log(`data of ${rows} rows`);
    generateCriteoLike({ directory, trainRows: rows, testRows: 0, seed: SEED });
  }
  return path;
}

/** The config with tables of another size. */
function configOf(cache: string, tableRows: number): string {
  const text = readFileSync(packageFile(CONFIG), 'utf8');
  const path = join(cache, 'data', `criteo_${tableRows}.config`);
  mkdirSync(join(cache, 'data'), { recursive: true });
  writeFileSync(path, text.replaceAll('hash_bucket_size: 1000000 ', `hash_bucket_size: ${tableRows} `));
  return path;
}

function commandOf(config: string, data: string): Command {
  const steps = fileURLToPath(new URL('steps.js', import.meta.url));
  const args = [steps, '--read', `--pipeline_config_path=${config}`, `--train_input_path=${data}`];
  return { file: process.execPath, args };
}

async function run(argv: readonly string[]): Promise<void> {
  const { flags } = parseArguments(argv, HELP);
  if (flags.render === true) {
    await renderSection(SECTION);
    return;
  }
  const cache = resolve(flags.cache ?? join(cacheDirectory(), 'bench'));
  const tableRows = (flags.table_rows ?? ['1000000', '10000000', '100000000']).map(Number);
  const inputRows = (flags.input_rows ?? ['100000', '1000000', '10000000']).map(Number);
  const rows = flags.rows ?? 1_000_000;
  const sizes: Size[] = [
    ...tableRows.map((size): Size => {
      return { kind: 'table rows', size, command: commandOf(configOf(cache, size), dataOf(cache, rows)) };
    }),
    ...inputRows.map((size): Size => {
      return { kind: 'input rows', size, command: commandOf(packageFile(CONFIG), dataOf(cache, size)) };
    }),
  ];
  const points: GrowthPoint[] = [];
  for (let turn = 1; turn <= (flags.runs ?? 3); turn++) {
    for (const { kind, size, command } of sizes) {
      const finished = await measure(command);
      const rowsPerSecond = Number(resultOf(finished)['rows_per_second']);
      points.push({ kind, size, run: turn, rowsPerSecond, peakRssMb: finished.peakRssMb });
      log(
        `run ${turn}: ${size} ${kind}: ${Math.round(rowsPerSecond)} rows/s, ${Math.round(finished.peakRssMb)} MB`,
      );
    }
  }
  const growth: Growth = {
    date: new Date().toISOString().slice(0, 10),
    command: shownCall('bench/growth', argv),
    cpu: describeMachine().cpu,
    points,
    commands: sizes.map(({ command }) => shownCommand(commandText(command), { [cache]: 'CACHE' })),
  };
  await writeSection(SECTION, growth, flags);
}

await runBench(run);
