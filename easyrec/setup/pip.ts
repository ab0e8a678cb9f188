import { join } from 'node:path';
import { NativeError } from '../errors.js';
import type { Environment } from './cache.js';
import { runTool, type ToolResult } from './tool.js';
import type { Wheel } from './wheels.js';

export interface PipOptions {
  /** Default: `python3`. */
  readonly python?: string;
  /** Default: `process.env`. */
  readonly env?: Environment;
}

/** pip ran and failed: its index could not be reached, or does not have the wheel. */
export class PipError extends Error {
  override readonly name = 'PipError';
}

/** Where pip's index keeps a wheel. */
export interface ResolvedWheel {
  readonly url: string;
  /** As the index publishes it; undefined where it publishes none. */
  readonly sha256: string | undefined;
}

/** The user's Python as a wheel's name spells it (`cp311`), or undefined for one that is no CPython. */
export async function pythonTag(options: PipOptions = {}): Promise<string | undefined> {
  const program = 'import sys; print(sys.implementation.name, "cp%d%d" % sys.version_info[:2])';
  const { stdout, stderr, code } = await runPython(['-c', program], options);
  if (code !== 0) throw new NativeError(`${options.python ?? 'python3'} does not run: ${lastLine(stderr)}`);
  const [name, tag] = stdout.trim().split(' ');
  return name === 'cpython' ? tag : undefined;
}

/**
 * Asks pip for a wheel's address without downloading it.
 * @returns undefined when this pip cannot tell (before 22.2)
 * @throws PipError when pip's index cannot be reached or does not have the wheel
 */
export async function resolveWheel(
  wheel: Wheel,
  options: PipOptions = {},
): Promise<ResolvedWheel | undefined> {
  const { stdout, stderr, code } = await pip(
    // pip wants a target folder for another platform's wheel, and writes nothing into it in a dry run.
    ['install', '--quiet', '--dry-run', '--ignore-installed', '--target', 'unused', '--report', '-'].concat(
      selection(wheel),
    ),
    options,
  );
  // pip's exit code for an option that it does not know.
  if (code === 2) return undefined;
  if (code !== 0) throw new PipError(failure(stderr));
  const info = downloadInfo(stdout);
  if (info?.url.endsWith(`/${wheel.fileName}`) !== true) return undefined;
  return info;
}

/**
 * Has pip itself download a wheel into `directory`, through whatever proxies and certificates it is set up with.
 * @throws PipError when pip's index cannot be reached or does not have the wheel
 */
export async function pipDownload(
  wheel: Wheel,
  directory: string,
  options: PipOptions = {},
): Promise<string> {
  const { stderr, code } = await pip(
    ['download', '--quiet', '--dest', directory, ...selection(wheel)],
    options,
  );
  if (code !== 0) throw new PipError(failure(stderr));
  return join(directory, wheel.fileName);
}

/** The command that fetches a wheel by hand, on a machine that is connected. */
export function pipCommand(wheel: Wheel): string {
  return ['python3', '-m', 'pip', 'download', ...selection(wheel)].join(' ');
}

function selection(wheel: Wheel): string[] {
  const platforms = wheel.fileName.replace(/^.*-([^-]+)\.whl$/, '$1').split('.');
  return [
    '--no-deps',
    '--only-binary=:all:',
    '--implementation=cp',
    `--python-version=${wheel.python.replace(/^cp(\d)(\d+)$/, '$1.$2')}`,
    ...platforms.map((platform) => `--platform=${platform}`),
    `${wheel.project}==${wheel.version}`,
  ];
}

function downloadInfo(report: string): ResolvedWheel | undefined {
  const parsed = JSON.parse(report) as {
    install?: { download_info?: { url?: string; archive_info?: { hashes?: { sha256?: string } } } }[];
  };
  const info = parsed.install?.[0]?.download_info;
  if (info?.url === undefined) return undefined;
  return { url: info.url, sha256: info.archive_info?.hashes?.sha256 };
}

async function pip(args: readonly string[], options: PipOptions): Promise<ToolResult> {
  const finished = await runPython(['-m', 'pip', '--disable-pip-version-check', ...args], options);
  if (finished.code !== 0 && finished.stderr.includes('No module named pip')) {
    throw new NativeError(
      `${options.python ?? 'python3'} has no pip, which fetches libtensorflow: install it (Debian and Ubuntu: ` +
        'apt-get install python3-pip)',
    );
  }
  return finished;
}

async function runPython(
  args: readonly string[],
  { python = 'python3', env }: PipOptions,
): Promise<ToolResult> {
  return await runTool(python, args, { env, purpose: 'set-up needs it with pip, to fetch libtensorflow' });
}

function failure(stderr: string): string {
  const errors = stderr.split('\n').filter((line) => line.startsWith('ERROR:'));
  const retried = stderr.split('\n').find((line) => line.startsWith('WARNING: Retrying'));
  // With no connection the errors say only that no version was found; why is in the warnings.
  const why = retried === undefined ? '' : ` (${/'([^']*)'/.exec(retried)?.[1] ?? retried})`;
  return `pip: ${(errors[0] ?? lastLine(stderr)).replace(/^ERROR: /, '')}${why}`;
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
