import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How a command ended. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** For standard input. Default: nothing. */
  readonly input?: string | Uint8Array;
  /** Given the process once it runs, for instance to kill it. */
  readonly onStart?: (child: ReturnType<typeof spawn>) => void;
}

/** The compiled entry point of the command line. */
export const CLI = fileURLToPath(new URL('../../easyrec/cli/main.js', import.meta.url));

/** Runs a program to its end. */
export function runProgram(file: string, args: readonly string[], options: CliOptions): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    options.onStart?.(child);
    // A program may end without having read it.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

/** Runs `easyrec ARGUMENTS` in a process of its own. */
export function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return runProgram(process.execPath, [CLI, ...args], options);
}

/** As `runCli`, failing with the command's own words unless it succeeds. */
export async function runCliOk(args: readonly string[], options: CliOptions): Promise<CliResult> {
  const result = await runCli(args, options);
  if (result.code === 0) return result;
  throw new Error(`easyrec ${args.join(' ')} ended with ${result.code}:\n${result.stdout}${result.stderr}`);
}
