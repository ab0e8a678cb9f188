import type { Log } from '../../log.js';
import type { ServableTensor } from '../servable.js';
import { ServingError } from '../status.js';
import { JpegEncoder } from './jpeg_encoder.js';
import type { OperatorResult } from './operator.js';
import { logLeftOut } from './read_files.js';

/** Turns what a model computed into what an operator answers. */
export interface ResultReader {
  /** @throws ServingError when the output has another shape than it should. */
  read(output: ServableTensor): Promise<OperatorResult>;
  /** Results of batches as one. */
  join(results: readonly OperatorResult[]): OperatorResult;
  close(): Promise<void>;
}

/** Vectors: `[B, ...]`, all but the first dimension taken as one; those with NaN or infinity are left out. */
export function vectorReader(
  { dimension, l2Normalize }: { readonly dimension: number; readonly l2Normalize: boolean },
  log: Log,
): ResultReader {
  return {
    read(output) {
      const { shape, values } = output;
      const [rows = 0] = shape;
      if (output.dtype === 'string' || values.length !== rows * dimension) {
        const got = `${output.dtype} [${shape.join(', ')}]`;
        throw new ServingError('INTERNAL', `expected vectors of length ${dimension}, the model gave ${got}`);
      }
      const numbers = Float32Array.from(output.values, Number);
      const vectors = Array.from({ length: rows }, (_, i) =>
        numbers.subarray(i * dimension, (i + 1) * dimension),
      ).filter((vector, i) => {
        const isFinite = vector.every(Number.isFinite);
        if (!isFinite) logLeftOut(`vector ${i}`, log, new Error('it holds NaN or infinity'));
        return isFinite;
      });
      if (l2Normalize) vectors.forEach(normalize);
      return Promise.resolve({ kind: 'vectors', vectors });
    },
    join: (results) => ({
      kind: 'vectors',
      vectors: results.flatMap((result) => (result.kind === 'vectors' ? result.vectors : [])),
    }),
    close: () => Promise.resolve(),
  };
}

/** Divides a vector by its length; zeros stay zeros. */
function normalize(vector: Float32Array): void {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  if (length === 0) return;
  vector.forEach((value, i) => (vector[i] = value / length));
}

/** Images: files (`string`, any shape), or pixels from 0 to 255 (`[images, height, width, 1 or 3]`). */
export function imageReader(): ResultReader {
  const encoder = new JpegEncoder();
  return {
    async read(output) {
      const files = output.dtype === 'string' ? output.values : await encodeAll(encoder, output);
      return { kind: 'images', images: files.map((file) => Buffer.from(file).toString('base64')) };
    },
    join: (results) => ({
      kind: 'images',
      images: results.flatMap((result) => (result.kind === 'images' ? result.images : [])),
    }),
    close: () => encoder.close(),
  };
}

async function encodeAll(
  encoder: JpegEncoder,
  { shape, values }: Exclude<ServableTensor, { dtype: 'string' }>,
): Promise<readonly Uint8Array[]> {
  const [count = 0, ...imageShape] = shape;
  if (shape.length !== 4) {
    const got = `[${shape.join(', ')}]`;
    throw new ServingError(
      'INTERNAL',
      `expected pixels [images, height, width, channels], the model gave ${got}`,
    );
  }
  const size = count === 0 ? 0 : values.length / count;
  const numbers = Float32Array.from(values, Number);
  return Promise.all(
    Array.from({ length: count }, (_, i) =>
      encoder.encode(imageShape, numbers.subarray(i * size, (i + 1) * size)),
    ),
  );
}
