import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { type CommandHelp, type Flags, parseArguments } from '../easyrec/cli/args.js';
import { UserError } from '../easyrec/errors.js';
import { packageFile } from '../easyrec/package_files.js';
import { loadLibtensorflow } from '../easyrec/tf/native.js';
import { cacheDirectory } from '../easyrec/setup/cache.js';
import { ratesChart } from './chart.js';
import { jobsOf } from './jobs.js';
import { describeMachine } from './machine.js';
import { resultsMarkdown } from './markdown.js';
import { takeMeasurement } from './measurement.js';
import { renderSection, type Section, writeSection } from './performance_page.js';
import { pinnedVersions, preparePeers } from './peers.js';
import { log, runBench, shownCall, shownCommand } from './program.js';
import { jobKey, type Measurement, type Results, type SystemRecord } from './results.js';
import { type System, SYSTEMS } from './systems.js';
import { criteoWorkload, movielensWorkload } from './workloads.js';

const HELP = {
  name: 'bench/run',
  summary:
    'Trains one model with this toolkit and with peers on the same rows, in turn, and compares. Needs npm run build and ' +
    'easyrec setup before, and a machine with nothing else to do. Peers are fetched into the cache at their first use.',
  flags: {
    systems: {
      type: 'list',
      help: `of ${SYSTEMS.map(({ id }) => id).join(', ')}; default: all but lazy and easyrec`,
    },
    workloads: { type: 'list', help: 'of criteo, movielens; default: both' },
    rows: { type: 'number', help: 'for training; default: 1000000' },
    test_rows: { type: 'number', help: 'for the AUC; default: 100000' },
    runs: { type: 'number', help: 'turns; default: 3' },
    steps: { type: 'number', help: 'of a run on batches that are ready; default: 100' },
    threads: { type: 'list', help: 'numbers of threads to run with; default: one a core' },
    easyrec: {
      type: 'string',
      value: 'PATH',
      help: 'a checkout of Python EasyRec, which adds easyrec to the systems',
    },
    python: { type: 'string', value: 'FILE', help: 'the Python 3.11 that peers run on; default: python3' },
    tcmalloc: {
      type: 'string',
      value: 'FILE',
      help: "for peers; default: the linker's, if any; none: the system's malloc",
    },
    cache: { type: 'string', value: 'DIR', help: "for data and peers; default: bench in easyrec's cache" },
    out: {
      type: 'string',
      value: 'DIR',
      help: 'receives performance.json, .md and .svg; default: experiments/bench',
    },
    docs: { type: 'boolean', help: 'write docs/performance.* instead' },
    render: {
      type: 'boolean',
      help: 'run nothing: write docs/performance.md and .svg anew from docs/performance.json',
    },
  },
} as const satisfies CommandHelp<Flags>;

const SECTION: Section<Results> = {
  name: 'results',
  file: 'performance',
  markdown: resultsMarkdown,
  chart: ratesChart,
};

async function run(argv: readonly string[]): Promise<void> {
  const { flags } = parseArguments(argv, HELP);
  if (flags.render === true) {
    await renderSection(SECTION);
    return;
  }
  const cache = resolve(flags.cache ?? join(cacheDirectory(), 'bench'));
  const easyrec = flags.easyrec === undefined ? null : resolve(flags.easyrec);
  const systems = chosenSystems(flags.systems ?? defaultSystems(easyrec));
  const machine = describeMachine();
  const peers = preparePeers({
    cache,
    systems: systems.map(({ id }) => id),
    easyrec,
    tcmalloc: flags.tcmalloc === 'none' ? '' : (flags.tcmalloc ?? null),
    python: flags.python ?? 'python3',
    log,
  });
  const size = { cache, rows: flags.rows ?? 1_000_000, testRows: flags.test_rows ?? 100_000 };
  const makers = { criteo: criteoWorkload, movielens: movielensWorkload };
  const names = flags.workloads ?? Object.keys(makers);
  const workloads = names.map((name) => {
    const make = name === 'criteo' || name === 'movielens' ? makers[name] : undefined;
    if (make === undefined)
      throw new UserError(`--workloads: expected criteo or movielens, received ${name}`);
    log(`data of ${name}`);
    return make(size);
  });
  const threads = (flags.threads ?? [String(availableParallelism())]).map(Number);
  const jobs = jobsOf(systems, workloads, threads);
  const runs = flags.runs ?? 3;
  const measurements: Measurement[] = [];
  const commands = new Map<string, Results['commands'][number]>();
  for (let turn = 1; turn <= runs; turn++) {
    for (const job of jobs) {
      const system = systems.find(({ id }) => id === job.system);
      const workload = workloads.find(({ id }) => id === job.workload);
      if (system === undefined || workload === undefined) continue;
      const setting = { job, workload, steps: flags.steps ?? 100, peers };
      const { measurement, command } = await takeMeasurement(system, setting, turn);
      measurements.push(measurement);
      const folders = { [cache]: 'CACHE', ...(easyrec !== null && { [easyrec]: 'EASYREC' }) };
      const shown = shownCommand(command, folders);
      commands.set(jobKey(job), { ...job, command: shown });
      log(`run ${turn}: ${jobKey(job)}: ${Math.round(measurement.rowsPerSecond)} rows/s`);
    }
  }
  const [criteo] = workloads.filter(({ id }) => id === 'criteo');
  const results: Results = {
    date: new Date().toISOString().slice(0, 10),
    command: shownCall('bench/run', argv),
    machine,
    data: { trainRows: size.rows, testRows: size.testRows, oracleAuc: criteo?.oracleAuc ?? null },
    systems: systems.map((system) => recordOf(system, peers.tcmalloc !== null)),
    commands: [...commands.values()],
    measurements,
  };
  await writeSection(SECTION, results, flags);
}

function defaultSystems(easyrec: string | null): readonly string[] {
  return SYSTEMS.map(({ id }) => id).filter((id) => id !== 'lazy' && (id !== 'easyrec' || easyrec !== null));
}

function chosenSystems(names: readonly string[]): readonly System[] {
  for (const name of names) {
    if (SYSTEMS.some(({ id }) => id === name)) continue;
    throw new UserError(`--systems: expected ${SYSTEMS.map(({ id }) => id).join(', ')}, received ${name}`);
  }
  return SYSTEMS.filter(({ id }) => names.includes(id));
}

function recordOf({ id, title, settings }: System, hasTcmalloc: boolean): SystemRecord {
  if (['ours', 'lazy', 'plain'].includes(id)) return { id, title, settings, versions: ourVersions() };
  const file = packageFile(`bench/peers/${id === 'easyrec' ? 'easyrec' : 'torch'}_requirements.txt`);
  const versions = pinnedVersions(readFileSync(file, 'utf8')).map((line) => line.replace('==', ' '));
  const allocator = hasTcmalloc ? 'tcmalloc' : "the system's malloc";
  return { id, title, settings: `${settings}; ${allocator}`, versions: versions.join(', ') };
}

function ourVersions(): string {
  const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string };
  return `easyrec ${version}, libtensorflow ${loadLibtensorflow().version}`;
}

await runBench(run);
