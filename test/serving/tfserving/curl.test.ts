import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { SILENT_LOG } from '../../../easyrec/log.js';
import { startHttpServer } from '../../../easyrec/serving/http_server.js';
import { Inference } from '../../../easyrec/serving/inference/inference.js';
import { RestHandler } from '../../../easyrec/serving/tfserving/rest_handler.js';
import { skipWithoutServingApi } from '../../support/serving_api.js';
import { withTempFolder } from '../../support/temp_folder.js';
import { ModelFolder } from '../model_folder.js';
import { writePythonModels } from './python_models.js';

const run = promisify(execFile);

const EXAMPLES =
  '{"signature_name": "NAME", "context": {"age": 7.0, "name": "shared"},' +
  ' "examples": [{"age": 20.0, "name": {"b64": "YW5u"}, "tags": [3, 4]}, {"age": -1.5}]}';

test('curl classifies, regresses and leaves inputs out', { skip: skipWithoutServingApi() }, () =>
  withTempFolder(async (folder) => {
    const root = join(folder, 'models');
    await writePythonModels(root);
    const models = await ModelFolder.load(root);
    const options = { timeoutMs: 5000, maxBodyBytes: 100_000_000, enableCors: true };
    const handler = new RestHandler(new Inference(models), options, SILENT_LOG);
    const server = await startHttpServer([handler], {
      host: '127.0.0.1',
      port: 0,
      maxBodyBytes: options.maxBodyBytes,
    });
    const curl = async (path: string, ...args: readonly string[]): Promise<string> => {
      const url = `http://127.0.0.1:${server.port}/v1/models/${path}`;
      const format = ['--silent', '--show-error', '--write-out', ' %{http_code}'];
      const { stdout } = await run('curl', [...format, ...args, url], { maxBuffer: 1 << 28 });
      return stdout;
    };
    const post = (path: string, body: string): Promise<string> => curl(path, '--data', body);
    try {
      assert.equal(
        await post('examples:classify', EXAMPLES.replace('NAME', '')),
        '{\n    "results": [[["ann", 40.0], ["4", 43.0]], [["shared", -3.0], ["2", -2.0]]\n    ]\n} 200',
      );
      assert.equal(
        await post('examples/versions/1:classify', EXAMPLES.replace('NAME', 'scores_only')),
        '{\n    "results": [[["", 40.0], ["", 43.0]], [["", -3.0], ["", -2.0]]\n    ]\n} 200',
      );
      assert.equal(
        await post('examples:regress', EXAMPLES.replace('NAME', 'regress_column')),
        '{\n    "results": [40.0, -3.0]\n} 200',
      );
      // An integer where the graph parses a float: what TensorFlow says of it comes back.
      const integer = await post(
        'examples:regress',
        '{"signature_name": "regress", "examples": [{"age": 20}]}',
      );
      assert.match(integer, /"error": ".*Data types don't match.* 400$/s);

      const rows = '{"instances": [{"x": 1.0}, {"x": 2.0}]}';
      const predicted =
        '{\n    "predictions": [\n        {\n            "twice": 2.0,\n            "y": 2.5\n        },';
      assert.ok((await post('defaults:predict', rows)).startsWith(predicted));
      assert.equal(
        await post('defaults:predict', '{"instances": [{"x": 1.0}, {"x": 2.0, "bias": 1.0}]}'),
        '{\n    "error": "Failed to process element: 1 of \'instances\' list. JSON object: {\\n    \\"x\\": 2.0,\\n' +
          '    \\"bias\\": 1.0\\n} keys must be equal to: bias,x"\n} 400',
      );
      const columns = '{"inputs": {"x": [1, 2]}}';
      const outputs =
        '{\n    "outputs": {\n        "twice": [\n            2.0,\n            4.0\n        ],';
      assert.ok((await post('defaults:predict', columns)).startsWith(outputs));
      assert.equal(
        await post('defaults:predict', '{"inputs": {"bias": 1}}'),
        '{\n    "error": "Missing named input: x in \'inputs\' object."\n} 400',
      );

      const started = performance.now();
      assert.match(await post('slow:predict', '{"instances": [1000000000000]}'), / 504$/);
      assert.ok(performance.now() - started < 60_000);

      const cors = await curl('types/metadata', '--head', '--request', 'GET');
      assert.match(cors, /access-control-allow-origin: \*\r\n/i);
      assert.match(cors, /access-control-allow-methods: POST, GET\r\n/i);
      assert.match(cors, /access-control-allow-headers: Content-Type\r\n/i);
      const preflight = ['--request', 'OPTIONS', '--header', 'Origin: http://example.org', '--include'];
      assert.match(await curl('types:predict', ...preflight), /access-control-allow-origin: \*[^]* 200$/i);

      const file = join(folder, 'large.json');
      writeFileSync(file, `{"inputs": {"x": [${'1.25,'.repeat(500_000)}1]}}`);
      const large = await curl('defaults:predict', '--data-binary', `@${file}`);
      assert.match(large.slice(-200), /2\.625,\s+2\.625,\s+2\.5\s+\]\s+\}\s+\} 200$/);
    } finally {
      await server.close();
      await models.close();
    }
  }),
);
