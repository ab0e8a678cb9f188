import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CRITEO_TEST_FILE, CRITEO_TRAIN_FILE } from '../easyrec/data/criteo_columns.js';
import { generateCriteoLike } from '../easyrec/data/criteo_like.js';
import { TEST_FILE, TRAIN_FILE } from '../easyrec/data/movielens_columns.js';
import { generateMovielensLike } from '../easyrec/data/movielens_like.js';
import { packageFile } from '../easyrec/package_files.js';
import type { WorkloadId } from './results.js';

const SEED = 2024;
/** Ratings of MovieLens-1M without its threes, less the tenth for tests. */
const MOVIELENS_ROWS = 665_000;
const MOVIELENS_TEST_ROWS = 74_000;

/** What is trained, ready on disk. */
export interface Workload {
  readonly id: WorkloadId;
  readonly config: string;
  /** The same with Adam that moves touched rows only: standard ops are hopeless at more on large tables. */
  readonly lazyConfig: string;
  readonly train: string;
  readonly test: string;
  readonly trainRows: number;
  readonly testRows: number;
  /** The AUC of the true logits on the test rows; null where it is not known. */
  readonly oracleAuc: number | null;
  readonly batches: readonly number[];
}

export interface WorkloadOptions {
  /** Where data is kept from one run to the next. */
  readonly cache: string;
  readonly rows: number;
  readonly testRows: number;
}

/** Rows of the shape of Criteo, made anew unless they are in the cache. */
export function criteoWorkload({ cache, rows, testRows }: WorkloadOptions): Workload {
  const directory = join(cache, 'data', `criteo_${rows}_${testRows}_${SEED}`);
  const facts = join(directory, 'facts.json');
  if (!existsSync(facts)) {
    const { test } = generateCriteoLike({ directory, trainRows: rows, testRows, seed: SEED });
    writeFileSync(facts, JSON.stringify({ oracleAuc: test.oracleAuc }));
  }
  const config = packageFile('configs/deepfm_backbone_on_criteo.config');
  return {
    id: 'criteo',
    config,
    lazyConfig: lazyVariant(config, directory),
    train: join(directory, CRITEO_TRAIN_FILE),
    test: join(directory, CRITEO_TEST_FILE),
    trainRows: rows,
    testRows,
    oracleAuc: (JSON.parse(readFileSync(facts, 'utf8')) as { readonly oracleAuc: number }).oracleAuc,
    batches: [4096],
  };
}

/** Rows of the shape of MovieLens-1M, at most as many as that has. */
export function movielensWorkload({ cache, rows, testRows }: WorkloadOptions): Workload {
  const trainRows = Math.min(rows, MOVIELENS_ROWS);
  const tested = Math.min(testRows, MOVIELENS_TEST_ROWS);
  const directory = join(cache, 'data', `movielens_${trainRows}_${tested}_${SEED}`);
  const [train, test] = [join(directory, TRAIN_FILE), join(directory, TEST_FILE)];
  if (!existsSync(test)) generateMovielensLike({ directory, trainRows, testRows: tested, seed: SEED });
  const config = packageFile('configs/deepfm_backbone_on_movielens.config');
  return {
    id: 'movielens',
    config,
    lazyConfig: lazyVariant(config, directory),
    train,
    test,
    trainRows,
    testRows: tested,
    oracleAuc: null,
    batches: [1024, 4096],
  };
}

/**
 * Writes a config with `lazy_adam_optimizer` in place of `adam_optimizer`.
 *
 * @throws Error when the config has another optimizer.
 */
export function lazyVariant(config: string, directory: string): string {
  const text = readFileSync(config, 'utf8');
  const lazy = text.replace(/\badam_optimizer\b/, 'lazy_adam_optimizer');
  if (lazy === text) throw new Error(`${config}: expected adam_optimizer, received another optimizer`);
  const path = join(directory, 'lazy_adam.config');
  writeFileSync(path, lazy);
  return path;
}
