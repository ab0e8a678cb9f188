import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SILENT_LOG } from '../../../easyrec/log.js';
import { startGrpcServer } from '../../../easyrec/serving/grpc/grpc_server.js';
import { healthProto, healthService } from '../../../easyrec/serving/grpc/health.js';
import { reflectionServices } from '../../../easyrec/serving/grpc/reflection.js';
import { Inference } from '../../../easyrec/serving/inference/inference.js';
import { SingleModelCatalog } from '../../../easyrec/serving/single_model_catalog.js';
import { predictionService } from '../../../easyrec/serving/tfserving/prediction_service.js';
import { servingProtos } from '../../../easyrec/serving/tfserving/protos.js';
import { runGrpcurl, skipWithoutGrpcurl } from '../../support/grpcurl.js';
import { halfPlusTwo } from '../support.js';

const REQUEST = {
  modelSpec: { name: 'half', version: 1 },
  inputs: { x: { dtype: 'DT_FLOAT', tensorShape: { dim: [{ size: 3 }] }, floatVal: [1, 2, 5] } },
};

test(
  'grpcurl lists, describes and calls what reflection tells it of',
  { skip: skipWithoutGrpcurl() },
  async () => {
    const inference = new Inference(new SingleModelCatalog('half', { version: 1n, model: halfPlusTwo() }));
    const server = await startGrpcServer({
      services: [
        predictionService(inference, SILENT_LOG),
        healthService(['PredictionService']),
        ...reflectionServices([...servingProtos(), healthProto()]),
      ],
      host: '127.0.0.1',
      port: 0,
      maxMessageBytes: 2 ** 31 - 1,
    });
    const call = (...args: readonly string[]): Promise<string> => runGrpcurl('-plaintext', ...args);
    const address = `127.0.0.1:${server.port}`;
    try {
      assert.equal(
        await call(address, 'list'),
        'grpc.health.v1.Health\ngrpc.reflection.v1.ServerReflection\ngrpc.reflection.v1alpha.ServerReflection\n' +
          'tensorflow.serving.ModelService\ntensorflow.serving.PredictionService\n',
      );
      assert.equal(
        await call(address, 'describe', 'tensorflow.serving.PredictRequest'),
        'tensorflow.serving.PredictRequest is a message:\nmessage PredictRequest {\n' +
          '  .tensorflow.serving.ModelSpec model_spec = 1;\n  map<string, .tensorflow.TensorProto> inputs = 2;\n' +
          '  repeated string output_filter = 3;\n}\n',
      );
      const method = 'tensorflow.serving.PredictionService/Predict';
      assert.deepEqual(JSON.parse(await call('-d', JSON.stringify(REQUEST), address, method)), {
        outputs: { y: { dtype: 'DT_FLOAT', tensorShape: { dim: [{ size: '3' }] }, floatVal: [2.5, 3, 4.5] } },
        modelSpec: { name: 'half', version: '1', signatureName: 'serving_default' },
      });
      const metadata = JSON.stringify({ model_spec: { name: 'half' }, metadata_field: ['signature_def'] });
      const answer = await call(
        '-d',
        metadata,
        address,
        'tensorflow.serving.PredictionService/GetModelMetadata',
      );
      // The Any is printed as the message it holds.
      assert.match(answer, /"@type": "type.googleapis.com\/tensorflow.serving.SignatureDefMap"/);
      assert.match(answer, /"methodName": "tensorflow\/serving\/predict"/);
      await assert.rejects(call('-d', '{"model_spec": {"name": "none"}}', address, method), {
        stderr: /Code: NotFound\n\s+Message: Servable not found for request: Latest\(none\)/,
      });
      assert.equal(
        await call('-d', '{"service": "PredictionService"}', address, 'grpc.health.v1.Health/Check'),
        '{\n  "status": "SERVING"\n}\n',
      );
    } finally {
      await server.close();
    }
  },
);
