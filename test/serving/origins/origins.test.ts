import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { SILENT_LOG } from '../../../easyrec/log.js';
import { startModelServer } from '../../../easyrec/serving/model_server.js';
import type { RunningServer } from '../../../easyrec/serving/server.js';
import { ORACLE_VERSIONS, type OracleVersion, skipWithoutTensorflow } from '../../support/python.js';
import { skipWithoutServingApi } from '../../support/serving_api.js';
import { smallModel } from '../../support/small_model.js';
import { temporaryFolder } from '../../support/temporary.js';
import { writeBuilderModel, writeWarmUp } from './builder_model.js';
import { type Call, differences, grpcAnswers, restAnswers } from './calls.js';
import { writeKerasModels } from './keras_models.js';
import { bringsLibrary, callsOfOwnModel, exportOwnModel } from './own_model.js';

interface Origins {
  /** One folder of versions for each model, by its name. */
  readonly folders: Readonly<Record<string, string>>;
  readonly calls: readonly Call[];
  readonly callsFile: string;
}

/** Has Python `version` write its models beside the one that we exported, and compute what each answers. */
async function writeModels(t: TestContext, version: OracleVersion, exported: string): Promise<Origins> {
  const root = temporaryFolder(t);
  const models = join(root, 'models');
  mkdirSync(models);
  const calls = [
    ...(await writeKerasModels(version, models)),
    ...(await writeBuilderModel(version, models)),
    ...(await callsOfOwnModel(version, exported)),
  ];
  const callsFile = join(root, 'calls.json');
  writeFileSync(callsFile, JSON.stringify(calls));
  const written = ['keras_table', 'keras_text', 'builder'].map((name) => [name, join(models, name)] as const);
  return { folders: { ...Object.fromEntries(written), own: exported }, calls, callsFile };
}

/** Serves all of them, in one server, and remembers what it says. */
async function serve(t: TestContext, { folders }: Origins, said: string[]): Promise<RunningServer> {
  const file = join(temporaryFolder(t), 'models.config');
  const configs = Object.entries(folders).map(
    ([name, folder]) => `config { name: "${name}" base_path: "${folder}" model_platform: "tensorflow" }`,
  );
  writeFileSync(file, `model_config_list { ${configs.join(' ')} }`);
  const server = await startModelServer({
    modelConfigFile: file,
    host: '127.0.0.1',
    restApiPort: 0,
    grpcPort: 0,
    loadOpLibraries: true,
    log: { ...SILENT_LOG, info: (text) => said.push(text) },
  });
  t.after(() => server.close());
  return server;
}

function checkAnswer({ model, method, expected }: Call, answer: unknown): void {
  assert.deepEqual(differences(expected, answer), [], `${model}:${method}`);
}

test('a difference is found in numbers, texts, lengths and names', () => {
  const expected = { a: [1, [0.5, 'x']], b: [true] };
  assert.deepEqual(differences(expected, { a: [1, [0.5 + 9e-7, 'x']], b: [true] }), []);
  const others: readonly unknown[] = [
    { a: [1, [0.5 + 2e-6, 'x']], b: [true] },
    { a: [1, [0.5, 'y']], b: [true] },
    { a: [1, [0.5, 'x'], 2], b: [true] },
    { a: [1, [0.5]], b: [true] },
    { a: [1, [NaN, 'x']], b: [true] },
    { a: [1, [0.5, 'x']] },
    { a: [1, [0.5, 'x']], b: [true], c: 0 },
    'INTERNAL: an error',
  ];
  for (const other of others) assert.equal(differences(expected, other).length, 1, JSON.stringify(other));
});

test('models of Keras, of the builder of TensorFlow 1 and of our own are served with what Python computes', async (t) => {
  const folder = smallModel(t);
  await exportOwnModel(folder);
  const exported = join(folder, 'export');
  assert.ok(bringsLibrary(exported));

  for (const version of ORACLE_VERSIONS) {
    const skip = skipWithoutTensorflow(version);
    await t.test(`of Python's TensorFlow ${version}`, { skip }, async (t) => {
      const origins = await writeModels(t, version, exported);
      const { calls, callsFile, folders } = origins;
      const withStubs = skipWithoutServingApi();
      const recorded =
        withStubs === false ? await writeWarmUp(join(folders['builder'] ?? '', '1'), callsFile) : 0;
      const said: string[] = [];
      const server = await serve(t, origins, said);

      await t.test('over REST', async () => {
        for (const call of calls) {
          for (const answer of await restAnswers(server, call)) checkAnswer(call, answer);
        }
      });

      await t.test("over gRPC, by TensorFlow Serving's stubs", { skip: withStubs }, async () => {
        const answers = await grpcAnswers(server, callsFile);
        assert.equal(answers.length, calls.length);
        calls.forEach((call, i) => checkAnswer(call, answers[i]));
      });

      await t.test('after the requests that Python recorded', { skip: withStubs }, () => {
        assert.equal(recorded, 4);
        assert.ok(said.includes('model builder version 1 is warmed up with 4 requests'), said.join('\n'));
      });
    });
  }
});
