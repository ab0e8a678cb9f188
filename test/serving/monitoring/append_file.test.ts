import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { SILENT_LOG } from '../../../easyrec/log.js';
import { accessLine, AccessLog } from '../../../easyrec/serving/monitoring/access_log.js';
import { AppendFile } from '../../../easyrec/serving/monitoring/append_file.js';
import type { InferenceRecord } from '../../../easyrec/serving/inference/index.js';

const folder = mkdtempSync(join(tmpdir(), 'easyrec-append-'));
after(() => rmSync(folder, { recursive: true }));

const CALL: InferenceRecord = {
  method: 'predict',
  modelName: 'm"',
  version: 2n ** 60n,
  signatureName: 'serving_default',
  entrypoint: 'GRPC',
  status: 'OK',
  latencyMs: 1.23456,
  runtimeMs: 1,
};

test('records of several openings stand in the file one after the other', async () => {
  const path = join(folder, 'records');
  for (const text of ['a', 'b']) {
    const file = new AppendFile(path, SILENT_LOG);
    file.append(Buffer.from(text));
    file.append(Buffer.from('\n'));
    await file.close();
  }
  assert.equal(readFileSync(path, 'utf8'), 'a\nb\n');
});

test('what waits longer than the interval is written without being asked', async () => {
  const path = join(folder, 'interval');
  const file = new AppendFile(path, SILENT_LOG, { flushIntervalMs: 10 });
  file.append(Buffer.from('a'));
  while (!existsSync(path) || readFileSync(path, 'utf8') === '') await delay(5);
  assert.equal(readFileSync(path, 'utf8'), 'a');
  await file.close();
});

test('a file that is cut while it is written to, as logrotate does with copytruncate, goes on from its start', async () => {
  const path = join(folder, 'cut');
  const file = new AppendFile(path, SILENT_LOG);
  file.append(Buffer.from('before\n'));
  await file.flush();
  truncateSync(path);
  file.append(Buffer.from('after\n'));
  await file.close();
  assert.equal(readFileSync(path, 'utf8'), 'after\n');
});

test('a file that cannot be written costs records and one warning, never an error', async () => {
  const warnings: string[] = [];
  const log = { ...SILENT_LOG, warn: (text: string) => warnings.push(text) };
  const file = new AppendFile('/dev/full', log);
  for (let i = 0; i < 3; i++) {
    assert.equal(file.append(Buffer.from('x')), true);
    await file.flush();
  }
  await file.close();
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /^\/dev\/full: 1 records were lost so far: .*ENOSPC/);
});

test('no more waits in memory than is allowed', async () => {
  const path = join(folder, 'limit');
  const file = new AppendFile(path, SILENT_LOG, { maxPendingBytes: 3 });
  assert.equal(file.append(Buffer.from('ab')), true);
  assert.equal(file.append(Buffer.from('cd')), false);
  await file.close();
  assert.equal(file.append(Buffer.from('e')), false, 'closed');
  assert.equal(readFileSync(path, 'utf8'), 'ab');
});

test('every call is a line of JSON in the access log', async () => {
  const path = join(folder, 'access.log');
  const access = new AccessLog(path, SILENT_LOG);
  access.finished(CALL);
  access.finished({ ...CALL, status: 'INVALID_ARGUMENT', errorMessage: 'no\nway' });
  await access.close();
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  assert.equal(lines.length, 2);
  const { time, ...rest } = JSON.parse(lines[0] ?? '') as { time: string };
  assert.ok(Math.abs(Date.parse(time) - Date.now()) < 10_000, time);
  assert.deepEqual(rest, {
    entrypoint: 'GRPC',
    method: 'predict',
    model: 'm"',
    version: '1152921504606846976',
    signature: 'serving_default',
    status: 'OK',
    latency_ms: 1.235,
    runtime_ms: 1,
  });
  assert.match(lines[1] ?? '', /"status":"INVALID_ARGUMENT","error":"no\\nway"/);
});

test('the time of an access line is UTC', () => {
  assert.match(accessLine(CALL, new Date(0)), /^\{"time":"1970-01-01T00:00:00\.000Z"/);
});
