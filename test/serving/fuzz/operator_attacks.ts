import { deflateSync } from 'node:zlib';
import grpc from '@grpc/grpc-js';
import type { Random } from '../../../easyrec/input/random.js';
import { operatorProto } from '../../../easyrec/serving/operator/operator.js';
import { base64, plain } from '../operator/support.js';
import { broken, noise } from './bytes.js';
import { type Arsenal, type Check, pick, weighted } from './campaign.js';
import { grpcArsenal } from './grpc_answers.js';
import type { BytesClient } from './grpc_client.js';

const EXECUTE = '/omnisearch.Operator/Execute';
const COLOUR = [10, 20, 30] as const;

interface Request {
  readonly datas?: readonly string[];
  readonly urls?: readonly string[];
}

/** What an operator of pixels is asked; `hostUrl` is where a host of hostile answers is. */
export class OperatorCalls {
  readonly #client: BytesClient;
  readonly #hostUrl: string;
  readonly #request = operatorProto().root.lookupType('omnisearch.ExecuteRequest');
  readonly #reply = operatorProto().root.lookupType('omnisearch.ExecuteReply');

  constructor(client: BytesClient, hostUrl: string) {
    this.#client = client;
    this.#hostUrl = hostUrl;
  }

  /** Pictures that are none, each beside one that is: its vector must come, and no other. */
  attacks(): Arsenal {
    const right = this.#encode({ datas: [base64(plain(...COLOUR))] });
    return weighted([
      [10, this.#beside('corrupt pictures', (random) => ({ datas: [base64(picture(random))] }))],
      [5, this.#beside('odd data', (random) => ({ datas: [oddDatum(random)] }))],
      [3, this.#beside('odd URLs', (random) => ({ urls: [this.#oddUrl(random)] }))],
      [
        5,
        grpcArsenal(this.#client, 'operator, broken messages', (random) => ({
          path: pick(random, [EXECUTE, '/omnisearch.Operator/Identity', '/omnisearch.Operator/Healthy']),
          message: broken(random, right),
          // What is left of the picture may be all that is wrong.
          codes: ['OK', 'INVALID_ARGUMENT'],
        })),
      ],
      [
        1,
        grpcArsenal(this.#client, 'operator, a client that goes', (random) => ({
          path: EXECUTE,
          message: right,
          cancelMs: random.below(5),
          codes: ['OK', 'CANCELLED'],
        })),
      ],
    ]);
  }

  /** A picture of one colour, whose vector is its colour. */
  checks(): readonly Check[] {
    return [
      async () => {
        const problem = await this.#vectorProblem({ datas: [base64(plain(...COLOUR))] });
        if (problem !== undefined) throw new Error(problem);
      },
    ];
  }

  #beside(title: string, make: (random: Random) => Request): Arsenal {
    return (random) => {
      const { datas = [], urls = [] } = make(random);
      const good = base64(plain(...COLOUR));
      // Data win over URLs, so a picture beside a URL must be a URL itself.
      const request =
        urls.length > 0 ? { urls: [...urls, `${this.#hostUrl}/picture`] } : { datas: [...datas, good] };
      const send = async (): Promise<string | undefined> => {
        const problem = await this.#vectorProblem(request);
        return problem && `${problem}; sent ${JSON.stringify({ datas, urls }).slice(0, 300)}`;
      };
      return { title: `operator, ${title}`, send };
    };
  }

  #encode(request: Request): Uint8Array {
    return this.#request.encode({ datas: [], urls: [], ...request }).finish();
  }

  /** The last picture of the request must be the last vector; one before it may by chance be a picture as well. */
  async #vectorProblem(request: Request): Promise<string | undefined> {
    const { code, details, message } = await this.#client.ask({
      path: EXECUTE,
      message: this.#encode(request),
    });
    if (code !== grpc.status.OK) return `${code}: ${details}`;
    const { vectors } = this.#reply.toObject(this.#reply.decode(message), { defaults: true }) as {
      readonly vectors: readonly { readonly element: readonly number[] }[];
    };
    const last = vectors.at(-1)?.element;
    const isRight = last?.join() === COLOUR.join() && vectors.length <= 2;
    return isRight ? undefined : `vectors ${JSON.stringify(vectors).slice(0, 200)}`;
  }

  #oddUrl(random: Random): string {
    return pick(random, [
      `${this.#hostUrl}/endless`,
      `${this.#hostUrl}/silent`,
      `${this.#hostUrl}/broken`,
      `${this.#hostUrl}/circle`,
      `${this.#hostUrl}/missing`,
      `${this.#hostUrl}/file`,
      'file:///etc/passwd',
      'gopher://127.0.0.1/',
      'http://',
      'http://[::',
      'http://127.0.0.1:1/x',
      'http://name.invalid/x',
      'data:image/png;base64,AAAA',
      `http://${'a'.repeat(5000)}/`,
      '\0',
    ]);
  }
}

function oddDatum(random: Random): string {
  return pick(random, [
    'x',
    '%%%',
    'data:',
    'data:,',
    'data:image/png;base64',
    'data:image/png;base64,',
    'data:image/png;base64,%zz',
    'data:image/png,hello',
    'A'.repeat(1 + random.below(100_000)),
    '/etc/passwd',
    '\u{1F600}',
    '\0',
    base64(noise(random, 300)),
  ]);
}

/** The start of a picture of some format, or one whose header lies. */
function picture(random: Random): Buffer {
  switch (random.below(5)) {
    case 0:
      return broken(random, plain(1, 2, 3, 16));
    case 1:
      return png(pick(random, [0, 1, 65_535, 2 ** 31 - 1]), pick(random, [0, 1, 65_535, 2 ** 32 - 1]));
    case 2:
      return broken(random, png(4, 4));
    case 3: {
      const head = pick(random, [
        'GIF89a',
        'GIF87a',
        '\xff\xd8\xff\xe0\0\x10JFIF\0',
        'RIFF\0\0\0\0WEBPVP8 ',
        '\x89PNG\r\n\x1a\n',
        'BM',
      ]);
      return Buffer.concat([Buffer.from(head, 'latin1'), noise(random, 200)]);
    }
    default: {
      const gif = Buffer.from(
        'GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\xff\xff\xff\xff\0\x02\x02D\x01\0;',
        'latin1',
      );
      return random.below(2) === 0 ? gif : broken(random, gif);
    }
  }
}

/** A PNG whose header says this size, whatever its content is. */
function png(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const chunk = (type: string, data: Buffer): Buffer => {
    const all = Buffer.alloc(12 + data.length);
    all.writeUInt32BE(data.length, 0);
    all.write(type, 4, 'latin1');
    all.set(data, 8);
    all.writeUInt32BE(crc32(all.subarray(4, 8 + data.length)), 8 + data.length);
    return all;
  };
  const content = deflateSync(Buffer.alloc(4 * 13));
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', content),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
