import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SILENT_LOG } from '../../../easyrec/log.js';
import { type GrpcServer, startGrpcServer } from '../../../easyrec/serving/grpc/grpc_server.js';
import { reflectionServices } from '../../../easyrec/serving/grpc/reflection.js';
import { Inference } from '../../../easyrec/serving/inference/index.js';
import { kserveGrpcService, kserveProto } from '../../../easyrec/serving/kserve/index.js';
import { SingleModelCatalog } from '../../../easyrec/serving/single_model_catalog.js';
import { generateStubs, runGrpcPython, skipWithoutGrpc } from '../../support/grpc_python.js';
import { withTempFolder } from '../../support/temp_folder.js';
import { echoModel } from './echo_model.js';

/** What a client of the protocol does, with stubs that gRPC's generator made of our .proto file. */
const SCRIPT = String.raw`
import struct, sys
sys.path.insert(0, '.')
import grpc
import rpc.rpc_pb2 as pb
import rpc.rpc_pb2_grpc as stubs
stub = stubs.GRPCInferenceServiceStub(grpc.insecure_channel(sys.argv[1]))
assert stub.ServerLive(pb.ServerLiveRequest()).live
assert stub.ServerReady(pb.ServerReadyRequest()).ready
assert stub.ModelReady(pb.ModelReadyRequest(name='m')).ready
assert stub.ModelReady(pb.ModelReadyRequest(name='m', version='3')).ready
assert not stub.ModelReady(pb.ModelReadyRequest(name='m', version='4')).ready
assert stub.ServerMetadata(pb.ServerMetadataRequest()).name == 'easyrec'
m = stub.ModelMetadata(pb.ModelMetadataRequest(name='m'))
print(m.name, list(m.versions), m.platform, [(t.name, t.datatype, list(t.shape)) for t in m.inputs])

def infer(inputs, signature=None, raw=(), **other):
    request = pb.ModelInferRequest(model_name='m', raw_input_contents=list(raw), **other)
    if signature:
        request.parameters['signature_name'].string_param = signature
    for name, datatype, shape, contents in inputs:
        tensor = request.inputs.add(name=name, datatype=datatype, shape=shape)
        for field, values in contents.items():
            getattr(tensor.contents, field).extend(values)
    return stub.ModelInfer(request)

r = infer([('x', 'FP32', [2], {'fp32_contents': [1, 2.5]}), ('s', 'BYTES', [2], {'bytes_contents': [b'a', b'\xff']})], id='7')
print(r.model_name, r.model_version, r.id, [(o.name, o.datatype, list(o.shape)) for o in r.outputs])
print(list(r.outputs[0].contents.fp32_contents), list(r.outputs[1].contents.bytes_contents), len(r.raw_output_contents))

def lists(signature, datatype, field, values):
    r = infer([('x', datatype, [len(values)], {field: values})], signature)
    got = list(getattr(r.outputs[0].contents, field))
    assert got == values, (datatype, got)

lists('bool', 'BOOL', 'bool_contents', [True, False])
lists('int8', 'INT8', 'int_contents', [-128, 127])
lists('int16', 'INT16', 'int_contents', [-2**15, 2**15 - 1])
lists('int32', 'INT32', 'int_contents', [-2**31, 2**31 - 1])
lists('int64', 'INT64', 'int64_contents', [-2**63, 2**63 - 1, 2**53 + 1])
lists('uint8', 'UINT8', 'uint_contents', [0, 255])
lists('uint16', 'UINT16', 'uint_contents', [0, 2**16 - 1])
lists('uint32', 'UINT32', 'uint_contents', [0, 2**32 - 1])
lists('uint64', 'UINT64', 'uint64_contents', [0, 2**64 - 1, 2**53 + 1])
lists('float64', 'FP64', 'fp64_contents', [0.1, 1e300])

raw = [struct.pack('<2f', 1, 2.5), struct.pack('<I2sI', 2, b'ab', 0)]
r = infer([('x', 'FP32', [2], {}), ('s', 'BYTES', [2], {})], raw=raw)
assert [bytes(b) for b in r.raw_output_contents] == raw, r
r = infer([('x', 'FP16', [1], {})], 'float16', raw=[b'\x00\x3c'])
assert [bytes(b) for b in r.raw_output_contents] == [b'\x00\x3c'], r

def fails(*args, **other):
    try:
        infer(*args, **other)
    except grpc.RpcError as e:
        print(e.code().name, e.details())
    else:
        raise AssertionError(args)

fails([('x', 'FP32', [2], {'fp32_contents': [1]}), ('s', 'BYTES', [0], {})])
fails([('x', 'INT8', [1], {'int_contents': [200]})], 'int8')
fails([('x', 'FP16', [1], {})], 'float16')
fails([('x', 'FP32', [1], {'fp32_contents': [1]})], raw=[b'1234'])
fails([('x', 'FP32', [1], {})], raw=[b'1234', b''])
fails([('x', 'FP32', [1], {})], model_version='9')
`;

let server: GrpcServer;
before(async () => {
  const inference = new Inference(new SingleModelCatalog('m', { version: 3n, model: echoModel() }));
  const proto = kserveProto();
  const services = [kserveGrpcService(inference, SILENT_LOG, proto), ...reflectionServices([proto])];
  server = await startGrpcServer({ services, host: '127.0.0.1', port: 0, maxMessageBytes: 1 << 20 });
});
after(() => server.close());

test(
  "a Python client generated from the protocol's file gets every answer it asks for",
  { skip: skipWithoutGrpc() },
  () =>
    withTempFolder(async (folder) => {
      await generateStubs('easyrec/serving/protos/open_inference.proto', folder);
      const output = await runGrpcPython(SCRIPT, [`127.0.0.1:${server.port}`], folder);
      assert.deepEqual(output.trimEnd().split('\n'), [
        "m ['3'] tensorflow_savedmodel [('x', 'FP32', [-1]), ('s', 'BYTES', [-1])]",
        "m 3 7 [('x', 'FP32', [2]), ('s', 'BYTES', [2])]",
        "[1.0, 2.5] [b'a', b'\\xff'] 0",
        "INVALID_ARGUMENT input 'x': expected 2 elements in its contents, received 1",
        "INVALID_ARGUMENT input 'x': 200 is no INT8",
        "INVALID_ARGUMENT input 'x': FP16 can only be sent in raw_input_contents",
        "INVALID_ARGUMENT contents field must not be specified when using raw_input_contents for 'x'",
        'INVALID_ARGUMENT expected as many raw_input_contents as inputs (1), received 2',
        'NOT_FOUND Servable not found for request: Specific(m, 9)',
      ]);
    }),
);
