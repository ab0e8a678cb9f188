import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { CLI, runCli, runCliOk } from '../support/cli.js';
import { largestDifference, readColumns } from '../support/csv_columns.js';
import { trainOnMovielens } from '../support/movielens.js';
import { checkRefused } from '../support/refusal.js';

const NUMBERS = ['user_id', 'movie_id', 'gender', 'age', 'job_id', 'year'] as const;
const TEXTS = ['zip_id', 'title', 'genres'] as const;
const PREDICT = '/v1/models/movies:predict';

interface Served {
  readonly folder: string;
  /** Input columns by name, as JSON has them. */
  readonly columns: Readonly<Record<string, readonly (number | string)[]>>;
  readonly predicted: ReadonlyMap<string, readonly number[]>;
}

/** Trains and exports the config with the native op, and predicts the rows of the test file. */
async function exportModel(t: TestContext): Promise<Served> {
  const { folder, testFile } = await trainOnMovielens(t, {
    config: 'overlap_on_movielens.config',
    trainRows: 5120,
    testRows: 200,
    flags: ['--data_config.batch_size', '256'],
  });
  const config = ['--pipeline_config_path', 'model/pipeline.config'];
  await runCliOk(['export', ...config, '--export_dir', 'export'], { cwd: folder });
  const paths = ['--saved_model_dir', 'export', '--input_path', testFile, '--output_path', 'out.tsv'];
  const columns = [...NUMBERS, ...TEXTS].join();
  await runCliOk(['predict', ...paths, '--reserved_cols', columns], { cwd: folder });
  const read = readColumns(join(folder, 'out.tsv'), '\t');
  const column = (name: string): readonly string[] => read.get(name) ?? [];
  return {
    folder,
    columns: Object.fromEntries<readonly (number | string)[]>([
      ...NUMBERS.map((name) => [name, column(name).map(Number)] as const),
      ...TEXTS.map((name) => [name, column(name)] as const),
    ]),
    predicted: new Map(['logits', 'probs'].map((name) => [name, column(name).map(Number)])),
  };
}

interface Server {
  readonly process: ChildProcess;
  readonly url: string;
  /** Exit code and signal, once it has ended. */
  readonly ended: Promise<readonly unknown[]>;
}

/** Starts the server on a free port and waits until it listens. */
async function serve(t: TestContext, folder: string): Promise<Server> {
  const flags = ['--model_base_path', 'export', '--model_name', 'movies', '--host', '127.0.0.1'];
  const args = [CLI, 'serve', ...flags, '--rest_api_port', '0', '--load_op_libraries'];
  const process_ = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  t.after(() => process_.kill('SIGKILL'));
  const ended = once(process_, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface({ input: process_.stderr })) {
    lines.push(line);
    const found = /serving at (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (found !== undefined) {
      process_.stderr.resume();
      return { process: process_, url: found, ended };
    }
  }
  throw new Error(`the server ended:\n${lines.join('\n')}`);
}

async function ask(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${url}${PREDICT}`, { method: 'POST', body: JSON.stringify(body) });
  const answer: unknown = await response.json();
  assert.equal(response.status, 200, JSON.stringify(answer));
  return answer;
}

function checkClose(received: readonly number[], served: Served, name: string): void {
  const worst = largestDifference(received, served.predicted.get(name) ?? []);
  assert.ok(worst <= 1e-6, `${name} differ from what predict wrote by up to ${worst}`);
}

test('an exported model is served with the answers that predict gives', async (t) => {
  const served = await exportModel(t);
  const { folder, columns } = served;
  const server = await serve(t, folder);

  await t.test('in rows', async () => {
    const names = Object.keys(columns);
    const rows = (columns['user_id'] ?? []).map((_, i) =>
      Object.fromEntries(names.map((name) => [name, columns[name]?.[i]])),
    );
    const { predictions } = (await ask(server.url, { instances: rows })) as {
      predictions: readonly { readonly probs: number; readonly logits: number }[];
    };
    checkClose(
      predictions.map(({ probs }) => probs),
      served,
      'probs',
    );
    checkClose(
      predictions.map(({ logits }) => logits),
      served,
      'logits',
    );
  });

  await t.test('in columns', async () => {
    const { outputs } = (await ask(server.url, { inputs: columns })) as {
      outputs: { readonly probs: readonly number[]; readonly logits: readonly number[] };
    };
    checkClose(outputs.probs, served, 'probs');
    checkClose(outputs.logits, served, 'logits');
  });

  await t.test('a second server on its port is refused', async () => {
    const { port } = new URL(server.url);
    const flags = ['--model_base_path', 'export', '--host', '127.0.0.1', '--load_op_libraries'];
    const result = await runCli(['serve', ...flags, '--rest_api_port', port], { cwd: folder });
    checkRefused(result, `cannot listen on 127.0.0.1:${port}: the port is in use`, '--rest_api_port');
  });

  await t.test('SIGTERM ends it in good order', async () => {
    server.process.kill('SIGTERM');
    assert.deepEqual(await server.ended, [0, null]);
  });

  await t.test('without leave to load op libraries it is refused, with the flag that gives it', async () => {
    const flags = ['--model_base_path', 'export', '--rest_api_port', '0'];
    const result = await runCli(['serve', ...flags], { cwd: folder });
    checkRefused(result, 'OverlapFgOp', 'liboverlap.so', '--load_op_libraries');
  });
});
