import { readFileSync } from 'node:fs';
import type { ServableTensor } from '../../easyrec/serving/servable.js';
import { servicesFile, servingProtos } from '../../easyrec/serving/tfserving/protos.js';

/** One row of the model on Criteo: 13 numbers, then 26 categories. */
export type Row = ReadonlyMap<string, number | string>;

const NUMBERS = 13;
const COLUMNS = 39;
const nameOf = (i: number): string => (i < NUMBERS ? `F${i + 1}` : `C${i - NUMBERS + 1}`);

/** The first rows of a file, without their labels. */
export function readRows(file: string, count: number): readonly Row[] {
  const lines = readFileSync(file, 'utf8').split('\n', count);
  return lines.map((line) => {
    const [, ...cells] = line.split('\t');
    return new Map(
      Array.from({ length: COLUMNS }, (_, i): [string, number | string] => {
        const cell = cells[i] ?? '';
        return [nameOf(i), i < NUMBERS ? Number(cell) : cell];
      }),
    );
  });
}

/** As TensorFlow Serving's REST API takes it. */
export function restBody(row: Row): Buffer {
  return Buffer.from(JSON.stringify({ instances: [Object.fromEntries(row)] }));
}

/** As a servable takes it. */
export function tensorsOf(row: Row): ReadonlyMap<string, ServableTensor> {
  return new Map(
    [...row].map(([name, value]): [string, ServableTensor] => [
      name,
      typeof value === 'number'
        ? { dtype: 'float32', shape: [1], values: Float32Array.of(value) }
        : { dtype: 'string', shape: [1], values: [Buffer.from(value)] },
    ]),
  );
}

/** Makes messages `tensorflow.serving.PredictRequest`. */
export function predictRequests(model: string): (row: Row) => Buffer {
  const type = servicesFile(servingProtos()).root.lookupType('tensorflow.serving.PredictRequest');
  const shape = { dim: [{ size: 1 }] };
  return (row) => {
    const inputs = Object.fromEntries(
      [...row].map(([name, value]) => [
        name,
        typeof value === 'number'
          ? { dtype: 1, tensor_shape: shape, float_val: [value] }
          : { dtype: 7, tensor_shape: shape, string_val: [Buffer.from(value)] },
      ]),
    );
    return Buffer.from(type.encode(type.fromObject({ model_spec: { name: model }, inputs })).finish());
  };
}
