import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { setImmediate as nextRound, setTimeout as delay } from 'node:timers/promises';
import { adaptivelyBatched, batched } from '../../../easyrec/serving/batching/batching.js';
import type { BatchingObserver } from '../../../easyrec/serving/batching/batching_observer.js';
import { parseBatchingParameters } from '../../../easyrec/serving/batching/batching_parameters.js';
import type { ServableModel } from '../../../easyrec/serving/servable.js';
import { ServingError, type StatusCode } from '../../../easyrec/serving/status.js';
import { floats, GatedModel, plain, rowsOf, strings } from './support.js';

const SIGNATURE = { signatureName: 'serving_default' };

function withBatching(model: ServableModel, text: string, observer?: BatchingObserver): ServableModel {
  return batched(model, parseBatchingParameters(text, 'test'), observer);
}

function failsWith(code: StatusCode, message: string | RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ServingError, String(error));
    assert.equal(error.code, code);
    if (typeof message === 'string') assert.equal(error.message, message);
    else assert.match(error.message, message);
    return true;
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextRound();
}

test('requests are joined row by row, and each gets its own rows back', async () => {
  const model = new GatedModel(true);
  const server = withBatching(model, 'batch_timeout_micros { value: 20000 } num_batch_threads { value: 1 }');
  const answers = await Promise.all(
    [[1], [2, 3], [4]].map((values) => server.run({ ...SIGNATURE, inputs: rowsOf(...values) })),
  );
  assert.deepEqual(model.sizes, [4]);
  assert.deepEqual(
    answers.map((answer) => plain(answer.get('y'))),
    [[2], [4, 6], [8]],
  );
  assert.deepEqual(
    answers.map((answer) => plain(answer.get('t'))),
    [['1'], ['2', '3'], ['4']],
  );
  assert.deepEqual(answers[1]?.get('y')?.shape, [2]);
});

test('a batch is run as soon as it is full, else when its first request has waited long enough', async () => {
  const model = new GatedModel(true);
  const run = (server: ServableModel): Promise<unknown> => server.run({ ...SIGNATURE, inputs: rowsOf(1) });
  const withTimeout = (micros: number): ServableModel =>
    withBatching(
      model,
      `max_batch_size { value: 2 } batch_timeout_micros { value: ${micros} } num_batch_threads { value: 4 }`,
    );
  const patient = withTimeout(3_600_000_000);
  // A full batch that waited would do so for an hour.
  await Promise.all([run(patient), run(patient)]);
  const second = performance.now();
  await run(withTimeout(500_000));
  assert.ok(performance.now() - second >= 499, 'a batch that is not full waits for others');
  assert.deepEqual(model.sizes, [2, 1]);
});

test('no more batches run at a time than there are threads', async () => {
  const model = new GatedModel();
  const server = withBatching(model, 'max_batch_size { value: 1 } num_batch_threads { value: 2 }');
  const runs = [1, 2, 3].map((x) => server.run({ ...SIGNATURE, inputs: rowsOf(x) }));
  await delay(20);
  assert.equal(model.requests.length, 2);
  model.gates[0]?.();
  await until(() => model.requests.length === 3);
  for (const open of model.gates) open();
  await Promise.all(runs);
});

test('requests for other signatures and other outputs are not joined', async () => {
  const model = new GatedModel(true);
  const server = withBatching(model, 'batch_timeout_micros { value: 5000 } num_batch_threads { value: 1 }');
  const inputs = rowsOf(1);
  const answers = await Promise.all([
    server.run({ signatureName: 'serving_default', inputs }),
    server.run({ signatureName: 'other', inputs }),
    server.run({ signatureName: 'other', inputs, outputs: ['t'] }),
  ]);
  assert.deepEqual(model.sizes, [1, 1, 1]);
  assert.deepEqual([...answers[2].keys()], ['t']);
});

test('a full queue is UNAVAILABLE, a request that is too large is INVALID_ARGUMENT, in the words of the original', async () => {
  const model = new GatedModel();
  const server = withBatching(
    model,
    'max_batch_size { value: 2 } max_enqueued_batches { value: 1 } num_batch_threads { value: 1 }',
  );
  const runs = [server.run({ ...SIGNATURE, inputs: rowsOf(1, 1) })];
  await until(() => model.requests.length === 1);
  runs.push(server.run({ ...SIGNATURE, inputs: rowsOf(2, 2) }));
  await assert.rejects(
    server.run({ ...SIGNATURE, inputs: rowsOf(3) }),
    failsWith(
      'UNAVAILABLE',
      'The batch scheduling queue to which this task was submitted is full; ' +
        'currently 1 batches enqueued and max_enqueued_batches is 1',
    ),
  );
  await assert.rejects(
    server.run({ ...SIGNATURE, inputs: rowsOf(1, 2, 3) }),
    failsWith('INVALID_ARGUMENT', 'Task size 3 is larger than maximum input batch size 2'),
  );
  model.gates[0]?.();
  await until(() => model.requests.length === 2);
  model.gates[1]?.();
  await Promise.all(runs);
});

test('a large request is run in parts where the parameters say so', async () => {
  const model = new GatedModel(true);
  const server = withBatching(
    model,
    'max_batch_size { value: 10 } max_execution_batch_size { value: 4 } enable_large_batch_splitting { value: true }' +
      ' batch_timeout_micros { value: 3000 } num_batch_threads { value: 1 } max_enqueued_batches { value: 3 }',
  );
  const [small, large] = await Promise.all([
    server.run({ ...SIGNATURE, inputs: rowsOf(1) }),
    server.run({ ...SIGNATURE, inputs: rowsOf(2, 3, 4, 5, 6, 7, 8, 9) }),
  ]);
  assert.deepEqual(model.sizes, [4, 4, 1]);
  assert.deepEqual(plain(small.get('y')), [2]);
  assert.deepEqual(plain(large.get('y')), [4, 6, 8, 10, 12, 14, 16, 18]);
  assert.deepEqual(plain(large.get('t')), ['2', '3', '4', '5', '6', '7', '8', '9']);
});

test('batches are filled up to an allowed size, and nobody sees the rows added', async () => {
  const model = new GatedModel(true);
  const seen: string[] = [];
  const server = withBatching(
    model,
    'max_batch_size { value: 8 } allowed_batch_sizes: [4, 8] batch_timeout_micros { value: 5000 } num_batch_threads { value: 1 }',
    {
      inputBatch: (rows) => seen.push(`input ${rows}`),
      dequeued: (name, micros) => assert.ok(micros >= 4000, `${name}: ${micros}`),
      processedBatch: (rows, padding) => seen.push(`processed ${rows}, ${padding} added`),
    },
  );
  const answers = await Promise.all(
    [[1, 2], [3]].map((values) => server.run({ ...SIGNATURE, inputs: rowsOf(...values) })),
  );
  assert.deepEqual(plain(model.requests[0]?.inputs.get('x')), [1, 2, 3, 3]);
  assert.deepEqual(plain(model.requests[0]?.inputs.get('s')), ['1', '2', '3', '3']);
  assert.deepEqual(
    answers.map((answer) => plain(answer.get('y'))),
    [[2, 4], [6]],
  );
  assert.deepEqual(seen, ['input 2', 'input 1', 'processed 4, 1 added']);
});

test('an input of another type or shape than the signature says is run by itself', async () => {
  const model = new GatedModel(true);
  const server = withBatching(model, 'batch_timeout_micros { value: 5000 } num_batch_threads { value: 1 }');
  const matrix = new Map([...rowsOf(1), ['x', floats([1, 2], [1, 2])] as const]);
  const others = await Promise.all([
    server.run({ ...SIGNATURE, inputs: rowsOf(1) }),
    server.run({ ...SIGNATURE, inputs: matrix }),
    server.run({ ...SIGNATURE, inputs: rowsOf(3) }),
  ]);
  assert.deepEqual(model.sizes, [1, 2]);
  assert.deepEqual(plain(others[1].get('y')), [2, 4]);
});

test('inputs without rows, or with different numbers of them, get the errors of the original', async () => {
  const server = withBatching(new GatedModel(true), '');
  const scalar = new Map([...rowsOf(1), ['x', floats([1], [])] as const]);
  await assert.rejects(
    server.run({ ...SIGNATURE, inputs: scalar }),
    failsWith('INVALID_ARGUMENT', 'Batching Run() input tensors must have at least one dimension'),
  );
  const uneven = new Map([...rowsOf(1), ['s', strings(['a', 'b'])] as const]);
  await assert.rejects(
    server.run({ ...SIGNATURE, inputs: uneven }),
    failsWith('INVALID_ARGUMENT', 'Batching Run() input tensors must have equal 0th-dimension size'),
  );
});

test('a request that makes its batch fail fails alone', async () => {
  const model = new GatedModel(true);
  const good = model.run.bind(model);
  model.run = async (request) => {
    const answer = await good(request);
    if (plain(request.inputs.get('x')).includes(13))
      throw new ServingError('INVALID_ARGUMENT', 'indices[0] = 13');
    return answer;
  };
  const server = withBatching(model, 'batch_timeout_micros { value: 5000 } num_batch_threads { value: 1 }');
  const results = await Promise.allSettled(
    [1, 2, 13, 4, 5, 6].map((x) => server.run({ ...SIGNATURE, inputs: rowsOf(x) })),
  );
  assert.deepEqual(
    results.map((result) =>
      result.status === 'fulfilled' ? plain(result.value.get('y')) : String(result.reason),
    ),
    [[2], [4], 'INVALID_ARGUMENT: indices[0] = 13', [8], [10], [12]],
  );
});

test('a request whose time is over while it waits is answered then, and not run', async () => {
  const model = new GatedModel();
  const server = withBatching(model, 'num_batch_threads { value: 1 }');
  const first = server.run({ ...SIGNATURE, inputs: rowsOf(1) });
  await until(() => model.requests.length === 1);
  const started = performance.now();
  await assert.rejects(
    server.run({ ...SIGNATURE, inputs: rowsOf(2), timeoutMs: 30 }),
    failsWith('RESOURCE_EXHAUSTED', 'Run() timeout exceeded while waiting in batching queue'),
  );
  assert.ok(performance.now() - started < 5000);
  const third = server.run({ ...SIGNATURE, inputs: rowsOf(3), timeoutMs: 10_000 });
  model.gates[0]?.();
  await until(() => model.requests.length === 2);
  model.gates[1]?.();
  assert.deepEqual(plain((await third).get('y')), [6]);
  await first;
  assert.deepEqual(model.sizes, [1, 1]);
});

test('a run lasts until the last deadline of its batch, and who has an earlier one is answered then', async () => {
  const model = new GatedModel();
  const server = withBatching(model, 'batch_timeout_micros { value: 3000 } num_batch_threads { value: 1 }');
  const hasty = server.run({ ...SIGNATURE, inputs: rowsOf(1), timeoutMs: 400 });
  const patient = server.run({ ...SIGNATURE, inputs: rowsOf(2), timeoutMs: 20_000 });
  await assert.rejects(hasty, failsWith('DEADLINE_EXCEEDED', 'Timed out waiting for notification'));
  const [request] = model.requests;
  assert.ok(request?.timeoutMs !== undefined && request.timeoutMs > 4000, String(request?.timeoutMs));
  assert.equal(request.signal?.aborted, false);
  model.gates[0]?.();
  assert.deepEqual(plain((await patient).get('y')), [4]);
});

test('a request whose client has gone leaves the queue; a batch that nobody waits for is cancelled', async () => {
  const model = new GatedModel();
  const server = withBatching(
    model,
    'num_batch_threads { value: 1 } max_batch_size { value: 1 } max_enqueued_batches { value: 1 }',
  );
  const [running, waiting] = [new AbortController(), new AbortController()];
  const first = server.run({ ...SIGNATURE, inputs: rowsOf(1), signal: running.signal });
  await until(() => model.requests.length === 1);
  const second = server.run({ ...SIGNATURE, inputs: rowsOf(2), signal: waiting.signal });
  waiting.abort();
  await assert.rejects(second, failsWith('CANCELLED', /gone/));
  const third = server.run({ ...SIGNATURE, inputs: rowsOf(3) });
  const isAborted = (): boolean | undefined => model.requests[0]?.signal?.aborted;
  assert.equal(isAborted(), false);
  running.abort();
  await assert.rejects(first, failsWith('CANCELLED', /gone/));
  assert.equal(isAborted(), true);
  model.gates[0]?.(new ServingError('CANCELLED', 'cancelled'));
  await until(() => model.requests.length === 2);
  model.gates[1]?.();
  assert.deepEqual(plain((await third).get('y')), [6]);
});

test('requests of ever other kinds cannot fill the memory', async () => {
  const model = new GatedModel();
  const server = withBatching(model, 'num_batch_threads { value: 1 }');
  const runs = Array.from({ length: 1002 }, (_, i) =>
    server.run({ ...SIGNATURE, inputs: rowsOf(1), outputs: Array.from({ length: i + 1 }, () => 'y') }),
  );
  const results = Promise.allSettled(runs);
  await assert.rejects(
    Promise.all(runs.slice(1000)),
    failsWith('UNAVAILABLE', 'more than 1000 kinds of requests wait to be batched'),
  );
  await server.close();
  model.gates[0]?.();
  assert.equal((await results).filter(({ status }) => status === 'fulfilled').length, 0);
});

test('however many batches may wait, requests of a model do so only up to a number', async () => {
  const model = new GatedModel();
  const server = withBatching(
    model,
    'num_batch_threads { value: 1 } max_batch_size { value: 1 } max_enqueued_batches { value: 1000000 }',
  );
  const running = server.run({ ...SIGNATURE, inputs: rowsOf(0) });
  await until(() => model.requests.length === 1);
  const gone = new AbortController();
  const inputs = rowsOf(1);
  const first = server.run({ ...SIGNATURE, inputs, signal: gone.signal });
  const others = Array.from({ length: 19_999 }, () => server.run({ ...SIGNATURE, inputs }));
  const results = Promise.allSettled(others);
  const refused = failsWith('UNAVAILABLE', 'more than 20000 requests wait to be batched');
  await assert.rejects(server.run({ ...SIGNATURE, inputs }), refused);
  gone.abort();
  await assert.rejects(first, failsWith('CANCELLED', /gone/));
  const next = server.run({ ...SIGNATURE, inputs });
  await assert.rejects(server.run({ ...SIGNATURE, inputs }), refused);
  model.gates[0]?.();
  await until(() => model.requests.length === 2);
  const last = server.run({ ...SIGNATURE, inputs });
  const ends = assert.rejects(Promise.all([next, last]), failsWith('UNAVAILABLE', /being unloaded/));
  await server.close();
  model.gates[1]?.();
  await ends;
  await running;
  assert.equal((await results).filter(({ status }) => status === 'fulfilled').length, 1);
});

test('what waits when the model goes is UNAVAILABLE', async () => {
  const model = new GatedModel();
  const server = withBatching(model, 'num_batch_threads { value: 1 }');
  const first = server.run({ ...SIGNATURE, inputs: rowsOf(1) });
  await until(() => model.requests.length === 1);
  const second = server.run({ ...SIGNATURE, inputs: rowsOf(2) });
  await server.close();
  await assert.rejects(second, failsWith('UNAVAILABLE', 'The model is being unloaded'));
  model.gates[0]?.();
  await first;
  assert.equal(model.closed, true);
});

test('without batching asked for, a request never waits, and what arrives meanwhile is run together', async () => {
  const model = new GatedModel();
  const server = adaptivelyBatched(model);
  const runs: Promise<ReadonlyMap<string, unknown>>[] = [];
  const busy = availableParallelism();
  for (let x = 0; x < busy; x++) {
    runs.push(server.run({ ...SIGNATURE, inputs: rowsOf(x) }));
    await until(() => model.requests.length === runs.length);
  }
  for (let i = 0; i < 5; i++) runs.push(server.run({ ...SIGNATURE, inputs: rowsOf(100 + i) }));
  await delay(20);
  assert.equal(model.requests.length, busy, 'more would run at a time than there are processors');
  model.gates[0]?.();
  await until(() => model.requests.length === busy + 1);
  assert.equal(model.sizes.at(-1), 5);
  for (const open of model.gates) open();
  await Promise.all(runs);
});

test('without batching asked for, shapes that differ and requests of any size work as if each were alone', async () => {
  const model = new GatedModel(true);
  const server = adaptivelyBatched(model);
  const scalar = new Map([...rowsOf(1), ['x', floats([7], [])] as const]);
  const many = Array.from({ length: 3000 }, (_, i) => i);
  const answers = await Promise.all([
    server.run({ ...SIGNATURE, inputs: scalar }),
    server.run({ ...SIGNATURE, inputs: rowsOf(...many) }),
    server.run({ ...SIGNATURE, inputs: rowsOf() }),
  ]);
  assert.deepEqual(plain(answers[0].get('y')), [14]);
  assert.equal(answers[1].get('y')?.values.length, 3000);
  assert.deepEqual(answers[2].get('y')?.shape, [0]);
});
