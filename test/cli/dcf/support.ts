import { fileURLToPath } from 'node:url';
import { type CliOptions, type CliResult, runProgram } from '../../support/cli.js';

/** The compiled entry point of `dcf`. */
export const DCF = fileURLToPath(new URL('../../../easyrec/cli/dcf/main.js', import.meta.url));

/** Runs `dcf ARGUMENTS` in a process of its own, with a gateway that does not exist unless `env` says otherwise. */
export function runDcf(args: readonly string[], { env, ...options }: CliOptions): Promise<CliResult> {
  const variables = { DCF_URL: '127.0.0.1:1', OPENFX_URL: '', ...env };
  return runProgram(process.execPath, [DCF, ...args], { ...options, env: variables });
}
