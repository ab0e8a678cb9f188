import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { generateMovielensLike } from '../../easyrec/data/movielens_like.js';
import { packageFile } from '../../easyrec/package_files.js';
import { runCliOk } from './cli.js';
import { temporaryFolder } from './temporary.js';

/** Rows of MovieLens' shape, and a folder for the model trained on them. */
export interface MovielensRun {
  readonly folder: string;
  readonly trainFile: string;
  readonly testFile: string;
  /** What the training printed as its result. */
  readonly result: Readonly<Record<string, number | string>>;
}

export interface MovielensOptions {
  /** The name of a file in configs/. */
  readonly config: string;
  readonly trainRows: number;
  readonly testRows: number;
  /** Further flags of the training. */
  readonly flags?: readonly string[];
}

/** Trains one of the example configs on generated rows, in `model` of a folder that is removed after the test. */
export async function trainOnMovielens(
  t: TestContext,
  { config, trainRows, testRows, flags = [] }: MovielensOptions,
): Promise<MovielensRun> {
  const folder = temporaryFolder(t);
  const directory = join(folder, 'data');
  const { train, test } = generateMovielensLike({ directory, trainRows, testRows, seed: 2024 });
  const paths = ['--model_dir', 'model', '--train_input_path', train.path, '--eval_input_path', test.path];
  const args = ['train', '--pipeline_config_path', packageFile(join('configs', config)), ...paths];
  const { stdout } = await runCliOk([...args, ...flags, '--json'], { cwd: folder });
  const result = JSON.parse(stdout) as MovielensRun['result'];
  return { folder, trainFile: train.path, testFile: test.path, result };
}
