import { fileURLToPath } from 'node:url';
import { packageFile } from '../easyrec/package_files.js';
import type { Command } from './measure.js';
import type { Job, WorkloadId } from './results.js';
import type { Workload } from './workloads.js';

/** What a system needs to know to run a job. */
export interface JobSetting {
  readonly job: Job;
  readonly workload: Workload;
  /** An empty folder for what the run writes. */
  readonly directory: string;
  /** Steps of a run on batches that are ready. */
  readonly steps: number;
  readonly peers: PeerPaths;
}

/** Where peers are; null for those that are not prepared. */
export interface PeerPaths {
  readonly torchPython: string | null;
  readonly easyrecPython: string | null;
  /** A checkout of Python EasyRec. */
  readonly easyrec: string | null;
  /** A faster malloc for peers, which gain much by it; null: the system's. */
  readonly tcmalloc: string | null;
}

/** A system that the benchmark can run. */
export interface System {
  readonly id: string;
  readonly title: string;
  /** How it is set up, in a sentence. */
  readonly settings: string;
  readonly workloads: readonly WorkloadId[];
  readonly modes: readonly Job['mode'][];
  readonly command: (setting: JobSetting) => Command;
}

const MAIN = packageFile('dist/easyrec/cli/main.js');
const STEPS = fileURLToPath(new URL('steps.js', import.meta.url));

interface OurWay {
  readonly config: string;
  readonly flags: readonly string[];
  /** Flags of training to the end, which saves checkpoints. */
  readonly trainFlags?: readonly string[];
}

/** An ordinary one has all 26 million rows; peers write none. */
const COMPACT = ['--compact_checkpoints'];

function ours(
  { job, workload, directory, steps }: JobSetting,
  { config, flags, trainFlags = [] }: OurWay,
): Command {
  const edits = [
    ...[`--data_config.batch_size=${job.batch}`, '--export_config.exporter_type=none'],
    ...['intra', 'inter'].map((kind) => `--train_config.${kind}_op_parallelism_threads=${job.threads}`),
  ];
  const inputs = [`--train_input_path=${workload.train}`, `--eval_input_path=${workload.test}`];
  const path = `--pipeline_config_path=${config}`;
  const mode =
    job.mode === 'model only'
      ? [STEPS, path, `--steps=${steps}`]
      : [MAIN, 'train', path, '--json', `--model_dir=${directory}/model`, ...trainFlags];
  return { file: process.execPath, args: [...mode, ...inputs, ...flags, ...edits] };
}

function torch(script: string, { job, workload, steps, peers }: JobSetting): Command {
  if (peers.torchPython === null) throw new Error('expected a prepared PyTorch, received none');
  const args = [packageFile(`bench/peers/${script}`), '--train', workload.train];
  args.push(...(job.mode === 'model only' ? ['--steps', String(steps)] : ['--test', workload.test]));
  args.push('--batch', String(job.batch), '--threads', String(job.threads));
  const threads = String(job.threads);
  return {
    file: peers.torchPython,
    args,
    env: { ...malloc(peers), OMP_NUM_THREADS: threads, POLARS_MAX_THREADS: threads },
  };
}

function easyrec({ job, workload, directory, peers }: JobSetting): Command {
  if (peers.easyrecPython === null || peers.easyrec === null) {
    throw new Error('expected a prepared EasyRec, received none');
  }
  const config = job.workload === 'criteo' ? workload.lazyConfig : workload.config;
  const args = [packageFile('bench/peers/easyrec_train.py'), '--config', config];
  args.push('--train', workload.train, '--test', workload.test, '--model_dir', `${directory}/model`);
  args.push('--batch', String(job.batch), '--threads', String(job.threads));
  return {
    file: peers.easyrecPython,
    args,
    env: { ...malloc(peers), PYTHONPATH: peers.easyrec, TF_CPP_MIN_LOG_LEVEL: '2' },
    cwd: directory,
  };
}

function malloc({ tcmalloc }: PeerPaths): Readonly<Record<string, string>> {
  return tcmalloc === null ? {} : { LD_PRELOAD: tcmalloc };
}

const BOTH = ['model only', 'end to end'] as const;

/** All systems, in the order in which they take turns. */
export const SYSTEMS: readonly System[] = [
  {
    id: 'ours',
    title: 'this toolkit',
    settings:
      'as installed; Adam that moves every row at every step, as TensorFlow defines it; on Criteo compact checkpoints, as peers write none',
    workloads: ['criteo', 'movielens'],
    modes: BOTH,
    command: (setting) => {
      const { id, config } = setting.workload;
      return ours(setting, { config, flags: [], trainFlags: id === 'criteo' ? COMPACT : [] });
    },
  },
  {
    id: 'lazy',
    title: 'this toolkit, lazy Adam',
    settings:
      '`lazy_adam_optimizer`: Adam that moves touched rows only, as SparseAdam does; compact checkpoints',
    workloads: ['criteo'],
    modes: BOTH,
    command: (setting) =>
      ours(setting, { config: setting.workload.lazyConfig, flags: [], trainFlags: COMPACT }),
  },
  {
    id: 'plain',
    title: 'this toolkit, `--plain`',
    settings: 'standard TensorFlow ops alone; on Criteo with `lazy_adam_optimizer`',
    workloads: ['criteo', 'movielens'],
    modes: BOTH,
    command: (setting) => {
      const { id, config, lazyConfig } = setting.workload;
      return ours(setting, { config: id === 'criteo' ? lazyConfig : config, flags: ['--plain'] });
    },
  },
  {
    id: 'torch',
    title: 'PyTorch',
    settings:
      'one sparse embedding for all categories, SparseAdam (touched rows only), fused dense Adam, polars',
    workloads: ['criteo'],
    modes: BOTH,
    command: (setting) => torch('torch_deepfm.py', setting),
  },
  {
    id: 'fbgemm',
    title: "fbgemm's fused tables (torchrec's)",
    settings: 'row-wise Adagrad (a quarter of the state of Adam), fused dense Adam, polars',
    workloads: ['criteo'],
    modes: BOTH,
    command: (setting) => torch('fbgemm_deepfm.py', setting),
  },
  {
    id: 'easyrec',
    title: 'Python EasyRec',
    settings: 'the same config; on Criteo with lazy_adam_optimizer, which is several times as fast there',
    workloads: ['criteo', 'movielens'],
    modes: ['end to end'],
    command: easyrec,
  },
];
