import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from 'node:path';
import { SILENT_LOG } from '../../../easyrec/log.js';
import { Inference } from '../../../easyrec/serving/inference/index.js';
import { readWarmupRecords, replay, RequestLog } from '../../../easyrec/serving/request_log/index.js';
import { SingleModelCatalog } from '../../../easyrec/serving/single_model_catalog.js';
import { runServingApi, skipWithoutServingApi } from '../../support/serving_api.js';
import { withTempFolder } from '../../support/temp_folder.js';
import { GatedModel, plain, rowsOf } from '../batching/support.js';
import { exampleModel } from './example_model.js';

const WRITE = String.raw`
import sys
import tensorflow as tf
from tensorflow_serving.apis import classification_pb2, inference_pb2, predict_pb2, prediction_log_pb2, regression_pb2

def example(size):
    return tf.train.Example(features=tf.train.Features(feature={
        'x': tf.train.Feature(bytes_list=tf.train.BytesList(value=[b'x' * size]))}))

predict = predict_pb2.PredictRequest(output_filter=['y'])
predict.model_spec.name = 'whatever'
predict.model_spec.version.value = 99
predict.inputs['x'].CopyFrom(tf.make_tensor_proto([1.0, 2.5]))
predict.inputs['s'].CopyFrom(tf.make_tensor_proto(['a', 'b']))
classify = classification_pb2.ClassificationRequest()
classify.model_spec.signature_name = 'classify'
classify.input.example_list.examples.extend([example(1), example(2)])
regress = regression_pb2.RegressionRequest()
regress.model_spec.signature_name = 'regress'
regress.input.example_list_with_context.examples.extend([example(3)])
regress.input.example_list_with_context.context.CopyFrom(example(4))
multi = inference_pb2.MultiInferenceRequest(input=classify.input)
for method in ('classify', 'regress'):
    task = multi.tasks.add(method_name='tensorflow/serving/' + method)
    task.model_spec.name = 'whatever'
    task.model_spec.signature_name = method
logs = {
    'predict': [prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=predict))],
    'examples': [
        prediction_log_pb2.PredictionLog(classify_log=prediction_log_pb2.ClassifyLog(request=classify)),
        prediction_log_pb2.PredictionLog(regress_log=prediction_log_pb2.RegressLog(request=regress)),
        prediction_log_pb2.PredictionLog(multi_inference_log=prediction_log_pb2.MultiInferenceLog(request=multi)),
    ],
}
for name, records in logs.items():
    with tf.io.TFRecordWriter(sys.argv[1] + '/' + name) as writer:
        for record in records:
            writer.write(record.SerializeToString())
print('{}')
`;

const READ = String.raw`
import json, sys
import tensorflow as tf
from google.protobuf import json_format
from tensorflow_serving.apis import prediction_log_pb2
logs = [prediction_log_pb2.PredictionLog.FromString(r.numpy()) for r in tf.data.TFRecordDataset(sys.argv[1])]
print(json.dumps([json_format.MessageToDict(log, preserving_proto_field_name=True) for log in logs]))
`;

const skip = skipWithoutServingApi();

test('recorded requests that Python wrote warm a model up', { skip }, () =>
  withTempFolder(async (folder) => {
    await runServingApi(WRITE, [folder]);
    const model = new GatedModel(true);
    const inference = new Inference(new SingleModelCatalog('m', { version: 1n, model }));
    await replay((await readWarmupRecords(join(folder, 'predict'))) ?? [], inference, { name: 'm' });
    assert.deepEqual(
      model.requests.map(({ signatureName, inputs, outputs }) => [
        signatureName,
        plain(inputs.get('x')),
        plain(inputs.get('s')),
        outputs,
      ]),
      [['serving_default', [1, 2.5], ['a', 'b'], ['y']]],
    );
    const examples = exampleModel();
    const others = new Inference(new SingleModelCatalog('m', { version: 1n, model: examples }));
    await replay((await readWarmupRecords(join(folder, 'examples'))) ?? [], others, { name: 'm' });
    const rows = examples.requests.map(({ signatureName, inputs }) => [
      signatureName,
      inputs.get('inputs')?.shape,
    ]);
    assert.deepEqual(rows.slice(0, 2), [
      ['classify', [2]],
      ['regress', [1]],
    ]);
    assert.ok(rows.length > 2, 'the multi-inference request was sent as well');
  }),
);

test('Python reads the calls that we log', { skip }, () =>
  withTempFolder(async (folder) => {
    const log = new RequestLog({ log: SILENT_LOG });
    await log.update(
      new Map([['m', { collectorType: '', filenamePrefix: join(folder, 'log'), samplingRate: 1 }]]),
    );
    const inference = new Inference(
      new SingleModelCatalog('m', { version: 7n, model: new GatedModel(true) }),
      [log],
    );
    const call = { signatureName: '', inputs: rowsOf(1, 2.5), outputs: ['y'] };
    await inference.predict({ name: 'm' }, call, { entrypoint: 'REST' });
    await log.close();
    const [first, ...rest] = (await runServingApi(READ, [join(folder, 'log.tfrecord')])) as readonly {
      log_metadata: { timestamp_secs: string };
      predict_log: object;
    }[];
    assert.deepEqual(rest, []);
    const { timestamp_secs: seconds, ...metadata } = first?.log_metadata ?? { timestamp_secs: '0' };
    assert.ok(Math.abs(Number(seconds) - Date.now() / 1000) < 600, seconds);
    const answered = { name: 'm', version: '7', signature_name: 'serving_default' };
    assert.deepEqual(metadata, { model_spec: answered, sampling_config: { sampling_rate: 1 } });
    const floats = (...values: readonly number[]): object => ({
      dtype: 'DT_FLOAT',
      tensor_shape: { dim: [{ size: '2' }] },
      float_val: values,
    });
    assert.deepEqual(first?.predict_log, {
      request: {
        model_spec: { name: 'm', signature_name: 'serving_default' },
        inputs: {
          x: floats(1, 2.5),
          s: { dtype: 'DT_STRING', tensor_shape: { dim: [{ size: '2' }] }, string_val: ['MQ==', 'Mi41'] },
        },
        output_filter: ['y'],
      },
      response: { outputs: { y: floats(2, 5) }, model_spec: answered },
    });
  }),
);
