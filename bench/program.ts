import { HelpRequested } from '../easyrec/cli/args.js';
import { UserError } from '../easyrec/errors.js';
import { packageRoot } from '../easyrec/package_files.js';

/** Writes a line for who watches. */
export function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Runs a program of the benchmarks; the exit code is 2 for a user's mistake, 1 for any other failure. */
export async function runBench(run: (argv: readonly string[]) => Promise<void>): Promise<void> {
  try {
    await run(process.argv.slice(2));
  } catch (error) {
    if (error instanceof HelpRequested) {
      process.stdout.write(`${error.message}\n`);
      return;
    }
    log(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = error instanceof UserError ? 2 : 1;
  }
}

/** The call of a program as results show it, with no paths of the machine. */
export function shownCall(name: string, argv: readonly string[]): string {
  return [name, ...argv.map((word) => word.replace(/^(--\w+=)?\/.*/, '$1PATH'))].join(' ');
}

/**
 * A command as results show it: paths in the package relative to it, other folders by the names given.
 * @param folders Their names by path.
 */
export function shownCommand(command: string, folders: Readonly<Record<string, string>>): string {
  return Object.entries(folders)
    .reduce((text, [path, name]) => text.replaceAll(path, name), command)
    .replaceAll(process.execPath, 'node')
    .replaceAll(`${packageRoot()}/`, '');
}
