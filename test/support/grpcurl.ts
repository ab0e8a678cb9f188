import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

const VARIABLE = 'EASYREC_TEST_GRPCURL';

/**
 * Why tests with grpcurl cannot run here, or false. `scripts/test` builds it.
 * @throws Error when the variable names a file that does not exist.
 */
export function skipWithoutGrpcurl(): string | false {
  const program = process.env[VARIABLE];
  if (program) {
    if (!existsSync(program)) throw new Error(`${VARIABLE} names ${program}, which does not exist`);
    return false;
  }
  return (
    process.env[`${VARIABLE}_SKIP`] ?? `${VARIABLE} is not set: run bash scripts/test, which builds grpcurl`
  );
}

/** Runs grpcurl and returns what it printed; rejects with its stderr when it fails. */
export async function runGrpcurl(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.env[VARIABLE] ?? '', args, { timeout: 60_000 });
  return stdout;
}
