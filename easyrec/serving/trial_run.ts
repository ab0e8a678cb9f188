import type { SignatureTensor } from '../tf/index.js';
import type { ServableModel, ServableTensor } from './servable.js';

/** A model that takes longer than this for nothing is left alone. */
const LIMIT_MS = 10_000;

const ZEROS = {
  float32: (size: number) => new Float32Array(size),
  float64: (size: number) => new Float64Array(size),
  int32: (size: number) => new Int32Array(size),
  int64: (size: number) => new BigInt64Array(size),
  bool: (size: number) => new Uint8Array(size),
} as const;

/**
 * Runs each signature once, on one row of zeros and empty strings: TensorFlow prepares a graph when it is first run, and
 * that is not to be at the cost of the first request.
 *
 * @returns why a signature could not be run, by its name; nothing is wrong with the model then.
 */
export async function trialRun(model: ServableModel): Promise<ReadonlyMap<string, string>> {
  const failures = new Map<string, string>();
  for (const [signatureName, { inputs }] of model.signatures) {
    try {
      const nothing = new Map([...inputs].map(([alias, info]) => [alias, emptyTensor(info)]));
      await model.run({ signatureName, inputs: nothing, timeoutMs: LIMIT_MS });
    } catch (error) {
      failures.set(signatureName, error instanceof Error ? error.message : String(error));
    }
  }
  return failures;
}

function emptyTensor({ name, dtype, shape }: SignatureTensor): ServableTensor {
  const one = (shape ?? []).map((size) => (size < 0 ? 1 : size));
  const size = one.reduce((product, length) => product * length, 1);
  if (dtype === 'string') {
    return { dtype, shape: one, values: Array.from({ length: size }, () => new Uint8Array()) };
  }
  if (!isKnown(dtype)) throw new Error(`input ${name} is of type ${dtype}`);
  return { dtype, shape: one, values: ZEROS[dtype](size) };
}

function isKnown(dtype: string): dtype is keyof typeof ZEROS {
  return Object.hasOwn(ZEROS, dtype);
}
