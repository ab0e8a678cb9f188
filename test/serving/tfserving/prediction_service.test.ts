import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { SILENT_LOG } from '../../../easyrec/log.js';
import { startGrpcServer, type GrpcServer } from '../../../easyrec/serving/grpc/grpc_server.js';
import { Inference } from '../../../easyrec/serving/inference/inference.js';
import { predictionService } from '../../../easyrec/serving/tfserving/prediction_service.js';
import { skipWithoutServingApi } from '../../support/serving_api.js';
import { ModelFolder } from '../model_folder.js';
import { runClient } from './python_client.js';
import { writePythonModels } from './python_models.js';

const MAX_MESSAGE_BYTES = 2 ** 31 - 1;

suite("TensorFlow Serving's Python stubs", { skip: skipWithoutServingApi() }, () => {
  let root: string;
  let models: ModelFolder;
  let inference: Inference;
  let server: GrpcServer;
  let contentServer: GrpcServer;
  const endpointOf = ({ port }: GrpcServer): string => `127.0.0.1:${port}`;

  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'easyrec-test-'));
    await writePythonModels(root);
    models = await ModelFolder.load(root);
    inference = new Inference(models);
    const options = { host: '127.0.0.1', port: 0, maxMessageBytes: MAX_MESSAGE_BYTES };
    server = await startGrpcServer({
      ...options,
      services: [predictionService(inference, SILENT_LOG)],
    });
    contentServer = await startGrpcServer({
      ...options,
      services: [predictionService(inference, SILENT_LOG, { asTensorContent: true })],
    });
  });

  after(async () => {
    await server.close();
    await contentServer.close();
    await models.close();
    rmSync(root, { recursive: true, force: true });
  });

  test('every dtype goes in as content and as a typed list, and comes out as either', async () => {
    const script = String.raw`
values = {
    'float32': [0.1, -3.5e-20, np.inf], 'float64': [0.1, 1e300, 5e-324], 'int32': [1, -2**31, 2**31 - 1], 'uint8': [1, 255, 0],
    'int16': [1, -2**15, 2**15 - 1], 'int8': [1, -128, 127], 'string': [b'a', b'', b'\xff\x00'], 'complex64': [1 + 2j, -3j, 0.5],
    'int64': [1, -2**63, 2**63 - 1], 'bool': [True, False, True], 'bfloat16': [0.5, -3.0, 1e30], 'uint16': [1, 2**16 - 1, 0],
    'complex128': [1 + 2j, -3j, 1e300], 'float16': [0.5, -3.0, 65504.0], 'uint32': [1, 2**32 - 1, 0], 'uint64': [1, 2**64 - 1, 2**53 + 1],
    'qint8': [1, -128, 127], 'quint8': [1, 255, 0], 'qint32': [1, -2**31, 5], 'qint16': [1, -2**15, 5], 'quint16': [1, 2**16 - 1, 5]}
fields = {'float32': 'float_val', 'float64': 'double_val', 'int64': 'int64_val', 'bool': 'bool_val', 'uint32': 'uint32_val',
          'uint64': 'uint64_val', 'string': 'string_val', 'float16': 'half_val', 'bfloat16': 'half_val',
          'complex64': 'scomplex_val', 'complex128': 'dcomplex_val'}
arrays_of = {'qint8': np.int8, 'quint8': np.uint8, 'qint32': np.int32, 'qint16': np.int16, 'quint16': np.uint16, 'string': object}
listing = predictions
content = prediction_service_pb2_grpc.PredictionServiceStub(grpc.insecure_channel(arguments[0]))
failures, checked = [], 0
for t, v in values.items():
    array = np.array(v, arrays_of.get(t, getattr(tf, t).as_numpy_dtype)).reshape(3, 1)
    elements = array.view(np.uint16) if fields.get(t) == 'half_val' else array
    if t.startswith('complex'):
        elements = np.stack([array.real, array.imag], -1)
    as_list = tensor_pb2.TensorProto(dtype=getattr(tf, t).as_datatype_enum, tensor_shape=tf.TensorShape([3, 1]).as_proto())
    as_content = tensor_pb2.TensorProto()
    as_content.CopyFrom(as_list)
    as_content.tensor_content = b'\x01\x00\x02a\xff\x00' if t == 'string' else array.tobytes()
    getattr(as_list, fields.get(t, 'int_val')).extend(elements.ravel().tolist())
    for sent in (as_list, as_content):
        for predictions, expected in ((listing, as_list), (content, as_content)):
            response = predict('types', {t: sent}, t)
            checked += 1
            if isinstance(response, str) or response.outputs[t] != expected:
                failures.append([t, str(response)])
            elif t != 'string' and t[0] != 'q' and not np.array_equal(tf.make_ndarray(response.outputs[t]), array):
                failures.append([t, 'values'])
print(json.dumps({'failures': failures, 'checked': checked}))
`;
    const answer = await runClient(endpointOf(server), script, [endpointOf(contentServer)]);
    assert.deepEqual(answer, { failures: [], checked: 84 });
  });

  test('inputs, defaults, output filters and versions are as in TensorFlow Serving', async () => {
    const script = String.raw`
x = np.array([1, 2, 5], np.float32)
one = np.float32(1)
response = predict('defaults', {'x': x})
print(json.dumps({
    'default': plain(response),
    'spec': spec(response.model_spec),
    'given': plain(predict('defaults', {'x': x, 'bias': np.float32(1)}, version=1)),
    'filtered': plain(predict('defaults', {'x': x}, filter=['twice'])),
    'scalar': plain(predict('defaults', {'x': np.zeros([0], np.float32)}, filter=['y'])),
    'errors': [plain(answer) for answer in [
        predict('nothing', {'x': x}),
        predict('defaults', {'x': x}, version=7),
        predict('defaults', {'x': x}, label='stable'),
        predict('', {'x': x}),
        attempt(predictions.Predict, predict_pb2.PredictRequest()),
        predict('defaults', {'x': x}, 'none'),
        predict('defaults', {'bias': one}),
        predict('defaults', {'x': x, 'z': one}),
        predict('defaults', {'x': x, 'bias': one, 'z': one}),
        predict('defaults', {'x': x}, 'plain'),
        predict('defaults', {'x': x}, filter=['z']),
        predict('defaults', {'x': x}, filter=['y', 'y']),
        predict('defaults', {'x': tensor_pb2.TensorProto()}),
        predict('defaults', {'x': np.array([1, 2], np.int32)}),
    ]],
    'other shape': plain(predict('defaults', {'x': np.zeros([1, 2], np.float32)}, filter=['y']))}))
`;
    const { errors, ...answers } = (await runClient(endpointOf(server), script)) as { errors: unknown[] };
    assert.deepEqual(answers, {
      default: { y: [2.5, 3, 4.5], twice: [2, 4, 10] },
      spec: ['defaults', 1, 'serving_default'],
      given: { y: [1.5, 2, 3.5], twice: [2, 4, 10] },
      filtered: { twice: [2, 4, 10] },
      scalar: { y: [] },
      // The shapes of signatures are not enforced.
      'other shape': { y: [[2, 2]] },
    });
    assert.match(String(errors.pop()), /^INVALID_ARGUMENT: .*float.*int32|^INVALID_ARGUMENT: .*int32.*float/);
    assert.deepEqual(errors, [
      'NOT_FOUND: Servable not found for request: Latest(nothing)',
      'NOT_FOUND: Servable not found for request: Specific(defaults, 7)',
      'INVALID_ARGUMENT: Unrecognized servable version label: stable',
      'INVALID_ARGUMENT: ModelSpec has no name specified.',
      'INVALID_ARGUMENT: Missing ModelSpec',
      'FAILED_PRECONDITION: Serving signature key "none" not found.',
      'INVALID_ARGUMENT: Signature input alias: x(feed name: x:0) not found in request and no default value provided. ' +
        'Inputs expected to be in the request {bias}, or default input alias set: bias',
      'INVALID_ARGUMENT: Inputs contains invalid name. Used request inputs: x, request input: x,z',
      'INVALID_ARGUMENT: input size does not match signature: 3!=2 len({bias,x,z}) != len({bias,x}). Sent extra: {z}. ' +
        'Missing but required: {}.',
      'INVALID_ARGUMENT: input size does not match signature: 1!=2 len({x}) != len({names,x}). Sent extra: {}. ' +
        'Missing but required: {names}.',
      'INVALID_ARGUMENT: output tensor alias not found in signature: z Outputs expected to be in the set {twice,y}.',
      'INVALID_ARGUMENT: duplicate output tensor alias: y',
      'INVALID_ARGUMENT: tensor parsing error: x',
    ]);
  });

  test('classify, regress and multi-inference are as in TensorFlow Serving', async () => {
    const script = String.raw`
def example(**features):
    kinds = {float: 'float_list', int: 'int64_list', bytes: 'bytes_list'}
    result = tf.train.Example()
    for name, values in features.items():
        values = values if isinstance(values, list) else [values]
        getattr(result.features.feature[name], kinds[type(values[0])]).value.extend(values)
    return result

def fill(request, examples, context):
    if context is None:
        request.input.example_list.examples.extend(examples)
    else:
        request.input.example_list_with_context.examples.extend(examples)
        request.input.example_list_with_context.context.CopyFrom(context)
    return request

two = [example(age=20.0, name=b'ann', tags=[3, 4]), example(age=-1.5)]
shared = example(age=7.0, name=b'shared')

def classes(result):
    return [[[c.label, c.score] for c in each.classes] for each in result.classifications]

def classify(signature='', examples=two, context=None, name='examples'):
    request = fill(request_of(classification_pb2.ClassificationRequest, name, signature), examples, context)
    answer = attempt(predictions.Classify, request)
    return answer if isinstance(answer, str) else [spec(answer.model_spec), classes(answer.result)]

def regress(signature='regress', examples=two, context=None, name='examples'):
    request = fill(request_of(regression_pb2.RegressionRequest, name, signature), examples, context)
    answer = attempt(predictions.Regress, request)
    return answer if isinstance(answer, str) else [spec(answer.model_spec), [r.value for r in answer.result.regressions]]

def multi(*tasks, examples=two, context=None):
    request = inference_pb2.MultiInferenceRequest()
    for name, signature, method in tasks:
        task = request.tasks.add(method_name='tensorflow/serving/' + method)
        task.model_spec.name = name
        task.model_spec.signature_name = signature
    answer = attempt(predictions.MultiInference, fill(request, examples, context))
    if isinstance(answer, str):
        return answer
    return [[spec(r.model_spec), r.WhichOneof('result'),
             classes(r.classification_result), [v.value for v in r.regression_result.regressions]] for r in answer.results]

e, c, r = 'examples', 'classify', 'regress'
print(json.dumps({
    'both': classify(), 'classes': classify('classes_only'), 'scores': classify('scores_only'),
    'context': classify(context=shared), 'regress': regress(), 'column': regress('regress_column', context=shared),
    'multi': multi((e, '', c), (e, 'regress', r), context=shared),
    'errors': [classify('none'), classify('raw'), classify('regress'), classify(examples=[]), classify(name='nothing'),
        classify('flat_classes'), regress('raw'), regress(''), regress('regress_wide'), regress('regress_double'), regress('regress_total'),
        attempt(predictions.Classify, classification_pb2.ClassificationRequest()),
        attempt(predictions.Regress, regression_pb2.RegressionRequest()),
        multi(), multi((e, '', c), ('other', '', c)), multi((e, '', c), (e, 'serving_default', r)), multi((e, 'none', r)),
        multi((e, '', 'predict')), multi((e, '', c), examples=[]), multi((e, '', c), ('', '', c))]}))
`;
    const { errors, ...answers } = (await runClient(endpointOf(server), script)) as { errors: string[] };
    const spec = (signature: string): readonly unknown[] => ['examples', 1, signature];
    const withContext = [
      [
        ['ann', 40],
        ['4', 43],
      ],
      [
        ['shared', -3],
        ['2', -2],
      ],
    ];
    assert.deepEqual(answers, {
      both: [
        spec('serving_default'),
        [
          [
            ['ann', 40],
            ['4', 43],
          ],
          [
            ['nobody', -3],
            ['2', -2],
          ],
        ],
      ],
      classes: [
        spec('classes_only'),
        [
          [
            ['ann', 0],
            ['4', 0],
          ],
          [
            ['nobody', 0],
            ['2', 0],
          ],
        ],
      ],
      scores: [
        spec('scores_only'),
        [
          [
            ['', 40],
            ['', 43],
          ],
          [
            ['', -3],
            ['', -2],
          ],
        ],
      ],
      context: [spec('serving_default'), withContext],
      regress: [spec('regress'), [40, -3]],
      column: [spec('regress_column'), [40, -3]],
      multi: [
        [spec('serving_default'), 'classification_result', withContext, []],
        [spec('regress'), 'regression_result', [], [40, -3]],
      ],
    });
    // Of a signature, the texts tell all; here their beginnings do.
    const beginnings = errors.map((text) => text.replace(/(SignatureDef|Signature was): [^]*$/, '$1: …'));
    assert.deepEqual(beginnings, [
      'INVALID_ARGUMENT: No signature was found with the name: none',
      'INVALID_ARGUMENT: No classification inputs found in SignatureDef: …',
      'INVALID_ARGUMENT: Expected classification signature outputs to contain at least one of "classes" or "scores". ' +
        'Signature was: …',
      'INVALID_ARGUMENT: Input is empty.',
      'NOT_FOUND: Servable not found for request: Latest(nothing)',
      'INVALID_ARGUMENT: Expected Tensor shape: [batch_size num_classes] but got [2]',
      'INVALID_ARGUMENT: No regression inputs found in SignatureDef: …',
      'INVALID_ARGUMENT: Expected one output Tensor.',
      'INVALID_ARGUMENT: Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [2,2]',
      'INVALID_ARGUMENT: Expected output Tensor of DT_FLOAT.  Got: DT_DOUBLE',
      'INVALID_ARGUMENT: Input batch size did not match output batch size: 2 vs. 1',
      'INVALID_ARGUMENT: Missing ModelSpec',
      'INVALID_ARGUMENT: Missing ModelSpec',
      'INVALID_ARGUMENT: ModelSpec has no name specified.',
      'INVALID_ARGUMENT: All ModelSpecs in a MultiInferenceRequest must access the same model name.',
      'INVALID_ARGUMENT: Duplicate evaluation of signature: serving_default',
      'INVALID_ARGUMENT: Requested signature not found in model graph: none',
      'UNIMPLEMENTED: Unsupported signature method_name: tensorflow/serving/predict',
      'INVALID_ARGUMENT: Input is empty.',
      'INVALID_ARGUMENT: Found ModelSpec with an empty model name.',
    ]);
  });

  test('a signature with a sparse or ragged tensor cannot be called; the others of its model can', async () => {
    const script = String.raw`
x = np.array([1, 2], np.float32)
example = tf.train.Example()

def infer(call, kind, signature):
    request = request_of(kind, 'parts', signature)
    request.input.example_list.examples.append(example)
    return attempt(call, request)

def multi(*tasks):
    request = inference_pb2.MultiInferenceRequest()
    request.input.example_list.examples.append(example)
    for method in tasks:
        request.tasks.add(method_name='tensorflow/serving/' + method).model_spec.CopyFrom(
            model_pb2.ModelSpec(name='parts', signature_name=method))
    return attempt(predictions.MultiInference, request)

print(json.dumps({
    'dense': plain(predict('parts', {'x': x})),
    'errors': [plain(answer) for answer in [
        predict('parts', {'x': x, 's': x}, 'sparse'), predict('parts', {'r': np.array([1, 2])}, 'ragged'),
        predict('parts', {'x': x}, 'sparse_output'),
        infer(predictions.Classify, classification_pb2.ClassificationRequest, 'classify'),
        infer(predictions.Regress, regression_pb2.RegressionRequest, 'regress'), multi('classify', 'regress')]]}))
`;
    // What Python's session says of a tensor without a name, which is what such a tensor is by its message.
    const said = 'Tensor :0, specified in either feed_devices or fetch_devices was not found in the Graph';
    const refusal = (signature: string, tensor: string, kind: string): string =>
      `INVALID_ARGUMENT: ${said}: signature "${signature}": ${tensor}: expected a dense tensor, received a ${kind} one`;
    assert.deepEqual(await runClient(endpointOf(server), script), {
      dense: { y: [2, 4] },
      errors: [
        refusal('sparse', 'input "s"', 'sparse'),
        refusal('ragged', 'input "r"', 'composite'),
        refusal('sparse_output', 'output "s"', 'sparse'),
        refusal('classify', 'input "inputs"', 'sparse'),
        refusal('regress', 'input "inputs"', 'sparse'),
        refusal('classify', 'input "inputs"', 'sparse'),
      ],
    });
  });
});
