import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPERATOR_PROTO_PATH } from '../../../easyrec/serving/operator/index.js';
import { generateStubs, runGrpcPython, skipWithoutGrpc } from '../../support/grpc_python.js';
import { withTempFolder } from '../../support/temp_folder.js';
import { plain, withHttp, withOperator, writeClass } from './support.js';

/** What the tutorial's test_custom_operator.py does, with stubs that gRPC's generator made of our .proto file. */
const TEST_SCRIPT = String.raw`
import logging, sys
sys.path.insert(0, '.')
import grpc
import rpc.rpc_pb2 as pb
import rpc.rpc_pb2_grpc as stubs
logging.basicConfig(level=logging.INFO)
endpoint, url = sys.argv[1:]

def call(name, request):
    with grpc.insecure_channel(endpoint) as channel:
        return getattr(stubs.OperatorStub(channel), name)(request)

logging.info('Begin to test: endpoint-%s' % endpoint)
i = call('Identity', pb.IdentityRequest())
names = {'name': i.name, 'endpoint': i.endpoint, 'type': i.type, 'input': i.input, 'output': i.output,
         'dimension': i.dimension, 'metric_type': i.metricType}
logging.info('Endpoint information: %s' % names)
logging.info('Endpoint health: %s' % call('Healthy', pb.HealthyRequest()).healthy)
reply = call('Execute', pb.ExecuteRequest(urls=[url], datas=[]))
assert reply.nums == len(reply.vectors) + len(reply.metadata), reply.nums
logging.info('Result :\n  vector size: %d;  data size: %d' % (len(reply.vectors), len(reply.metadata)))
if len(reply.vectors) > 0:
    logging.info('  vector dim: %s' % len(reply.vectors[0].element))
    print('elements', list(reply.vectors[0].element))
for m in reply.metadata:
    print('data', m.data.decode('utf-8'))
logging.info('All tests over.')
`;

const REFLECTION_SCRIPT = String.raw`
import sys
import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
database = ProtoReflectionDescriptorDatabase(grpc.insecure_channel(sys.argv[1]))
print(sorted(database.get_services()))
pool = DescriptorPool(database)
service = pool.FindServiceByName('omnisearch.Operator')
print([(m.name, m.input_type.full_name, m.output_type.full_name) for m in service.methods])
reply = pool.FindMessageTypeByName('omnisearch.ExecuteReply')
print(reply.file.name, [(f.name, f.number, f.message_type and f.message_type.full_name) for f in reply.fields])
try:
    pool.FindServiceByName('omnisearch.Nothing')
except KeyError as error:
    print('KeyError')
`;

const READ_PIXEL = `async run(images: string[], urls: string[]) {
  return this.context.readPixels(await this.context.readFiles(images, urls), { height: 1, width: 1 });
}`;

test(
  'a client generated from the .proto gets identity, health and vectors',
  { skip: skipWithoutGrpc() },
  () =>
    withTempFolder(async (folder) => {
      await generateStubs(OPERATOR_PROTO_PATH, folder);
      const file = writeClass(folder, 3, READ_PIXEL);
      await withHttp(
        (_request, response) => response.end(plain(7, 8, 9)),
        (url) =>
          withOperator({ file, allowPrivateAddresses: true }, async ({ endpoint }) => {
            const output = await runGrpcPython(TEST_SCRIPT, [endpoint, `${url}/x.bmp`], folder);
            const expected = [
              `INFO:root:Begin to test: endpoint-${endpoint}`,
              `INFO:root:Endpoint information: {'name': 'custom', 'endpoint': '${endpoint}', 'type': 'encoder', ` +
                `'input': 'image', 'output': 'vector', 'dimension': '3', 'metric_type': 'L2'}`,
              'INFO:root:Endpoint health: healthy',
              'INFO:root:Result :\n  vector size: 1;  data size: 0',
              'INFO:root:  vector dim: 3',
              'INFO:root:All tests over.',
            ];
            for (const line of expected) assert.ok(output.includes(line), `${line}\nin\n${output}`);
            assert.match(output, /^elements \[7\.0, 8\.0, 9\.0\]$/m);
          }),
      );
    }),
);

test('it gets the images of a processor as text', { skip: skipWithoutGrpc() }, () =>
  withTempFolder(async (folder) => {
    await generateStubs(OPERATOR_PROTO_PATH, folder);
    const file = writeClass(folder, -1, `run() { return ['YWI=', Buffer.from('cd')]; }`);
    await withOperator({ file }, async ({ endpoint }) => {
      const output = await runGrpcPython(TEST_SCRIPT, [endpoint, 'http://unused'], folder);
      assert.match(output, /vector size: 0; {2}data size: 2/);
      assert.match(output, /^data YWI=\ndata Y2Q=$/m);
    });
  }),
);

test('a client without the .proto learns the service by reflection', { skip: skipWithoutGrpc() }, () =>
  withTempFolder((folder) =>
    withOperator({ file: writeClass(folder, 1, 'run() { return []; }') }, async ({ endpoint }) => {
      const output = await runGrpcPython(REFLECTION_SCRIPT, [endpoint]);
      assert.deepEqual(output.trim().split('\n').slice(0, 4), [
        "['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection', 'omnisearch.Operator']",
        "[('Execute', 'omnisearch.ExecuteRequest', 'omnisearch.ExecuteReply'), " +
          "('Healthy', 'omnisearch.HealthyRequest', 'omnisearch.HealthyReply'), " +
          "('Identity', 'omnisearch.IdentityRequest', 'omnisearch.IdentityReply')]",
        "rpc.proto [('nums', 1, None), ('vectors', 2, 'omnisearch.Vector'), ('metadata', 3, 'omnisearch.MetaData')]",
        'KeyError',
      ]);
    }),
  ),
);
