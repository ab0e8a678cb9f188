import type { Random } from '../../../easyrec/input/random.js';
import { broken, noise } from './bytes.js';
import { type Arsenal, pick, weighted } from './campaign.js';
import { type RawSending, sendRaw } from './http_client.js';

const BODY = '{"instances": [1.0]}';

function predict(headers: readonly string[], body = BODY): string {
  return [
    'POST /v1/models/single:predict HTTP/1.1',
    'Host: x',
    'Connection: close',
    ...headers,
    '',
    body,
  ].join('\r\n');
}

/** Bytes that are no HTTP, and clients that do not keep to it. */
export function rawHttpAttacks(port: number): Arsenal {
  const made =
    (title: string, statuses: RegExp, make: (random: Random) => RawSending): Arsenal =>
    (random) => {
      const sending = make(random);
      const send = async (): Promise<string | undefined> => {
        const answer = await sendRaw(port, sending);
        const status = /^HTTP\/1\.[01] (\d+)/.exec(answer)?.[1] ?? 'none';
        return statuses.test(status)
          ? undefined
          : `status ${status}: ${answer.slice(0, 300)}; sent ${JSON.stringify(sending.parts.join('').slice(0, 300))}`;
      };
      return { title: `HTTP, ${title}`, send };
    };
  const length = `Content-Length: ${BODY.length}`;
  return weighted([
    [
      3,
      made('noise', /^(none|400)$/, (random) => ({ parts: [noise(random, 400), '\r\n\r\n'], then: 'end' })),
    ],
    [
      5,
      made('a broken request', /^(none|200|400|404|413|417|431|505)$/, (random) => ({
        parts: [broken(random, Buffer.from(predict([length])))],
        then: 'end',
      })),
    ],
    [3, made('a body cut off', /^(none|400|413)$/, (random) => cutOff(random, 'end'))],
    [3, made('a client that goes', /^none$/, (random) => cutOff(random, 'break'))],
    [
      2,
      made('a slow client', /^200$/, (random) => ({
        parts: pieces(random, predict([length])),
        pauseMs: 20,
        then: 'wait',
      })),
    ],
    [4, made('what contradicts itself', /^(none|200|400|413|431|501|505)$/, contradiction)],
  ]);
}

function cutOff(random: Random, then: 'end' | 'break'): RawSending {
  const whole = pick(random, [
    predict([`Content-Length: ${BODY.length + 10}`]),
    predict(['Transfer-Encoding: chunked'], `ffff\r\n${BODY}`),
    predict(['Transfer-Encoding: chunked'], `14\r\n${BODY}\r\n`),
    predict([`Content-Length: 50000000`]),
  ]);
  return { parts: [whole], then };
}

function pieces(random: Random, text: string): string[] {
  const cut = 1 + random.below(text.length - 2);
  return [text.slice(0, cut), text.slice(cut, cut + 1), text.slice(cut + 1)];
}

function contradiction(random: Random): RawSending {
  const sent = pick(random, [
    predict(['Content-Length: -1']),
    predict(['Content-Length: 99999999999999999999999']),
    predict(['Content-Length: 5', 'Content-Length: 20']),
    predict(['Content-Length: 20', 'Transfer-Encoding: chunked'], `14\r\n${BODY}\r\n0\r\n\r\n`),
    predict(['Transfer-Encoding: chunked'], `zz\r\n${BODY}\r\n0\r\n\r\n`),
    predict(['Transfer-Encoding: gzip']),
    predict(['X-Zero: a\0b', 'Content-Length: 0'], ''),
    predict(['X Space: 1', 'Content-Length: 0'], ''),
    predict([': nameless', 'Content-Length: 0'], ''),
    'GET /v1/models/single HTTP/9.9\r\nHost: x\r\n\r\n',
    'GET /v1/models/single\r\n\r\n',
    'CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
    `GET ${'/'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  ]);
  return { parts: [Buffer.from(sent, 'latin1')], then: 'end' };
}
