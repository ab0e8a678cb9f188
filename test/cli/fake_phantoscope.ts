import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OperatorClient } from '../../easyrec/serving/operator/operator_client.js';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Json = Readonly<Record<string, unknown>>;

/** A request as the server saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly body: Json | undefined;
}

const notExist = (kind: string, name: string): Answer => ({
  status: 404,
  body: { message: `${kind} ${name} not exist`, error: 'NotExistError' },
});
const ok = (body: unknown): Answer => ({ status: 200, body });

/**
 * A Phantoscope 0.1.0 server as far as operators are concerned: it asks an operator who it is, keeps what it is told,
 * and hands images from operator to operator as the original does. Vectors are compared here instead of in Milvus.
 */
export class FakePhantoscope {
  readonly requests: SeenRequest[] = [];
  readonly #operators = new Map<string, Json>();
  readonly #pipelines = new Map<string, Json>();
  readonly #applications = new Map<string, Json>();
  readonly #entities: { readonly id: string; readonly vector: readonly number[] }[] = [];

  /** Answers while `use` runs. */
  async serve<Result>(use: (url: string) => Promise<Result>): Promise<Result> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const body = text === '' ? undefined : (JSON.parse(text) as Json);
        const seen = { method: request.method ?? '', path: request.url ?? '', body };
        this.requests.push(seen);
        void this.#answer(seen).then(({ status, body: answer }) =>
          response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer)),
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  }

  async #answer({ method, path, body = {} }: SeenRequest): Promise<Answer> {
    const [, , kind = '', name = '', action = ''] = path.split('/').map(decodeURIComponent);
    if (kind === 'operator' && method === 'POST') return this.#regist(body);
    if (action !== '') return this.#apply(action, name, body);
    const tables = { operator: this.#operators, pipeline: this.#pipelines, application: this.#applications };
    const table = tables[kind as keyof typeof tables];
    if (method === 'POST')
      return kind === 'pipeline' ? this.#pipeline(name, body) : this.#application(name, body);
    if (name === '') return ok([...table.values()]);
    const found = table.get(name);
    if (method === 'DELETE') table.delete(name);
    return found === undefined ? notExist(kind, name) : ok(found);
  }

  async #regist({ endpoint, name }: Json): Promise<Answer> {
    const client = new OperatorClient(String(endpoint), 5000);
    const failed = { message: `opeartor ${String(name)} regist error`, error: 'OperatorRegistError' };
    try {
      const id = await client.identity();
      if (this.#operators.has(String(name))) return { status: 503, body: failed };
      const entry = {
        ...{ _name: name, _backend: id.name, _type: id.type, _input: id.input, _output: id.output },
        ...{ _endpoint: id.endpoint, _metric_type: id.metricType, _dimension: Number(id.dimension) },
      };
      this.#operators.set(String(name), entry);
      return ok(entry);
    } catch {
      return { status: 503, body: failed };
    } finally {
      client.close();
    }
  }

  #pipeline(name: string, { input, description, processors, encoder, indexFileSize }: Json): Answer {
    const names = String(processors).split(',');
    const missing = [...names, String(encoder)].find((each) => each !== '' && !this.#operators.has(each));
    if (missing !== undefined) return notExist('operator', missing);
    const entry = {
      ...{ _pipeline_name: name, _input: input, _index_file_size: indexFileSize },
      ...{ _pipeline_description: description, _processors: names, _encoder: encoder },
    };
    this.#pipelines.set(name, entry);
    return ok(entry);
  }

  #application(name: string, { fields, s3Buckets }: Json): Answer {
    const entry = { _application_name: name, _fields: fields, _buckets: s3Buckets };
    this.#applications.set(name, entry);
    return ok(entry);
  }

  async #apply(action: string, name: string, { fields, topk }: Json): Promise<Answer> {
    const application = this.#applications.get(name);
    if (application === undefined) return notExist('application', name);
    const [[field, image] = ['', {}]] = Object.entries(
      fields as Record<string, { data?: string; url?: string }>,
    );
    const { pipeline } = (application['_fields'] as Record<string, { pipeline: string }>)[field] ?? {
      pipeline: '',
    };
    const vector = await this.#execute(this.#pipelines.get(pipeline) ?? {}, image);
    if (vector === undefined)
      return { status: 400, body: { message: 'no vector', error: 'NoneVectorError' } };
    if (action === 'upload') {
      const entity = { id: String(this.#entities.length + 1), vector };
      this.#entities.push(entity);
      return ok([{ _id: entity.id, _app_name: name }]);
    }
    const distance = (other: readonly number[]): number =>
      Math.hypot(...other.map((value, i) => value - (vector[i] ?? 0)));
    const near = [...this.#entities].sort((a, b) => distance(a.vector) - distance(b.vector));
    return ok(near.slice(0, Number(topk)).map(({ id }) => ({ _id: id, _app_name: name })));
  }

  /** The metadata of one stage are urls and datas of the next, urls that are empty included. */
  async #execute(
    pipeline: Json,
    { data, url }: { data?: string; url?: string },
  ): Promise<readonly number[] | undefined> {
    let urls = url === undefined ? [] : [url];
    let datas = data === undefined ? [] : [data];
    const stages = [
      ...(pipeline['_processors'] as string[]).filter((name) => name !== ''),
      String(pipeline['_encoder']),
    ];
    let vectors: readonly { readonly element: readonly number[] }[] = [];
    for (const stage of stages) {
      const client = new OperatorClient(String(this.#operators.get(stage)?.['_endpoint']), 5000);
      try {
        const reply = await client.execute({ urls, datas });
        urls = reply.metadata.map((each) => each.url);
        datas = reply.metadata.map((each) => Buffer.from(each.data).toString('utf8'));
        vectors = reply.vectors;
      } finally {
        client.close();
      }
    }
    return vectors[0]?.element;
  }
}
