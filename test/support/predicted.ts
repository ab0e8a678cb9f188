import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCliOk } from './cli.js';

/** Exports the model of a folder and predicts its evaluation data: labels and probabilities. */
export async function predicted(folder: string): Promise<readonly [readonly number[], readonly number[]]> {
  const config = ['--pipeline_config_path', 'pipeline.config'];
  await runCliOk(['export', ...config, '--export_dir', 'export'], { cwd: folder });
  const paths = ['--saved_model_dir', 'export', '--input_path', 'eval.csv', '--output_path', 'out.csv'];
  await runCliOk(['predict', ...paths, '--output_cols', 'probs'], { cwd: folder });
  const column = (file: string, from: number): number[] =>
    readFileSync(join(folder, file), 'utf8')
      .trim()
      .split('\n')
      .slice(from)
      .map((line) => Number(line.split(',')[0]));
  const [labels, probs] = [column('eval.csv', 0), column('out.csv', 1)];
  assert.equal(probs.length, labels.length);
  return [labels, probs];
}

/** The cross entropy as evaluation takes it: the mean over batches of 32, of which the last may be smaller. */
export function meanLoss(labels: readonly number[], probs: readonly number[]): number {
  const losses = labels.map((label, i) => -Math.log(label === 1 ? (probs[i] ?? NaN) : 1 - (probs[i] ?? NaN)));
  const means = Array.from({ length: Math.ceil(losses.length / 32) }, (_, b) => {
    const batch = losses.slice(32 * b, 32 * b + 32);
    return batch.reduce((sum, value) => sum + value, 0) / batch.length;
  });
  return means.reduce((sum, value) => sum + value, 0) / means.length;
}
