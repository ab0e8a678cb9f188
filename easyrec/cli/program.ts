import { UserError } from '../errors.js';
import { HelpRequested } from './args.js';
import { type Command, Interrupted } from './command.js';
import { consoleLog } from './console_log.js';

export interface ProgramOptions {
  /** What messages of errors begin with. Default: `error`. */
  readonly errorPrefix?: string;
}

/**
 * Runs a program's command with the process's own streams and signals: the first Ctrl-C or SIGTERM asks, the second
 * insists.
 *
 * @param choose Finds the command and the arguments that are its own.
 * @returns the exit code: 2 for a user's mistake, 1 for any other failure.
 */
export async function runProgram(
  argv: readonly string[],
  choose: () => Promise<readonly [Command, readonly string[]]>,
  { errorPrefix = 'error' }: ProgramOptions = {},
): Promise<number> {
  const verbose = argv.includes('--verbose') || argv.includes('-v');
  try {
    const [command, rest] = await choose();
    const abort = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        const reason = new Interrupted(signal);
        abort.abort(reason);
        process.once(signal, () => process.exit(reason.exitCode));
      });
    }
    return await command(rest, {
      log: consoleLog(process.stderr, verbose),
      stdout: process.stdout,
      stderr: process.stderr,
      signal: abort.signal,
    });
  } catch (error) {
    return fail(error, verbose, errorPrefix);
  }
}

function fail(error: unknown, verbose: boolean, prefix: string): number {
  if (error instanceof HelpRequested) {
    process.stdout.write(`${error.message}\n`);
    return 0;
  }
  if (error instanceof Interrupted) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${prefix}: ${text}\n`);
  if (verbose && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  if (error instanceof UserError) return 2;
  if (!verbose)
    process.stderr.write('(this is not a mistake of yours we know of; --verbose shows where it happened)\n');
  return 1;
}
