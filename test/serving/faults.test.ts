import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { temporaryFolder } from '../support/temporary.js';
import { AttackedServer } from './fuzz/attacked_server.js';
import { ask } from './fuzz/http_client.js';
import { writeScale } from './versions/support.js';

/** Serves y = 3 x in a process of its own; `check` asks it for one value. */
async function serve(
  t: TestContext,
  options: object,
  maxFileKiB?: number,
): Promise<{ readonly server: AttackedServer; readonly check: () => Promise<void> }> {
  const server = await AttackedServer.start('serve', options, maxFileKiB);
  const agent = new Agent({ keepAlive: true });
  t.after(async () => {
    agent.destroy();
    if (server.isAlive) await server.close();
  });
  let count = 0;
  const check = async (): Promise<void> => {
    const x = count++;
    const request = { method: 'POST', path: '/v1/models/m:predict', body: `{"instances": [${x}]}` };
    const { status, body } = await ask({ port: server.port, agent, ...request });
    assert.equal(status, 200, body.toString());
    assert.deepEqual(JSON.parse(body.toString()), { predictions: [3 * x] });
  };
  return { server, check };
}

/** Opens connections and sends the same bytes over each; they end with the test. */
async function flood(t: TestContext, port: number, count: number, bytes: string): Promise<readonly Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'));
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  await Promise.all(
    sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve).on('error', resolve))),
  );
  for (const socket of sockets) {
    // Nothing is read until the test does.
    socket.pause();
    socket.write(bytes);
  }
  return sockets;
}

test('when the disk is full, logs lose records and requests nothing', async (t) => {
  const root = temporaryFolder(t);
  await writeScale(join(root, 'm/1'), 3);
  const config = `model_config_list { config {
    name: "m" base_path: "${join(root, 'm')}" model_platform: "tensorflow"
    logging_config {
      log_collector_config { type: "tfrecord" filename_prefix: "${join(root, 'requests')}" }
      sampling_config { sampling_rate: 1 }
    }
  } }`;
  writeFileSync(join(root, 'models'), config);
  const accessLogFile = join(root, 'access.log');
  const limitKiB = 32;
  const options = { modelConfigFile: join(root, 'models'), accessLogFile };
  const { server, check } = await serve(t, options, limitKiB);
  // Each leaves more than 100 bytes in both.
  let sent = 0;
  while (sent < 1500 || !existsSync(accessLogFile) || statSync(accessLogFile).size === 0) {
    await check();
    sent++;
    // What is then written at a time has room.
    if (sent >= 1500) await delay(20);
  }
  await server.close();
  const { size } = statSync(join(root, 'requests.tfrecord'));
  assert.ok(size <= limitKiB * 1024, `${size} bytes`);
  const text = readFileSync(accessLogFile, 'utf8');
  assert.ok(text.length <= limitKiB * 1024 && text.endsWith('}\n'), `${text.length} characters`);
  const lines = text.trimEnd().split('\n');
  assert.ok(lines.length > 0 && lines.length < sent, `${lines.length} lines of ${sent}`);
  for (const line of lines) assert.equal((JSON.parse(line) as { status: string }).status, 'OK');
});

test('500 clients that do not finish their request keep nobody from being served, and leave nothing behind', async (t) => {
  const root = temporaryFolder(t);
  await writeScale(join(root, '1'), 3);
  const { server, check } = await serve(t, { modelBasePath: root, modelName: 'm' });
  await check();
  const before = await server.holdings();
  const half = [
    'POST /v1/models/m:predict HTTP/1.1\r\nHost: x\r\n',
    'Content-Length: 1000000\r\n\r\n{"instances": [',
  ];
  const slow = [
    ...(await flood(t, server.port, 250, half[0] ?? '')),
    ...(await flood(t, server.port, 250, half.join(''))),
  ];
  const started = performance.now();
  for (let i = 0; i < 20; i++) await check();
  assert.ok(performance.now() - started < 10_000);
  assert.ok((await server.holdings()).openFiles >= before.openFiles + 500);
  for (const socket of slow) socket.destroy();
  await check();
  let after = await server.holdings();
  for (let i = 0; i < 300 && after.openFiles > before.openFiles + 1; i++) {
    await delay(100);
    after = await server.holdings();
  }
  assert.ok(
    after.openFiles <= before.openFiles + 1,
    `${before.openFiles}, then ${after.openFiles} open files`,
  );
});

test('a client that asks and asks and does not read costs no memory without end', async (t) => {
  const root = temporaryFolder(t);
  await writeScale(join(root, '1'), 3);
  const { server, check } = await serve(t, { modelBasePath: root, modelName: 'm' });
  for (let i = 0; i < 20; i++) await check();
  const before = await server.holdings();
  const body = `{"instances": [${Array.from({ length: 10_000 }, (_, i) => i).join()}]}`;
  const request = `POST /v1/models/m:predict HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  // Their answers would be 400 MiB.
  const [socket] = await flood(t, server.port, 1, request.repeat(4000));
  for (let i = 0; i < 20; i++) {
    await check();
    await delay(100);
  }
  const grown = (await server.holdings()).rssMiB - before.rssMiB;
  assert.ok(grown < 150, `grew by ${Math.round(grown)} MiB`);
  socket?.destroy();
  await check();
});
