import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fetchUrl } from '../../../easyrec/serving/operator/fetch_url.js';
import { withHttp } from './support.js';

const LIMITS = { maxBytes: 1000, timeoutMs: 5000, allowPrivate: true };

test('content is fetched, also through redirects', async () => {
  await withHttp(
    (request, response) => {
      if (request.url === '/a') response.writeHead(302, { location: '/b' }).end();
      else response.end('content');
    },
    async (url) => {
      assert.equal(Buffer.from(await fetchUrl(`${url}/a`, LIMITS)).toString(), 'content');
    },
  );
});

test('other schemes are refused, also where a redirect leads to them', async () => {
  const refused = /expected an http or https URL, received one that begins file:/;
  await assert.rejects(fetchUrl('file:///etc/passwd', LIMITS), refused);
  await assert.rejects(fetchUrl('no url', LIMITS), /expected an http or https URL/);
  await withHttp(
    (_request, response) => response.writeHead(301, { location: 'file:///etc/passwd' }).end(),
    (url) => assert.rejects(fetchUrl(url, LIMITS), refused),
  );
});

test('private addresses are refused before anything is sent, however they are written', async () => {
  let requests = 0;
  await withHttp(
    (_request, response) => {
      requests++;
      response.end();
    },
    async (url) => {
      const { port } = new URL(url);
      const limits = { ...LIMITS, allowPrivate: false };
      const hosts = ['127.0.0.1', 'localhost', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]', '[::1]', '0'];
      for (const host of hosts) {
        const refused = /is an address of this machine or a local network; --allow_private_addresses/;
        await assert.rejects(fetchUrl(`http://${host}:${port}/`, limits), refused, host);
      }
    },
  );
  assert.equal(requests, 0);
});

test('an answer without end is cut off at the limit', async () => {
  await withHttp(
    (_request, response) => {
      const timer = setInterval(() => response.write(Buffer.alloc(600)), 1);
      response.once('close', () => clearInterval(timer));
    },
    (url) => assert.rejects(fetchUrl(url, LIMITS), /expected at most 1000 bytes, received more/),
  );
});

test('an answer that does not come is given up', async () => {
  await withHttp(
    () => undefined,
    (url) => assert.rejects(fetchUrl(url, { ...LIMITS, timeoutMs: 50 }), /no answer within 50 ms/),
  );
});

test('another status than 200 and a circle of redirects are failures', async () => {
  await withHttp(
    (request, response) => {
      if (request.url === '/gone') response.writeHead(404).end();
      else response.writeHead(302, { location: '/again' }).end();
    },
    async (url) => {
      await assert.rejects(fetchUrl(`${url}/gone`, LIMITS), /expected status 200, received 404/);
      await assert.rejects(fetchUrl(`${url}/circle`, LIMITS), /at most 5 redirects/);
    },
  );
});

test('a password in a URL is not shown', async () => {
  await assert.rejects(fetchUrl('ftp://user:secret@host/x', LIMITS), (error: Error) => {
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
});
