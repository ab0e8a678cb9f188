import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CliResult } from '../../support/cli.js';

/** The compiled entry point of `dcf`. */
export const DCF = fileURLToPath(new URL('../../../easyrec/cli/dcf/main.js', import.meta.url));

export interface DcfOptions {
  readonly cwd: string;
  /** Default: nothing. */
  readonly input?: string | Uint8Array;
  /** Default: a gateway that does not exist. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `dcf ARGUMENTS` in a process of its own. */
export function runDcf(args: readonly string[], { cwd, input = '', env }: DcfOptions): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const variables = { ...process.env, DCF_URL: '127.0.0.1:1', OPENFX_URL: '', ...env };
    const child = spawn(process.execPath, [DCF, ...args], { cwd, env: variables });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
