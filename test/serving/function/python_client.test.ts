import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { GATEWAY_PROTO_PATH } from '../../../easyrec/serving/function/index.js';
import { generateStubs, runGrpcPython, skipWithoutGrpc } from '../../support/grpc_python.js';
import { withTempFolder } from '../../support/temp_folder.js';
import { deployPython, uploadPython, waitFor, withGateway } from './support.js';

const run = promisify(execFile);

const HANDLER =
  "def Handler(req):\n    if req.input == b'raise': raise ValueError('boom')\n    return req.input\n";

const WALK = String.raw`
import sys
sys.path.insert(0, '.')
import grpc
import rpc.rpc_pb2 as pb
import rpc.rpc_pb2_grpc as stubs
address, service = sys.argv[1:]
large = [('grpc.max_send_message_length', 1 << 30), ('grpc.max_receive_message_length', 1 << 30)]
channel = grpc.insecure_channel(address, options=large)
stub = getattr(stubs, service + 'Stub')(channel)

def failure(call, *arguments):
    try:
        call(*arguments)
    except grpc.RpcError as error:
        return '%s: %s' % (error.code().name, error.details())

request = pb.CreateFunctionRequest(Service='walk', Image='image', EnvVars={'A': 'b'}, Annotations={'desc': 'd'})
print(stub.HealthCheck(pb.Empty()).Msg)
print(stub.Deploy(request).Msg)
print(failure(stub.Deploy, request))
print(stub.Invoke(pb.InvokeServiceRequest(Service='walk', Input=b'hello')).Msg)
print(failure(stub.Invoke, pb.InvokeServiceRequest(Service='walk', Input=b'raise')))
print(len(stub.Invoke(pb.InvokeServiceRequest(Service='walk', Input=b'x' * 5_000_011)).Msg))
functions = stub.List(pb.Empty()).Functions
print([(f.Name, f.Image, f.InvocationCount, f.Replicas, f.AvailableReplicas, dict(f.Annotations)) for f in functions])
print(stub.GetMeta(pb.FunctionRequest(FunctionName='walk')).Name)
print('is ready after' in stub.GetLog(pb.FunctionRequest(FunctionName='walk')).Msg)
print(stub.ReplicaUpdate(pb.ScaleServiceRequest(ServiceName='walk', Replicas=2)).Msg)
print(stub.Update(request).Msg)
print('functions: 1' in stub.Info(pb.Empty()).Msg)
print(stub.Delete(pb.DeleteFunctionRequest(FunctionName='walk')).Msg)
print(failure(stub.Delete, pb.DeleteFunctionRequest(FunctionName='walk')))
print(failure(stub.GetMeta, pb.FunctionRequest(FunctionName='walk')))
print(failure(stub.Update, request))
`;

for (const service of ['Gateway', 'FxGateway']) {
  test(`a client generated from the .proto walks through pb.${service}`, { skip: skipWithoutGrpc() }, () =>
    withTempFolder(async (folder) => {
      await generateStubs(GATEWAY_PROTO_PATH, folder);
      await withGateway(async ({ client, port }) => {
        await uploadPython(client, 'image', HANDLER);
        const output = await runGrpcPython(WALK, [`127.0.0.1:${port}`, service], folder);
        const expected = [
          'OK',
          'function walk is deployed',
          'ALREADY_EXISTS: function walk already exists',
          'hello',
          'INTERNAL: could not invoke: walk - rpc error: code = Unknown desc = Exception calling application: boom',
          '5000011',
          "[('walk', 'image', 3, 1, 1, {'desc': 'd'})]",
          'walk',
          'True',
          'function walk is scaled',
          'function walk is updated',
          'True',
          'function walk is deleted',
          'NOT_FOUND: function is not exist',
          'NOT_FOUND: function is not exist',
          'NOT_FOUND: function is not exist',
          '',
        ];
        assert.deepEqual(output.split('\n'), expected);
      });
    }),
  );
}

const STREAM = String.raw`
import sys
sys.path.insert(0, '.')
import grpc
import rpc.rpc_pb2 as pb
import rpc.rpc_pb2_grpc as stubs
stub = stubs.GatewayStub(grpc.insecure_channel(sys.argv[1]))
request = lambda data: pb.InvokeServiceRequest(Service='echo', Input=data)
print([m.Output for m in stub.Invokes(request(b'%d' % i) for i in range(50))] == [b'%d' % i for i in range(50)])
seen = []
try:
    for message in stub.Invokes(request(data) for data in [b'a', b'raise', b'b']):
        seen.append(message.Output)
except grpc.RpcError as error:
    print(seen, error.code().name)
`;

test('a stream of inputs is answered in order, up to the first that fails', { skip: skipWithoutGrpc() }, () =>
  withTempFolder(async (folder) => {
    await generateStubs(GATEWAY_PROTO_PATH, folder);
    await withGateway(async ({ client, port }) => {
      await deployPython(client, 'echo', HANDLER);
      const output = await runGrpcPython(STREAM, [`127.0.0.1:${port}`], folder);
      assert.equal(output, "True\n[b'a'] INTERNAL\n");
    });
  }),
);

const REFLECTION = String.raw`
import sys
import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
channel = grpc.insecure_channel(sys.argv[1])
database = ProtoReflectionDescriptorDatabase(channel)
print(sorted(database.get_services()))
pool = DescriptorPool(database)
print([m.name for m in pool.FindServiceByName('easyrec.FunctionStore').methods])
Request = GetMessageClass(pool.FindMessageTypeByName('pb.CreateFunctionRequest'))
Message = GetMessageClass(pool.FindMessageTypeByName('pb.Message'))
deploy = channel.unary_unary('/pb.Gateway/Deploy', Request.SerializeToString, Message.FromString)
print(deploy(Request(Service='reflected', Image='image', EnvVars={'A': 'b'}, Limits={'Memory': '1G'})).Msg)
`;

test('a client that knows no .proto file deploys through reflection', { skip: skipWithoutGrpc() }, () =>
  withGateway(async ({ client, port }) => {
    await uploadPython(client, 'image', "import os\ndef Handler(req):\n    return os.environ['A']\n");
    const output = await runGrpcPython(REFLECTION, [`127.0.0.1:${port}`]);
    const services = ['easyrec.FunctionStore', 'grpc.reflection.v1.ServerReflection'];
    const more = ['grpc.reflection.v1alpha.ServerReflection', 'pb.FxGateway', 'pb.Gateway'];
    const list = [...services, ...more].map((name) => `'${name}'`).join(', ');
    assert.equal(output, `[${list}]\n['Upload', 'Status']\nfunction reflected is deployed\n`);
    await waitFor(client, 'reflected', ({ state }) => state === 'ready');
    assert.equal(await client.invoke('reflected', Buffer.alloc(0)), 'b');
  }),
);

const VARIABLE = 'EASYREC_TEST_PYTHON_DCFGRPC';
const dcfPython = process.env[VARIABLE] ?? '';
const skipDcf =
  dcfPython === '' && (process.env[`${VARIABLE}_SKIP`] ?? `${VARIABLE} is not set: run bash scripts/test`);

test("DCF's own Python client calls a function", { skip: skipDcf }, () =>
  withGateway(async ({ client, port }) => {
    assert.ok(existsSync(dcfPython), dcfPython);
    await deployPython(client, 'echo', HANDLER);
    const script = [
      'import sys',
      'from dcfgrpc.api import dcf',
      "print(dcf(url=sys.argv[1], service='echo', arg='한국어'.encode()))",
      'try:',
      "    dcf(url=sys.argv[1], service='echo', arg=b'raise')",
      'except Exception as error:',
      '    print(error.code().name, error.details())',
    ];
    const { stdout } = await run(dcfPython, ['-c', script.join('\n'), `127.0.0.1:${port}`]);
    const failed =
      'INTERNAL could not invoke: echo - rpc error: code = Unknown desc = Exception calling application: boom';
    assert.equal(stdout, `한국어\n${failed}\n`);
  }),
);
