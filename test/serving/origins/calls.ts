import type { RunningServer } from '../../../easyrec/serving/server.js';
import { runClient } from '../tfserving/python_client.js';

/** A value as Python's `tolist` gives it. */
export type Plain = number | boolean | string | readonly Plain[];

interface Feature {
  readonly float?: readonly number[];
  readonly int64?: readonly number[];
  readonly bytes?: readonly string[];
}

interface CallTarget {
  readonly model: string;
  readonly signature: string;
}

/** A request, and what Python computes for it without a server. */
export type Call =
  | (CallTarget & {
      readonly method: 'predict';
      readonly inputs: Readonly<Record<string, { readonly dtype: string; readonly value: readonly Plain[] }>>;
      readonly expected: Readonly<Record<string, Plain>>;
    })
  | (CallTarget & {
      readonly method: 'classify' | 'regress';
      readonly examples: readonly Readonly<Record<string, Feature>>[];
      readonly expected: Plain;
    });

type PredictCall = Extract<Call, { method: 'predict' }>;

/** What scripts that write models and their calls begin with. */
export const PYTHON_PRELUDE = String.raw`
import json, os, sys
import numpy as np
import tensorflow as tf

def plain(value):
    if isinstance(value, bytes):
        return value.decode('utf-8')
    if isinstance(value, (list, tuple)):
        return [plain(element) for element in value]
    return plain(np.asarray(value).tolist()) if hasattr(value, 'shape') else value

def predict_call(model, signature, inputs, outputs):
    return {'model': model, 'method': 'predict', 'signature': signature,
            'inputs': {k: {'dtype': tf.as_dtype(v.dtype).name if v.dtype != object else 'string', 'value': plain(v)}
                       for k, v in inputs.items()},
            'expected': {k: plain(v) for k, v in outputs.items()}}
`;

/** Of numbers up to 1 the largest difference that is let pass; of larger ones, relative to them. */
const TOLERANCE = 1e-6;

/** Where what was received is not what Python computes. */
export function differences(expected: unknown, received: unknown, path = ''): readonly string[] {
  if (typeof expected === 'number' && typeof received === 'number') {
    const limit = TOLERANCE * Math.max(1, Math.abs(expected));
    return Math.abs(expected - received) <= limit ? [] : [`${path}: ${received} instead of ${expected}`];
  }
  if (isRecord(expected) && isRecord(received)) {
    const names = [...new Set([...Object.keys(expected), ...Object.keys(received)])];
    return names.flatMap((name) => differences(expected[name], received[name], `${path}/${name}`));
  }
  if (expected === received) return [];
  return [`${path}: ${JSON.stringify(received)} instead of ${JSON.stringify(expected)}`];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

async function post({ port }: RunningServer, path: string, body: object): Promise<Record<string, unknown>> {
  const init = { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(`http://127.0.0.1:${port}/v1/models/${path}`, init);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

/** What REST answers, in the form of what is expected; predictions once in columns and once in rows. */
export async function restAnswers(server: RunningServer, call: Call): Promise<readonly unknown[]> {
  const path = `${call.model}:${call.method}`;
  const signature = { signature_name: call.signature };
  if (call.method !== 'predict') {
    const examples = call.examples.map((example) =>
      Object.fromEntries(Object.entries(example).map(([name, feature]) => [name, restFeature(feature)])),
    );
    return [(await post(server, path, { ...signature, examples }))['results']];
  }
  const inputs = Object.entries(call.inputs).map(([name, { value }]) => [name, value] as const);
  const columns = await post(server, path, { ...signature, inputs: Object.fromEntries(inputs) });
  const count = inputs[0]?.[1].length ?? 0;
  const instances = Array.from({ length: count }, (_, row) =>
    Object.fromEntries(inputs.map(([name, value]) => [name, value[row]])),
  );
  const { predictions } = await post(server, path, { ...signature, instances });
  return [named(call, columns['outputs']), columnsOf(call, predictions as readonly unknown[])];
}

function restFeature({ float, int64, bytes }: Feature): unknown {
  const values = float ?? int64 ?? bytes?.map((text) => ({ b64: Buffer.from(text).toString('base64') }));
  return values?.length === 1 ? values[0] : values;
}

/** REST leaves the name of an only output away. */
function named(call: PredictCall, outputs: unknown): unknown {
  const [name, ...others] = Object.keys(call.expected);
  return name !== undefined && others.length === 0 ? { [name]: outputs } : outputs;
}

function columnsOf(call: PredictCall, predictions: readonly unknown[]): unknown {
  const rows = predictions.map((row) => named(call, row) as Readonly<Record<string, unknown>>);
  return Object.fromEntries(Object.keys(call.expected).map((name) => [name, rows.map((row) => row[name])]));
}

const CLIENT = String.raw`
def examples_of(call, request):
    for example in call['examples']:
        features = request.input.example_list.examples.add().features.feature
        for name, feature in example.items():
            for kind, values in feature.items():
                encoded = [v.encode() for v in values] if kind == 'bytes' else values
                getattr(features[name], kind + '_list').value.extend(encoded)

def decoded(value):
    if isinstance(value, list):
        return [decoded(element) for element in value]
    return value.decode() if isinstance(value, bytes) else value

def ask(call):
    method, target = call['method'], (call['model'], call['signature'])
    if method == 'predict':
        inputs = {k: tf.make_tensor_proto(v['value'], tf.as_dtype(v['dtype'])) for k, v in call['inputs'].items()}
        answer = plain(predict(target[0], inputs, target[1]))
        return answer if isinstance(answer, str) else {k: decoded(v) for k, v in answer.items()}
    kind = classification_pb2.ClassificationRequest if method == 'classify' else regression_pb2.RegressionRequest
    request = request_of(kind, *target)
    examples_of(call, request)
    if method == 'classify':
        response = attempt(predictions.Classify, request)
        return response if isinstance(response, str) else [
            [[c.label, c.score] for c in list.classes] for list in response.result.classifications]
    response = attempt(predictions.Regress, request)
    return response if isinstance(response, str) else [r.value for r in response.result.regressions]

print(json.dumps([ask(call) for call in json.load(open(arguments[0]))]))
`;

/** What TensorFlow Serving's own stubs receive for the calls in a JSON file, in the form of what is expected. */
export async function grpcAnswers(server: RunningServer, file: string): Promise<readonly unknown[]> {
  return (await runClient(`127.0.0.1:${server.grpcPort}`, CLIENT, [file])) as readonly unknown[];
}
