import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SILENT_LOG } from '../../../easyrec/log.js';
import { startGrpcServer } from '../../../easyrec/serving/grpc/grpc_server.js';
import { startHttpServer } from '../../../easyrec/serving/http_server.js';
import { Inference } from '../../../easyrec/serving/inference/inference.js';
import { ServingError } from '../../../easyrec/serving/status.js';
import { modelService } from '../../../easyrec/serving/tfserving/model_service.js';
import { predictionService } from '../../../easyrec/serving/tfserving/prediction_service.js';
import { RestHandler } from '../../../easyrec/serving/tfserving/rest_handler.js';
import { skipWithoutServingApi } from '../../support/serving_api.js';
import { withTempFolder } from '../../support/temp_folder.js';
import { ModelFolder } from '../model_folder.js';
import { runClient } from './python_client.js';
import { writePythonModels } from './python_models.js';

const LIMITS = { timeoutMs: 10_000, maxBodyBytes: 1_000_000 };

interface Endpoints {
  readonly models: ModelFolder;
  readonly grpc: string;
  readonly http: string;
}

/** Serves the models that Python wrote under `root` by both protocols while `use` runs. */
async function withServers(root: string, use: (endpoints: Endpoints) => Promise<void>): Promise<void> {
  const models = await ModelFolder.load(root);
  const inference = new Inference(models);
  const listen = { host: '127.0.0.1', port: 0 };
  const counter = (name: string): bigint =>
    name === 'reloads' ? BigInt(models.reloads.length) + 2n ** 60n : 0n;
  const services = [predictionService(inference, SILENT_LOG), modelService(models, SILENT_LOG, counter)];
  const grpc = await startGrpcServer({ ...listen, services, maxMessageBytes: 2 ** 31 - 1 });
  const http = await startHttpServer([new RestHandler(inference, LIMITS, SILENT_LOG)], {
    ...listen,
    maxBodyBytes: LIMITS.maxBodyBytes,
  });
  try {
    await use({ models, grpc: `127.0.0.1:${grpc.port}`, http: `http://127.0.0.1:${http.port}` });
  } finally {
    await grpc.close();
    await http.close();
    await models.close();
  }
}

const SCRIPT = String.raw`
import os, urllib.request
from tensorflow.core.protobuf import saved_model_pb2
root, http = arguments

def metadata(name, fields=['signature_def'], **more):
    request = request_of(get_model_metadata_pb2.GetModelMetadataRequest, name, **more)
    request.metadata_field.extend(fields)
    return attempt(predictions.GetModelMetadata, request)

def printed(message):
    return json_format.MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)

same, same_json = {}, {}
for name in ('defaults', 'examples', 'types', 'parts'):
    response = metadata(name, version=1)
    unpacked = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata['signature_def'].Unpack(unpacked)
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString(open(os.path.join(root, name, '1', 'saved_model.pb'), 'rb').read())
    expected = get_model_metadata_pb2.SignatureDefMap(signature_def=saved.meta_graphs[0].signature_def)
    same[name] = unpacked == expected and spec(response.model_spec) == [name, 1, '']
    rest = json.load(urllib.request.urlopen(http + '/v1/models/' + name + '/metadata'))
    same_json[name] = rest == {'model_spec': {'name': name, 'signature_name': '', 'version': '1'},
                               'metadata': {'signature_def': printed(expected)}}

def status(name, **more):
    answer = attempt(models.GetModelStatus, request_of(get_model_status_pb2.GetModelStatusRequest, name, **more))
    return answer if isinstance(answer, str) else printed(answer)

reload = model_management_pb2.ReloadConfigRequest(metric_names=['reloads', 'others'])
config = reload.config.model_config_list.config.add(name='m', base_path='/models/m', model_platform='tensorflow')
config.model_version_policy.specific.versions.extend([3, 2**62])
config.version_labels['stable'] = 3
custom = model_management_pb2.ReloadConfigRequest()
custom.config.custom_model_config.type_url = 'x'
rest_status = json.load(urllib.request.urlopen(http + '/v1/models/types'))
print(json.dumps({
    'same': same, 'same_json': same_json,
    'status': status('types'), 'one': status('types', version=1) == rest_status,
    'reload': printed(models.HandleReloadConfigRequest(reload)),
    'errors': [status('nothing'), status('types', version=2), attempt(models.GetModelStatus, get_model_status_pb2.GetModelStatusRequest()),
        attempt(models.HandleReloadConfigRequest, custom), attempt(models.HandleReloadConfigRequest, model_management_pb2.ReloadConfigRequest()),
        metadata('nothing'), metadata('types', []), metadata('types', ['weights']),
        attempt(predictions.GetModelMetadata, get_model_metadata_pb2.GetModelMetadataRequest())]}))
`;

test(
  "Python's protobuf prints the metadata, the status and the answer to a reload alike",
  { skip: skipWithoutServingApi() },
  () =>
    withTempFolder(async (root) => {
      await writePythonModels(root);
      await withServers(root, async ({ models, grpc, http }) => {
        const yes = { defaults: true, examples: true, types: true, parts: true };
        assert.deepEqual(await runClient(grpc, SCRIPT, [root, http]), {
          same: yes,
          same_json: yes,
          status: {
            model_version_status: [
              { version: '1', state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } },
            ],
          },
          one: true,
          reload: {
            status: { error_code: 'OK', error_message: '' },
            metric: [
              { name: 'reloads', int64_value_increase: '1' },
              { name: 'others', int64_value_increase: '0' },
            ],
          },
          errors: [
            'NOT_FOUND: Could not find any versions of model nothing',
            'NOT_FOUND: Could not find version 2 of model types',
            'INVALID_ARGUMENT: Missing ModelSpec',
            'INVALID_ARGUMENT: ServerModelConfig type not supported by HandleReloadConfigRequest. ' +
              'Only ModelConfigList is currently supported',
            'INVALID_ARGUMENT: ServerModelConfig type not supported by HandleReloadConfigRequest. ' +
              'Only ModelConfigList is currently supported',
            'NOT_FOUND: Servable not found for request: Latest(nothing)',
            'INVALID_ARGUMENT: GetModelMetadataRequest must specify at least one metadata_field',
            'INVALID_ARGUMENT: Metadata field weights is not supported',
            'INVALID_ARGUMENT: Missing ModelSpec',
          ],
        });
        assert.deepEqual(models.reloads, [
          {
            models: [
              {
                name: 'm',
                basePath: '/models/m',
                platform: 'tensorflow',
                versionPolicy: { kind: 'specific', versions: [3n, 2n ** 62n] },
                versionLabels: new Map([['stable', 3n]]),
              },
            ],
          },
        ]);
      });
    }),
);

const LIMITS_SCRIPT = String.raw`
started = time.monotonic()
def slow(count, **more):
    request = request_of(predict_pb2.PredictRequest, 'slow')
    request.inputs['x'].CopyFrom(tf.make_tensor_proto(np.array([count], np.int64)))
    return attempt(predictions.Predict, request, **more)

late = slow(10**12, timeout=0.3)
waited = time.monotonic() - started
request = request_of(predict_pb2.PredictRequest, 'slow')
request.inputs['x'].CopyFrom(tf.make_tensor_proto(np.array([10**9], np.int64)))
future = predictions.Predict.future(request, timeout=3)
time.sleep(0.2)
future.cancel()
in_time = plain(slow(5, timeout=30))

large = np.arange(2_621_440, dtype=np.float32)
times = []
for _ in range(3):
    start = time.monotonic()
    response = predict('defaults', {'x': large, 'bias': np.float32(0)}, filter=['twice'])
    times.append(time.monotonic() - start)
raw = channel.unary_unary('/tensorflow.serving.PredictionService/Predict')
print(json.dumps({
    'late': late.split(':')[0], 'waited': waited < 20, 'in time': in_time,
    'large': np.array_equal(tf.make_ndarray(response.outputs['twice']), large * 2), 'seconds': min(times),
    'long': predict('defaults', {'x': large}, 'n' * 5000),
    'malformed': attempt(raw, b'\x0a\xff'),
    'unknown method': attempt(channel.unary_unary('/tensorflow.serving.PredictionService/Nothing'), b'').split(':')[0]}))
`;

test(
  'deadlines, cancellation, 10 MB, long errors and malformed messages have their answers',
  { skip: skipWithoutServingApi() },
  () =>
    withTempFolder(async (root) => {
      await writePythonModels(root);
      await withServers(root, async ({ models, grpc }) => {
        const { long, seconds, malformed, ...rest } = (await runClient(grpc, LIMITS_SCRIPT)) as {
          long: string;
          seconds: number;
          malformed: string;
        };
        assert.deepEqual(rest, {
          late: 'DEADLINE_EXCEEDED',
          waited: true,
          'in time': { y: [5] },
          large: true,
          'unknown method': 'UNIMPLEMENTED',
        });
        assert.ok(seconds < 10, `${seconds} s for 10 MB each way`);
        const whole = `Serving signature key "${'n'.repeat(5000)}" not found.`;
        assert.equal(long, `FAILED_PRECONDITION: ${whole.slice(0, 1024)}...TRUNCATED`);
        assert.match(malformed, /^INTERNAL: Failed to parse PredictRequest: /);

        models.reloadError = new ServingError('FAILED_PRECONDITION', 'Request to assign label to nothing');
        const failing = String.raw`
reload = model_management_pb2.ReloadConfigRequest()
reload.config.model_config_list.config.add(name='m', base_path='/m', model_platform='tensorflow')
print(json.dumps(attempt(models.HandleReloadConfigRequest, reload)))
`;
        assert.equal(
          await runClient(grpc, failing),
          'FAILED_PRECONDITION: Request to assign label to nothing',
        );
      });
    }),
);
