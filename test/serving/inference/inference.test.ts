import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Inference,
  type CallContext,
  type InferenceRecord,
} from '../../../easyrec/serving/inference/index.js';
import type { ServableTensor } from '../../../easyrec/serving/servable.js';
import { SingleModelCatalog } from '../../../easyrec/serving/single_model_catalog.js';
import { ServingError } from '../../../easyrec/serving/status.js';
import { FakeModel, halfPlusTwo, infos } from '../support.js';

interface Observed {
  readonly inference: Inference;
  readonly records: readonly InferenceRecord[];
}

function observe(model: FakeModel, checkMethodNames = false): Observed {
  const records: InferenceRecord[] = [];
  const catalog = new SingleModelCatalog('m', { version: 3n, model });
  const observer = { finished: (record: InferenceRecord) => void records.push(record) };
  return { inference: new Inference(catalog, [observer], { checkMethodNames }), records };
}

const REST: CallContext = { entrypoint: 'REST' };
const SPEC = { name: 'm' };
const X: ServableTensor = { dtype: 'float32', shape: [2], values: Float32Array.of(1, 2) };
const PREDICT = { signatureName: '', inputs: new Map([['x', X]]) };

/** A record without its times, after a look at them. */
function withoutTimes({ latencyMs, runtimeMs, ...record }: InferenceRecord): object {
  assert.ok(latencyMs >= (runtimeMs ?? 0) && latencyMs < 10_000);
  return record;
}

/** A model that classifies and regresses: scores are the lengths of the examples. */
function lengths(): FakeModel {
  const inputs = infos({ inputs: 'string' });
  const signatures = {
    serving_default: {
      methodName: 'tensorflow/serving/classify',
      inputs,
      outputs: infos({ classes: 'string', scores: 'float32' }),
    },
    scores: {
      methodName: 'tensorflow/serving/classify',
      inputs,
      outputs: infos({ scores: 'float32', more: 'int64' }),
    },
    regress: { methodName: 'tensorflow/serving/regress', inputs, outputs: infos({ outputs: 'float32' }) },
  };
  return new FakeModel(signatures, ({ inputs: fed }) => {
    const texts = fed.get('inputs')?.values ?? [];
    const sizes = Float32Array.from([...texts], (text) => (text as Uint8Array).length);
    const column = { dtype: 'float32', shape: [sizes.length, 1], values: sizes } as const;
    const classes = {
      dtype: 'string',
      shape: [sizes.length, 1],
      values: [...texts] as Uint8Array[],
    } as const;
    return Promise.resolve(
      new Map<string, ServableTensor>([
        ['classes', classes],
        ['scores', column],
        ['outputs', column],
      ]),
    );
  });
}

test('observers are told what was asked and answered', async () => {
  const { inference, records } = observe(halfPlusTwo());
  const { result, ...used } = await inference.predict(SPEC, PREDICT, REST);
  assert.deepEqual(used, { version: 3n, signatureName: 'serving_default' });
  assert.deepEqual([...(result.get('y')?.values ?? [])], [2.5, 3]);
  assert.deepEqual(records.map(withoutTimes), [
    {
      method: 'predict',
      request: { inputs: PREDICT.inputs, outputs: [] },
      response: result,
      modelName: 'm',
      version: 3n,
      signatureName: 'serving_default',
      entrypoint: 'REST',
      status: 'OK',
    },
  ]);
});

test('they are told of calls that failed, too, in as far as they came', async () => {
  const { inference, records } = observe(halfPlusTwo());
  const grpc: CallContext = { entrypoint: 'GRPC' };
  const none = { signatureName: 'none', inputs: PREDICT.inputs };
  await assert.rejects(
    inference.predict(SPEC, none, grpc),
    new ServingError('FAILED_PRECONDITION', 'Serving signature key "none" not found.'),
  );
  await assert.rejects(
    inference.classify({ name: 'other' }, '', { examples: [] }, REST),
    /Servable not found for request: Latest\(other\)/,
  );
  inference.refused({ method: 'regress' }, SPEC, new ServingError('INVALID_ARGUMENT', 'no JSON'), REST);
  assert.throws(() => inference.metadata({ name: '' }, grpc), /ModelSpec has no name specified/);
  assert.deepEqual(records.map(withoutTimes), [
    {
      method: 'predict',
      modelName: 'm',
      version: 3n,
      signatureName: 'none',
      entrypoint: 'GRPC',
      status: 'FAILED_PRECONDITION',
      errorMessage: 'Serving signature key "none" not found.',
    },
    {
      method: 'classify',
      request: { examples: [] },
      modelName: 'other',
      signatureName: 'serving_default',
      entrypoint: 'REST',
      status: 'NOT_FOUND',
      errorMessage: 'Servable not found for request: Latest(other)',
    },
    {
      method: 'regress',
      modelName: 'm',
      signatureName: 'serving_default',
      entrypoint: 'REST',
      status: 'INVALID_ARGUMENT',
      errorMessage: 'no JSON',
    },
    {
      method: 'get_model_metadata',
      modelName: '',
      signatureName: '',
      entrypoint: 'GRPC',
      status: 'INVALID_ARGUMENT',
      errorMessage: 'ModelSpec has no name specified.',
    },
  ]);
});

test('the time that a call has left is what the model gets; without any, it is not run', async () => {
  const model = halfPlusTwo();
  const { inference } = observe(model);
  const startedAt = performance.now() - 900_000;
  await inference.predict(SPEC, PREDICT, { ...REST, timeoutMs: 1_000_000, startedAt });
  const [{ timeoutMs = 0 } = {}] = model.requests;
  assert.ok(timeoutMs > 0 && timeoutMs <= 100_000, String(timeoutMs));
  const late = inference.predict(SPEC, PREDICT, { ...REST, timeoutMs: 500, startedAt });
  await assert.rejects(late, { code: 'DEADLINE_EXCEEDED' });
  assert.equal(model.requests.length, 1);
});

test('a call ends with its client, whether the model heeds that or not', async () => {
  const signature = { methodName: '', inputs: infos({ x: 'float32' }), outputs: infos({ y: 'float32' }) };
  const model = new FakeModel({ serving_default: signature }, () => new Promise(() => undefined));
  const { inference, records } = observe(model);
  const client = new AbortController();
  const call = inference.predict(SPEC, PREDICT, { ...REST, signal: client.signal });
  setTimeout(() => client.abort(), 20);
  await assert.rejects(call, { code: 'CANCELLED' });
  await assert.rejects(inference.predict(SPEC, PREDICT, { ...REST, signal: client.signal }), {
    code: 'CANCELLED',
  });
  assert.equal(model.requests.length, 1);
  assert.deepEqual(
    records.map(({ status }) => status),
    ['CANCELLED', 'CANCELLED'],
  );
});

test('the context goes before each example', async () => {
  const model = lengths();
  const { inference, records } = observe(model);
  const examples = { examples: [Buffer.from('a'), Buffer.alloc(0)], context: Buffer.from('shared') };
  const { result } = await inference.classify(SPEC, '', examples, REST);
  const plain = result.map((classes) =>
    classes.map(({ label, score }) => [Buffer.from(label).toString(), score]),
  );
  assert.deepEqual(plain, [[['shareda', 7]], [['shared', 6]]]);
  assert.deepEqual((await inference.regress(SPEC, 'regress', examples, REST)).result, [7, 6]);
  assert.deepEqual(
    records.map(({ examples: count }) => count),
    [2, 2],
  );
  // All outputs of the signature are wanted, or else only some.
  assert.deepEqual(
    model.requests.map(({ outputs }) => outputs),
    [undefined, undefined],
  );
  await inference.classify(SPEC, 'scores', examples, REST);
  assert.deepEqual(model.requests.at(-1)?.outputs, ['scores']);
});

test('a signature can be kept to the method that it names', async () => {
  const { inference } = observe(lengths(), true);
  const examples = { examples: [Buffer.from('a')] };
  await inference.classify(SPEC, '', examples, REST);
  await assert.rejects(
    inference.regress(SPEC, 'scores', examples, REST),
    new ServingError(
      'INVALID_ARGUMENT',
      'Expected regression signature method_name to be tensorflow/serving/regress. Was: tensorflow/serving/classify',
    ),
  );
  const odd = { methodName: 'odd', inputs: infos({ x: 'float32' }), outputs: infos({ y: 'float32' }) };
  const model = new FakeModel({ serving_default: odd }, () => Promise.resolve(new Map()));
  await assert.rejects(
    observe(model, true).inference.predict(SPEC, PREDICT, REST),
    new ServingError(
      'INTERNAL',
      'Expected prediction signature method_name to be one of {tensorflow/serving/predict, ' +
        'tensorflow/serving/classify, tensorflow/serving/regress}. Was: odd',
    ),
  );
});
