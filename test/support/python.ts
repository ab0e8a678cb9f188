import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The TensorFlow versions that serve as test oracles: the oldest and the newest that EasyRec supports. */
export const ORACLE_VERSIONS = ['2.12', '2.21'] as const;

export type OracleVersion = (typeof ORACLE_VERSIONS)[number];

/** Why a test cannot run here, in the form that `test(title, { skip: ... })` prints. */
export interface Skip {
  readonly skip: string;
}

/**
 * The Python interpreter that can import TensorFlow `version`, or why there is none.
 * `scripts/test` installs both and names them in EASYREC_TEST_PYTHON_2_12 and EASYREC_TEST_PYTHON_2_21; where a
 * version has no wheel for this machine's Python it says why in EASYREC_TEST_PYTHON_2_12_SKIP and so on.
 * @throws Error when the variable names a file that does not exist.
 */
export function pythonWithTensorflow(version: OracleVersion): string | Skip {
  const variable = `EASYREC_TEST_PYTHON_${version.replace('.', '_')}`;
  const python = process.env[variable];
  if (python) {
    if (!existsSync(python)) throw new Error(`${variable} names ${python}, which does not exist`);
    return python;
  }
  const reason = process.env[`${variable}_SKIP`];
  return {
    skip: reason ?? `${variable} is not set: run bash scripts/test, which installs TensorFlow ${version}`,
  };
}

/**
 * The `skip` option of a test that needs real TensorFlow in every one of `versions`: the reason, or false.
 * `test('loads in TensorFlow', { skip: skipWithoutTensorflow('2.12', '2.21') }, ...)`
 */
export function skipWithoutTensorflow(...versions: readonly OracleVersion[]): string | false {
  for (const version of versions) {
    const python = pythonWithTensorflow(version);
    if (typeof python !== 'string') return python.skip;
  }
  return false;
}

export interface RunPythonOptions {
  /** Further environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: 300,000. */
  readonly timeoutMs?: number;
}

/**
 * Runs a Python program with real TensorFlow `version` on the CPU and returns what it printed.
 * @param script the program's text, not a file's name
 * @param args what the program finds in sys.argv[1:]
 * @throws Error with the program's stderr when it fails, and when there is no such TensorFlow: ask
 *   `pythonWithTensorflow` or `skipWithoutTensorflow` first.
 */
export async function runPython(
  version: OracleVersion,
  script: string,
  args: readonly string[] = [],
  options: RunPythonOptions = {},
): Promise<string> {
  const python = pythonWithTensorflow(version);
  if (typeof python !== 'string') throw new Error(`TensorFlow ${version} for Python: ${python.skip}`);
  const { stdout } = await run(python, ['-c', script, ...args], {
    maxBuffer: 256 * 1024 * 1024,
    timeout: options.timeoutMs ?? 300_000,
    // Python puts the working directory of `-c` first on its path: a folder named like a module would shadow it.
    env: {
      ...process.env,
      PYTHONSAFEPATH: '1',
      CUDA_VISIBLE_DEVICES: '-1',
      TF_CPP_MIN_LOG_LEVEL: '2',
      TF_ENABLE_ONEDNN_OPTS: '0',
      ...options.env,
    },
  });
  return stdout;
}
