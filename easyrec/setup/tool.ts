import { execFile } from 'node:child_process';
import { NativeError } from '../errors.js';

/** What a tool said and how it ended. */
export interface ToolResult {
  readonly stdout: string;
  readonly stderr: string;
  /** 0 for success. */
  readonly code: number;
}

export interface ToolOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Why the tool is needed and how to get it, for the message when it is missing. */
  readonly purpose: string;
}

/**
 * Runs a program to its end.
 * @throws NativeError when there is no such program; a program that fails is the caller's to judge
 */
export function runTool(program: string, args: readonly string[], options: ToolOptions): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      { cwd: options.cwd, env: { ...process.env, ...options.env }, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error?.code === 'ENOENT') {
          reject(new NativeError(`${program} was not found: ${options.purpose}`, { cause: error }));
        } else if (error) resolve({ stdout, stderr, code: typeof error.code === 'number' ? error.code : 1 });
        else resolve({ stdout, stderr, code: 0 });
      },
    );
  });
}
