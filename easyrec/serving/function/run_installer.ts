import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ServingError } from '../status.js';
import { withStreams } from '../with_streams.js';
import { killGroup, ownerMark } from './owned_processes.js';

/** What to run, and where. */
export interface InstallerOptions {
  /** What it is to the user, such as `pip install`. */
  readonly what: string;
  readonly command: readonly string[];
  readonly directory: string;
  /** The gateway's state folder, by which its processes are known. */
  readonly stateDirectory: string;
  /** Takes each line that it prints. */
  readonly onLine: (line: string) => void;
  /** Aborted when nobody waits for it any more: then it is ended. */
  readonly signal: AbortSignal;
}

const MAX_MS = 3_600_000;
/** How much of the output an error repeats; gRPC clients take some kilobytes of text in an error. */
const TAIL_LINES = 15;
const TAIL_CHARACTERS = 2_000;

/**
 * Runs a program that installs or checks something.
 * @throws ServingError FAILED_PRECONDITION when it fails, with the end of what it printed; CANCELLED when nobody waits
 *   for it any more.
 */
export async function runInstaller(options: InstallerOptions): Promise<void> {
  const { what, command, directory, stateDirectory, onLine, signal } = options;
  checkCaller(signal);
  const [file = '', ...args] = command;
  const child = withStreams(
    what,
    spawn(file, args, {
      cwd: directory,
      env: { ...process.env, ...ownerMark(stateDirectory) },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    }),
  );
  const tail: string[] = [];
  const take = (line: string): void => {
    onLine(line);
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', take);
  const end = (): void => {
    if (child.exitCode === null) killGroup(child.pid);
  };
  const timer = setTimeout(end, MAX_MS);
  signal.addEventListener('abort', end, { once: true });
  try {
    const ended = await new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(`cannot be started: ${error.message}`));
      child.once('close', (code, by) =>
        resolve(code === 0 ? '' : `fails with ${by ?? `exit code ${code ?? 0}`}`),
      );
    });
    if (ended === '') return;
    checkCaller(signal);
    const last = tail.join('\n').slice(-TAIL_CHARACTERS);
    throw new ServingError('FAILED_PRECONDITION', `${what} ${ended}${last === '' ? '' : `:\n${last}`}`);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

function checkCaller(signal: AbortSignal): void {
  if (signal.aborted) throw new ServingError('CANCELLED', 'the caller has gone');
}
