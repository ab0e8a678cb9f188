import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { UserError } from '../../../easyrec/errors.js';
import { serviceName, writeKserveTarget } from '../../../easyrec/serving/kserve/manifest.js';
import { withTempFolder } from '../../support/temp_folder.js';

function entrypointOf(folder: string): unknown {
  const line = /^ENTRYPOINT (.*)$/m.exec(readFileSync(join(folder, 'Dockerfile'), 'utf8'));
  return JSON.parse(line?.[1] ?? '');
}

test('the image holds the newest version of the model, and the service runs it', () =>
  withTempFolder(async (folder) => {
    const base = join(folder, 'base');
    for (const version of ['1', '20']) {
      mkdirSync(join(base, version), { recursive: true });
      writeFileSync(join(base, version, 'saved_model.pb'), version);
    }
    const out = join(folder, 'out');
    const { files, commands } = await writeKserveTarget(out, {
      modelName: 'Deep FM',
      modelBasePath: base,
      image: 'registry/deepfm:1',
      serveFlags: ['--enable_batching'],
    });
    assert.deepEqual(
      files,
      ['Dockerfile', 'inference_service.yaml', 'models/20'].map((file) => join(out, file)),
    );
    assert.equal(readFileSync(join(out, 'models/20/saved_model.pb'), 'utf8'), '20');
    assert.deepEqual(entrypointOf(out), [
      'easyrec',
      'serve',
      '--model_name=Deep FM',
      '--model_base_path=/app/models',
      '--rest_api_port=8080',
      '--port=off',
      '--enable_batching',
    ]);
    assert.deepEqual(parse(readFileSync(join(out, 'inference_service.yaml'), 'utf8')), {
      apiVersion: 'serving.kserve.io/v1beta1',
      kind: 'InferenceService',
      metadata: { name: 'deep-fm' },
      spec: {
        predictor: {
          containers: [
            {
              name: 'kserve-container',
              image: 'registry/deepfm:1',
              ports: [{ containerPort: 8080, protocol: 'TCP' }],
              readinessProbe: { httpGet: { path: '/v2/health/ready', port: 8080 }, periodSeconds: 5 },
              livenessProbe: { httpGet: { path: '/v2/health/live', port: 8080 }, periodSeconds: 10 },
            },
          ],
        },
      },
    });
    assert.deepEqual(commands, [
      `docker build -t registry/deepfm:1 ${out}`,
      'docker push registry/deepfm:1',
      `kubectl apply -f ${join(out, 'inference_service.yaml')}`,
    ]);
    await assert.rejects(writeKserveTarget(out, { modelName: 'm', modelBasePath: base }), /exists already/);
  }));

test('a model that KServe fetches itself is not copied', () =>
  withTempFolder(async (folder) => {
    await writeKserveTarget(folder, { modelName: 'm', storageUri: 'gs://bucket/m' });
    const text = readFileSync(join(folder, 'inference_service.yaml'), 'utf8');
    assert.match(text, /env:\n +- name: STORAGE_URI\n +value: gs:\/\/bucket\/m/);
    assert.match(text, /image: m:latest/);
    assert.ok(JSON.stringify(entrypointOf(folder)).includes('--model_base_path=/mnt/models'));
  }));

test('without a model there is nothing to serve', () =>
  withTempFolder(async (folder) => {
    await assert.rejects(writeKserveTarget(join(folder, 'a'), { modelName: 'm' }), UserError);
    const missing = { modelName: 'm', modelBasePath: join(folder, 'missing') };
    await assert.rejects(writeKserveTarget(join(folder, 'b'), missing), /does not exist/);
  }));

test('names that Kubernetes would refuse are changed', () => {
  assert.equal(serviceName('DeepFM_v2'), 'deepfm-v2');
  assert.equal(serviceName('2nd model!'), 'nd-model');
  assert.equal(serviceName('a'.repeat(70)), 'a'.repeat(63));
  assert.throws(() => serviceName('大'), UserError);
});
