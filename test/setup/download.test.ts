import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { NativeError } from '../../easyrec/errors.js';
import { download, type ExpectedFile, TransferError } from '../../easyrec/setup/download.js';
import { sendRange, serve, sha256, temporaryFolder } from './support.js';

const CONTENT = randomBytes(300_000);
const EXPECTED: ExpectedFile = { bytes: CONTENT.length, sha256: sha256(CONTENT) };
const QUICK = { attempts: 3, pauseMs: 1 };

/** Promises the whole rest from `start` on and breaks the connection after `bytes` of it. */
function breakAfter(bytes: number, start: number, response: ServerResponse): void {
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': CONTENT.length - start });
  response.write(CONTENT.subarray(start, start + bytes), () => setTimeout(() => response.destroy(), 20));
}

test('downloads a file whole and leaves no partial one', async (t) => {
  const file = join(temporaryFolder(t), 'a.whl');
  const server = await serve(t, (request, response) => sendRange(CONTENT, request, response));
  const seen: [number, number][] = [];
  await download(`${server.url}a.whl`, file, EXPECTED, { onProgress: (...progress) => seen.push(progress) });
  assert.deepEqual(readFileSync(file), CONTENT);
  assert.equal(existsSync(`${file}.part`), false);
  assert.deepEqual(seen.at(-1), [CONTENT.length, CONTENT.length]);
});

test('continues a partial file of an earlier run where it ends', async (t) => {
  const file = join(temporaryFolder(t), 'a.whl');
  writeFileSync(`${file}.part`, CONTENT.subarray(0, 100_000));
  const server = await serve(t, (request, response) => sendRange(CONTENT, request, response));
  await download(`${server.url}a.whl`, file, EXPECTED);
  assert.deepEqual(readFileSync(file), CONTENT);
  assert.deepEqual(server.ranges, ['bytes=100000-']);
});

test('takes a partial file that is complete without asking the server', async (t) => {
  const file = join(temporaryFolder(t), 'a.whl');
  writeFileSync(`${file}.part`, CONTENT);
  await download('http://127.0.0.1:1/a.whl', file, EXPECTED, QUICK);
  assert.deepEqual(readFileSync(file), CONTENT);
});

test('goes on after connections that break, from where each broke', async (t) => {
  const file = join(temporaryFolder(t), 'a.whl');
  const server = await serve(t, (request, response) => {
    const start = Number(/(\d+)/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (start < 200_000) breakAfter(100_000, start, response);
    else sendRange(CONTENT, request, response);
  });
  await download(`${server.url}a.whl`, file, EXPECTED, QUICK);
  assert.deepEqual(readFileSync(file), CONTENT);
  assert.deepEqual(server.ranges, ['', 'bytes=100000-', 'bytes=200000-']);
});

test('begins again when the server knows no ranges', async (t) => {
  const file = join(temporaryFolder(t), 'a.whl');
  writeFileSync(`${file}.part`, CONTENT.subarray(0, 250_000));
  const server = await serve(t, (_request, response) => response.end(CONTENT));
  await download(`${server.url}a.whl`, file, EXPECTED);
  assert.deepEqual(readFileSync(file), CONTENT);
});

test('throws away a damaged partial file and downloads the whole', async (t) => {
  const file = join(temporaryFolder(t), 'a.whl');
  writeFileSync(`${file}.part`, Buffer.alloc(1000, 7));
  const server = await serve(t, (request, response) => sendRange(CONTENT, request, response));
  await download(`${server.url}a.whl`, file, EXPECTED);
  assert.deepEqual(readFileSync(file), CONTENT);
  assert.deepEqual(server.ranges, ['bytes=1000-', '']);
});

test('replaces a partial file that is longer than the whole', async (t) => {
  const file = join(temporaryFolder(t), 'a.whl');
  writeFileSync(`${file}.part`, Buffer.alloc(CONTENT.length + 10, 7));
  const server = await serve(t, (request, response) => sendRange(CONTENT, request, response));
  await download(`${server.url}a.whl`, file, EXPECTED);
  assert.deepEqual(readFileSync(file), CONTENT);
});

test('refuses a file with another content, naming both hashes, and keeps nothing', async (t) => {
  const file = join(temporaryFolder(t), 'a.whl');
  const other = Buffer.from(CONTENT);
  other.writeUInt8(other.readUInt8(5) ^ 1, 5);
  const server = await serve(t, (request, response) => sendRange(other, request, response));
  await assert.rejects(download(`${server.url}a.whl`, file, EXPECTED), (error) => {
    assert.ok(error instanceof NativeError);
    assert.ok(
      error.message.includes(`expected SHA-256 ${EXPECTED.sha256}, received ${sha256(other)}`),
      error.message,
    );
    return true;
  });
  assert.equal(existsSync(file), false);
  assert.equal(existsSync(`${file}.part`), false);
});

test('refuses a file of another size before downloading it, naming both sizes', async (t) => {
  const file = join(temporaryFolder(t), 'a.whl');
  const server = await serve(t, (request, response) => sendRange(CONTENT.subarray(1), request, response));
  await assert.rejects(download(`${server.url}a.whl`, file, EXPECTED), {
    name: 'NativeError',
    message: /expected a file of 300000 bytes, received one of 299999$/,
  });
  assert.equal(existsSync(file), false);
});

test('gives up on a server that refuses, after the attempts it was given, and keeps what it has', async (t) => {
  const file = join(temporaryFolder(t), 'a.whl');
  writeFileSync(`${file}.part`, CONTENT.subarray(0, 10));
  const server = await serve(t, (_request, response) => response.writeHead(503).end());
  await assert.rejects(download(`${server.url}a.whl`, file, EXPECTED, QUICK), (error) => {
    assert.ok(error instanceof TransferError);
    assert.match(error.message, /a\.whl: HTTP status 503$/);
    return true;
  });
  assert.equal(server.ranges.length, 3);
  assert.equal(readFileSync(`${file}.part`).length, 10);
});

test('says why no server could be reached', async (t) => {
  const file = join(temporaryFolder(t), 'a.whl');
  await assert.rejects(download('http://127.0.0.1:1/a.whl', file, EXPECTED, QUICK), {
    name: 'TransferError',
    message: /^http:\/\/127\.0\.0\.1:1\/a\.whl: (?!fetch failed).+/,
  });
});

test('gives up a connection on which nothing arrives', async (t) => {
  const file = join(temporaryFolder(t), 'a.whl');
  const server = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-length': CONTENT.length });
    response.write(CONTENT.subarray(0, 5));
  });
  await assert.rejects(download(`${server.url}a.whl`, file, EXPECTED, { attempts: 1, idleMs: 60 }), {
    name: 'TransferError',
    message: /nothing arrived for 0\.06 s/,
  });
});

test('does not take a disk that cannot be written for a failing server', async (t) => {
  const server = await serve(t, (request, response) => sendRange(CONTENT, request, response));
  const file = join(temporaryFolder(t), 'no-such-folder', 'a.whl');
  await assert.rejects(download(`${server.url}a.whl`, file, EXPECTED, QUICK), {
    code: 'ENOENT',
    syscall: 'open',
  });
  assert.equal(server.ranges.length, 1);
});
