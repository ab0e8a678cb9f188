import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { SILENT_LOG } from '../../../easyrec/log.js';
import {
  startGrpcServer,
  type GrpcServer,
  type GrpcServerOptions,
} from '../../../easyrec/serving/grpc/grpc_server.js';
import { healthProto, healthService } from '../../../easyrec/serving/grpc/health.js';
import { reflectionServices } from '../../../easyrec/serving/grpc/reflection.js';
import { readSslConfig } from '../../../easyrec/serving/grpc/ssl_config.js';
import { Inference } from '../../../easyrec/serving/inference/inference.js';
import { SingleModelCatalog } from '../../../easyrec/serving/single_model_catalog.js';
import { predictionService } from '../../../easyrec/serving/tfserving/prediction_service.js';
import { servingProtos } from '../../../easyrec/serving/tfserving/protos.js';
import { runGrpcPython, skipWithoutGrpc } from '../../support/grpc_python.js';
import { withTempFolder } from '../../support/temp_folder.js';
import { halfPlusTwo } from '../support.js';

function start(options: Partial<GrpcServerOptions>): Promise<GrpcServer> {
  const inference = new Inference(new SingleModelCatalog('half', { version: 1n, model: halfPlusTwo() }));
  const services = [
    predictionService(inference, SILENT_LOG),
    healthService(['PredictionService', 'ModelService']),
    ...reflectionServices([...servingProtos(), healthProto()]),
  ];
  return startGrpcServer({ services, maxMessageBytes: 2 ** 31 - 1, ...options });
}

/** What every client below begins with: messages are made from what reflection tells of them. */
const PRELUDE = String.raw`
import sys
import grpc
from google.protobuf import json_format, message_factory
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

def call(channel, method, **fields):
    service, name = method.rsplit('.', 1)
    try:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        found = pool.FindServiceByName(service).FindMethodByName(name)
        request, response = (message_factory.GetMessageClass(t) for t in (found.input_type, found.output_type))
        stub = channel.unary_unary('/' + service + '/' + name, request.SerializeToString, response.FromString)
        answer = stub(json_format.ParseDict(fields, request()), timeout=10)
        return json_format.MessageToDict(answer, preserving_proto_field_name=True, descriptor_pool=pool)
    except grpc.RpcError as error:
        return error.code().name

def predict(channel):
    x = {'dtype': 'DT_FLOAT', 'tensor_shape': {'dim': [{'size': 3}]}, 'float_val': [1, 2, 5]}
    return call(channel, 'tensorflow.serving.PredictionService.Predict', model_spec={'name': 'half', 'version': 1}, inputs={'x': x})
`;

const PREDICTED =
  "{'outputs': {'y': {'dtype': 'DT_FLOAT', 'tensor_shape': {'dim': [{'size': '3'}]}, 'float_val': [2.5, 3.0, 4.5]}}, " +
  "'model_spec': {'name': 'half', 'version': '1', 'signature_name': 'serving_default'}}\n";

test('reflection tells enough to predict and to check the health', { skip: skipWithoutGrpc() }, async () => {
  const server = await start({ host: '127.0.0.1', port: 0 });
  const script = String.raw`
channel = grpc.insecure_channel(sys.argv[1])
print(predict(channel))
database = ProtoReflectionDescriptorDatabase(channel)
print(sorted(database.get_services()))
pool = DescriptorPool(database)
messages = ['tensorflow.serving.ClassificationRequest', 'tensorflow.serving.MultiInferenceResponse', 'tensorflow.TensorProto',
            'tensorflow.serving.GetModelMetadataResponse', 'tensorflow.serving.ReloadConfigRequest', 'tensorflow.SignatureDef']
for name in messages:
    found = pool.FindMessageTypeByName(name)
    print(found.full_name, found.file.name, [f.name + ('=map' if f.message_type and f.message_type.GetOptions().map_entry else '') for f in found.fields])
check = lambda name: call(channel, 'grpc.health.v1.Health.Check', service=name)
print([check(name) for name in ('', 'PredictionService', 'ModelService', 'other')])
watch = channel.unary_stream('/grpc.health.v1.Health/Watch')(b'', timeout=10)
print(next(watch), watch.cancel())
`;
  try {
    const output = await runGrpcPython(PRELUDE + script, [`127.0.0.1:${server.port}`]);
    assert.equal(
      output,
      PREDICTED +
        "['grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection', " +
        "'tensorflow.serving.ModelService', 'tensorflow.serving.PredictionService']\n" +
        "tensorflow.serving.ClassificationRequest tensorflow_serving/serving.proto ['model_spec', 'input']\n" +
        "tensorflow.serving.MultiInferenceResponse tensorflow_serving/serving.proto ['results']\n" +
        "tensorflow.TensorProto tensorflow/tensorflow.proto ['dtype', 'tensor_shape', 'version_number', 'tensor_content', " +
        "'float_val', 'double_val', 'int_val', 'string_val', 'scomplex_val', 'int64_val', 'bool_val', 'dcomplex_val', 'half_val', " +
        "'resource_handle_val', 'variant_val', 'uint32_val', 'uint64_val', 'float8_val']\n" +
        "tensorflow.serving.GetModelMetadataResponse tensorflow_serving/serving.proto ['model_spec', 'metadata=map']\n" +
        "tensorflow.serving.ReloadConfigRequest tensorflow_serving/serving.proto ['config', 'metric_names']\n" +
        "tensorflow.SignatureDef tensorflow/tensorflow.proto ['inputs=map', 'outputs=map', 'method_name', 'defaults=map']\n" +
        "[{'status': 'SERVING'}, {'status': 'SERVING'}, {'status': 'SERVING'}, 'NOT_FOUND']\n" +
        "b'\\x08\\x01' True\n",
    );
  } finally {
    await server.close();
  }
});

test(
  'a Unix socket serves besides the port or alone; one left behind makes way',
  { skip: skipWithoutGrpc() },
  () =>
    withTempFolder(async (folder) => {
      const socketPath = join(folder, 'serving.sock');
      const script = 'print(predict(grpc.insecure_channel(sys.argv[1])))\n';
      // A process that is killed leaves the file behind.
      const leave = `require('net').createServer().listen(${JSON.stringify(socketPath)}, () => process.kill(process.pid, 'SIGKILL'))`;
      assert.throws(() => execFileSync(process.execPath, ['-e', leave], { stdio: 'ignore' }));
      assert.ok(existsSync(socketPath));
      const server = await start({ socketPath });
      try {
        assert.equal(server.port, 0);
        assert.equal(await runGrpcPython(PRELUDE + script, [`unix:${socketPath}`]), PREDICTED);
        await assert.rejects(start({ socketPath }), /the socket is in use by another process/);
      } finally {
        await server.close();
      }
      assert.ok(!existsSync(socketPath));
      writeFileSync(socketPath, 'data');
      await assert.rejects(start({ host: '127.0.0.1', port: 0, socketPath }), /it exists and is no socket/);
      assert.equal(readFileSync(socketPath, 'utf8'), 'data');
      const long = join(folder, 'x'.repeat(120));
      await assert.rejects(start({ socketPath: long }), /the path of a socket has at most 107 bytes/);
      await assert.rejects(start({}), /needs a port or a socket/);
    }),
);

/** Makes a key and a certificate, signed by itself or by `issuer`; returns the name that both files begin with. */
function makeCertificate(folder: string, name: string, issuer?: string): string {
  const path = join(folder, name);
  const common = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ];
  const signed = issuer === undefined ? [] : ['-CA', `${issuer}.crt`, '-CAkey', `${issuer}.key`];
  const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', [...common, ...signed, ...names, '-keyout', `${path}.key`, '-out', `${path}.crt`], {
    stdio: 'pipe',
  });
  return path;
}

function sslConfig(folder: string, fields: Readonly<Record<string, string | true>>): string {
  const file = join(folder, 'ssl.pbtxt');
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`);
  writeFileSync(file, lines.join(''));
  return file;
}

test('TLS: a server proves who it is, and asks clients to, if told so', { skip: skipWithoutGrpc() }, () =>
  withTempFolder(async (folder) => {
    const authority = makeCertificate(folder, 'authority');
    const [own, client, stranger] = [
      makeCertificate(folder, 'server', authority),
      makeCertificate(folder, 'client', authority),
      makeCertificate(folder, 'stranger'),
    ];
    const text = (file: string): string => readFileSync(file, 'utf8');
    const keys = { server_key: text(`${own}.key`), server_cert: text(`${own}.crt`) };
    const script = String.raw`
read = lambda name: open(name, 'rb').read()
port, authority, *certificates = sys.argv[1:]
with_ca = lambda *pair: grpc.ssl_channel_credentials(read(authority + '.crt'), *pair)
results = [predict(grpc.secure_channel('localhost:' + port, with_ca()))]
for name in certificates:
    results.append(predict(grpc.secure_channel('localhost:' + port, with_ca(read(name + '.key'), read(name + '.crt')))))
results.append(predict(grpc.insecure_channel('localhost:' + port)))
print([r if isinstance(r, str) else r['outputs']['y']['float_val'] for r in results])
`;
    const run = async (fields: Readonly<Record<string, string | true>>): Promise<string> => {
      const credentials = readSslConfig(sslConfig(folder, fields));
      const server = await start({ host: '127.0.0.1', port: 0, credentials });
      try {
        const output = await runGrpcPython(PRELUDE + script, [
          String(server.port),
          authority,
          client,
          stranger,
        ]);
        // Below it stands what gRPC logs of connections that fail.
        return output.split('\n')[0] ?? '';
      } finally {
        await server.close();
      }
    };
    const values = '[2.5, 3.0, 4.5]';
    assert.equal(await run(keys), `[${values}, ${values}, ${values}, 'UNAVAILABLE']`);
    const mutual = { ...keys, custom_ca: text(`${authority}.crt`), client_verify: true as const };
    assert.equal(await run(mutual), `['UNAVAILABLE', ${values}, 'UNAVAILABLE', 'UNAVAILABLE']`);

    const broken = sslConfig(folder, { ...keys, server_key: text(`${client}.key`) });
    assert.throws(() => readSslConfig(broken), /the key and certificates cannot be used: .*mismatch/);
    assert.throws(
      () => readSslConfig(sslConfig(folder, { custom_ca: 'x' })),
      /expected server_key and server_cert.* received custom_ca/,
    );
    assert.throws(
      () => readSslConfig(sslConfig(folder, { server_keys: 'x' })),
      /Error parsing text-format tensorflow.serving.SSLConfig/,
    );
  }),
);

test('a port that is taken is an error, and the message says which', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  try {
    await assert.rejects(
      start({ host: '127.0.0.1', port }),
      new RegExp(`cannot listen on 127.0.0.1:${port}`),
    );
  } finally {
    other.close();
  }
});
