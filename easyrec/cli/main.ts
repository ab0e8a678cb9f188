#!/usr/bin/env node
import { didYouMean, UserError } from '../errors.js';
import type { Command } from './command.js';
import { packageVersion } from '../package_files.js';
import { runProgram } from './program.js';

interface Entry {
  readonly summary: string;
  /** Loaded when it is used: a command waits for no other's modules. */
  readonly load: () => Promise<Command>;
  /** Whether it needs libtensorflow, which is loaded beside its modules then. Default: false. */
  readonly needsTensorflow?: true;
}

const COMMANDS: Readonly<Record<string, Entry>> = {
  train: {
    summary: 'train a model, evaluating at intervals',
    load: async () => (await import('./train.js')).train,
    needsTensorflow: true,
  },
  eval: {
    summary: 'evaluate a checkpoint',
    load: async () => (await import('./eval.js')).evaluate,
    needsTensorflow: true,
  },
  export: {
    summary: 'write a SavedModel from a checkpoint',
    load: async () => (await import('./export.js')).exportCommand,
    needsTensorflow: true,
  },
  predict: {
    summary: 'predict a file with a SavedModel',
    load: async () => (await import('./predict.js')).predict,
    needsTensorflow: true,
  },
  serve: {
    summary: 'serve SavedModels over REST and gRPC',
    load: async () => (await import('./serve.js')).serve,
    needsTensorflow: true,
  },
  operator: {
    summary: 'make, serve and register Phantoscope operators',
    load: async () => (await import('./operator.js')).operator,
  },
  op: { summary: 'build a native op library', load: async () => (await import('./op.js')).op },
  data: { summary: 'make or prepare example data', load: async () => (await import('./data.js')).data },
  setup: {
    summary: 'fetch libtensorflow and build the op libraries',
    load: async () => (await import('./setup.js')).setup,
  },
  doctor: {
    summary: 'show what is installed and what works',
    load: async () => (await import('./doctor.js')).doctor,
  },
};

function usage(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length)) + 2;
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(width)}${summary}`);
  return [
    'Trains, evaluates, exports and serves recommendation models described by one pipeline.config.',
    '',
    'usage: easyrec COMMAND [FLAGS]',
    '',
    ...rows,
    '',
    'easyrec COMMAND --help tells more; easyrec --version the version.',
  ].join('\n');
}

const VERSION: Command = (_, { stdout }) => {
  stdout.write(`${packageVersion()}\n`);
  return Promise.resolve(0);
};

async function choose(argv: readonly string[]): Promise<readonly [Command, readonly string[]]> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const help: Command = (_, { stdout }) => {
      stdout.write(`${usage()}\n`);
      return Promise.resolve(name === undefined ? 2 : 0);
    };
    return [help, []];
  }
  if (name === '--version') return [VERSION, []];
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    throw new UserError(
      `easyrec: no command "${name}"${didYouMean(name, Object.keys(COMMANDS))} (see easyrec --help)`,
    );
  }
  if (process.platform !== 'linux') {
    throw new UserError(
      `easyrec: expected Linux, received ${process.platform}: libtensorflow's wheel is built for it`,
    );
  }
  if (entry.needsTensorflow === true && !asksForHelp(rest)) {
    const { loadLibtensorflowAhead } = await import('../tf/native.js');
    loadLibtensorflowAhead();
  }
  return [await entry.load(), rest];
}

function asksForHelp(argv: readonly string[]): boolean {
  return argv.includes('--help') || argv.includes('-h');
}

const argv = process.argv.slice(2);
process.exitCode = await runProgram(argv, () => choose(argv));
