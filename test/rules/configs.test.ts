import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadPipelineConfig, pipelineConfigFromText } from '../../easyrec/config/load.js';
import { SILENT_LOG } from '../../easyrec/log.js';
import { packageFile } from '../../easyrec/package_files.js';
import { planModel } from '../../easyrec/train/model_plan.js';
import { projectFiles } from './project_files.js';

const configs = projectFiles('configs/**');

test('the folder of examples holds pipeline configs alone', () => {
  assert.ok(configs.length >= 3);
  assert.deepEqual(
    configs.map(({ path }) => path).filter((path) => !/^configs\/[a-z0-9_]+\.config$/.test(path)),
    [],
  );
});

describe('every example is a config that can be trained', () => {
  for (const { path, text } of configs) {
    test(path, () => {
      const plan = planModel(loadPipelineConfig(packageFile(path)), { log: SILENT_LOG });
      assert.ok(plan.features.features.length > 0);
      assert.match(text, /^# \S/, 'expected a first line that says what the example shows');
    });
  }
});

test('a config with a field that is not supported is found', () => {
  const [example] = configs;
  assert.ok(example);
  const config = pipelineConfigFromText(`${example.text}\ntrain_config { is_profiling: true }`, 'x.config');
  assert.throws(() => planModel(config, { log: SILENT_LOG }), {
    name: 'ConfigError',
    message: /is_profiling/,
  });
});
