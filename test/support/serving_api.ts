import { existsSync } from 'node:fs';
import { pythonWithTensorflow, runPython } from './python.js';

const VARIABLE = 'EASYREC_TEST_SERVING_API';

/** The TensorFlow that TensorFlow Serving's stubs are used with. */
const TENSORFLOW = '2.21';

/**
 * Why tests with TensorFlow Serving's own Python stubs cannot run here, or false. `scripts/test` installs the stubs.
 * @throws Error when the variable names a folder that does not exist.
 */
export function skipWithoutServingApi(): string | false {
  const python = pythonWithTensorflow(TENSORFLOW);
  if (typeof python !== 'string') return python.skip;
  const folder = process.env[VARIABLE];
  if (folder) {
    if (!existsSync(folder)) throw new Error(`${VARIABLE} names ${folder}, which does not exist`);
    return false;
  }
  const reason = process.env[`${VARIABLE}_SKIP`];
  return reason ?? `${VARIABLE} is not set: run bash scripts/test, which installs TensorFlow Serving's stubs`;
}

/**
 * Runs a Python program that can import tensorflow and tensorflow_serving.
 * @returns what its last line says, which is JSON.
 */
export async function runServingApi(script: string, args: readonly string[]): Promise<unknown> {
  const env = { PYTHONPATH: process.env[VARIABLE] ?? '' };
  const output = await runPython(TENSORFLOW, script, args, { env });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}
