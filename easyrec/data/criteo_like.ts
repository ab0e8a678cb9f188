import { join } from 'node:path';
import { ConfigError } from '../errors.js';
import { Random } from '../input/random.js';
import { CRITEO_TEST_FILE, CRITEO_TRAIN_FILE } from './criteo_columns.js';
import { CriteoRows } from './criteo_rows.js';
import type { PreparedFile } from './movielens_like.js';
import { areaUnderCurve } from './oracle_auc.js';
import { RowBytes } from './row_bytes.js';
import { writeFile } from './write_rows.js';

export interface CriteoLikeOptions {
  /** Folder that receives `criteo_train_data` and `criteo_test_data`; made if need be. */
  readonly directory: string;
  readonly trainRows: number;
  readonly testRows: number;
  readonly seed: number;
}

/** A file of rows that was written. */
export interface CriteoFile extends PreparedFile {
  /** The AUC of the true logits, which no model can exceed but by chance; NaN without rows of both labels. */
  readonly oracleAuc: number;
}

/**
 * Writes training and test rows of the shape of the Criteo display advertising challenge: a label, 13 numbers and 26
 * categories as 8 hexadecimal digits, separated by tabs, missing ones empty.
 *
 * The rows follow from the seed. Of a hidden model that has an effect of every value, of the numbers' logarithms and of
 * pairs of eight categories the label is drawn; the share of label 1 is near 0.25. The two files are independent draws
 * of the same model.
 *
 * @throws ConfigError for counts that are no whole numbers.
 */
export function generateCriteoLike(options: CriteoLikeOptions): { train: CriteoFile; test: CriteoFile } {
  const { directory, trainRows, testRows, seed } = options;
  for (const [name, rows] of [
    ['training', trainRows],
    ['test', testRows],
  ] as const) {
    if (!Number.isSafeInteger(rows) || rows < 0) {
      throw new ConfigError(`${name} rows: expected a whole number from 0, received ${rows}`);
    }
  }
  const write = (name: string, rows: number, stream: number): CriteoFile => {
    const source = new CriteoRows(new Random(seed, stream));
    const logits = new Float64Array(rows);
    const labels = new Uint8Array(rows);
    const path = join(directory, name);
    writeFile(path, (descriptor) => {
      const bytes = new RowBytes(descriptor);
      for (let i = 0; i < rows; i++) {
        source.draw();
        source.write(bytes);
        logits[i] = source.logit;
        labels[i] = source.label;
      }
      bytes.flush();
    });
    const positives = labels.reduce((sum, label) => sum + label, 0);
    return { path, rows, labelMean: positives / rows, oracleAuc: areaUnderCurve(logits, labels) };
  };
  return { train: write(CRITEO_TRAIN_FILE, trainRows, 10), test: write(CRITEO_TEST_FILE, testRows, 11) };
}
