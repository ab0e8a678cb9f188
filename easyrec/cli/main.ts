#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { didYouMean, UserError } from '../errors.js';
import { packageFile } from '../package_files.js';
import { HelpRequested } from './args.js';
import { type Command, Interrupted } from './command.js';
import { consoleLog } from './console_log.js';

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
    summary: 'serve a SavedModel over HTTP',
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

function version(): string {
  const manifest = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string };
  return manifest.version;
}

async function run(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(`${usage()}\n`);
    return name === undefined ? 2 : 0;
  }
  if (name === '--version') {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
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
  const command = await entry.load();
  const abort = new AbortController();
  // The first signal asks, the second insists.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      const reason = new Interrupted(signal);
      abort.abort(reason);
      process.once(signal, () => process.exit(reason.exitCode));
    });
  }
  return command(rest, {
    log: consoleLog(process.stderr, rest.includes('--verbose')),
    stdout: process.stdout,
    stderr: process.stderr,
    signal: abort.signal,
  });
}

function asksForHelp(argv: readonly string[]): boolean {
  return argv.includes('--help') || argv.includes('-h');
}

function fail(error: unknown, verbose: boolean): number {
  if (error instanceof HelpRequested) {
    process.stdout.write(`${error.message}\n`);
    return 0;
  }
  if (error instanceof Interrupted) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`error: ${text}\n`);
  if (verbose && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  if (error instanceof UserError) return 2;
  if (!verbose)
    process.stderr.write('(this is not a mistake of yours we know of; --verbose shows where it happened)\n');
  return 1;
}

const argv = process.argv.slice(2);
process.exitCode = await run(argv).catch((error: unknown) => fail(error, argv.includes('--verbose')));
