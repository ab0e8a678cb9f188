import type { Log } from '../../log.js';
import { elementCount, type Signature } from '../../tf/index.js';
import type { ServableTensor } from '../servable.js';
import { parseJson } from '../tfserving/json_parse.js';
import { JsonObject, type JsonValue } from '../tfserving/json_value.js';
import { readPredictInputs } from '../tfserving/predict_request.js';
import type { ImageGraph } from './image_graph.js';
import { logLeftOut } from './read_files.js';

/** What a model is given: as many rows as files could be read. */
export interface FedBatch {
  readonly count: number;
  /** Keyed by input alias. */
  readonly inputs: ReadonlyMap<string, ServableTensor>;
}

/** Turns files into what a model takes; files that cannot be read are left out and logged. */
export interface ModelFeed {
  read(files: readonly Uint8Array[]): Promise<FedBatch>;
  /** One row of no meaning, to run the model with once; absent where none can be made up. */
  readonly sample?: FedBatch;
  close(): Promise<void>;
}

/** Images are decoded here: the model takes `float32 [B, height, width, 3]`. */
export function pixelFeed(alias: string, images: ImageGraph, log: Log): ModelFeed {
  const { height, width } = images;
  const inputs = (rows: readonly Float32Array[]): FedBatch => {
    const shape = [rows.length, height, width, 3];
    const values = new Float32Array(elementCount(shape));
    rows.forEach((row, i) => values.set(row, i * row.length));
    return { count: rows.length, inputs: new Map([[alias, { dtype: 'float32', shape, values }]]) };
  };
  return {
    async read(files) {
      const rows = await Promise.all(
        files.map((file, i) =>
          images.read(file).catch((error: unknown) => {
            logLeftOut(`image ${i}`, log, error);
            return null;
          }),
        ),
      );
      return inputs(rows.filter((row) => row !== null));
    },
    sample: inputs([new Float32Array(height * width * 3)]),
    close: () => images.close(),
  };
}

/** The model decodes images itself: it takes `string [B]`, a file each. */
export function fileFeed(alias: string): ModelFeed {
  return {
    read: (files) =>
      Promise.resolve({
        count: files.length,
        inputs: new Map([[alias, { dtype: 'string', shape: [files.length], values: files }]]),
      }),
    close: () => Promise.resolve(),
  };
}

/**
 * The model takes features, as one that this toolkit exported does: each file is JSON text, an object with a value for
 * each input of the signature.
 */
export function featureFeed({ inputs: infos }: Signature, log: Log): ModelFeed {
  const build = (rows: readonly JsonValue[]): ReadonlyMap<string, ServableTensor> => {
    const document = new JsonObject([{ key: 'instances', value: rows }]);
    return readPredictInputs({ signatureName: '', document }, infos).inputs;
  };
  return {
    read(files) {
      const rows = files.flatMap((file, i): readonly JsonValue[] => {
        try {
          const row = parseJson(file);
          build([row]);
          return [row];
        } catch (error) {
          logLeftOut(`features ${i}`, log, error);
          return [];
        }
      });
      return Promise.resolve({ count: rows.length, inputs: rows.length === 0 ? new Map() : build(rows) });
    },
    close: () => Promise.resolve(),
  };
}
