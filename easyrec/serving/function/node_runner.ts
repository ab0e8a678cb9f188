import { Socket } from 'node:net';
import { pathToFileURL } from 'node:url';
import { encodeMeshCall, FRAME_KINDS, frameHead, FrameReader } from './frames.js';
import type { HandlerRequest } from './handler.js';

type Handler = (request: HandlerRequest) => unknown;

type MeshWaiter = (reply: Buffer) => void;

/** The gateway is at the other end of the socket that is file descriptor 3. */
const GATEWAY_FD = 3;

/** Runs one worker of a node function: loads its handler once, then answers the gateway's calls. */
class NodeRunner {
  readonly #socket = new Socket({ fd: GATEWAY_FD, readable: true, writable: true });
  readonly #reader = new FrameReader();
  readonly #waiting = new Map<number, MeshWaiter>();
  readonly #info: HandlerRequest['info'];
  #next = 0;

  constructor(readonly environment: NodeJS.ProcessEnv) {
    this.#info = {
      FunctionName: environment['FUNCTION_NAME'] ?? '',
      Timeout: Number(environment['EASYREC_FUNCTION_TIMEOUT_S']),
      Runtime: 'node',
    };
  }

  async run(): Promise<void> {
    const ended = (): never => process.exit(0);
    this.#socket.on('end', ended).on('close', ended).on('error', ended);
    let handler: Handler;
    try {
      handler = await loadHandler(
        this.environment['EASYREC_FUNCTION_MODULE'] ?? '',
        this.environment['HANDLER_NAME'] ?? '',
      );
    } catch (error) {
      process.stderr.write(`${stackOf(error)}\n`);
      this.#send(FRAME_KINDS.loadError, 0, Buffer.from(loadErrorText(error)));
      this.#socket.end(() => process.exit(1));
      return;
    }
    // One call's stray promise is no reason to end the others.
    process.on('unhandledRejection', (error) => process.stderr.write(`${stackOf(error)}\n`));
    this.#socket.on('data', (chunk: Buffer) => {
      for (const { kind, id, payload } of this.#reader.push(chunk)) {
        if (kind === FRAME_KINDS.call) void this.#answer(handler, id, payload);
        else if (kind === FRAME_KINDS.meshReply) this.#waiting.get(id)?.(payload);
      }
    });
    this.#send(FRAME_KINDS.ready, 0, Buffer.alloc(0));
  }

  async #answer(handler: Handler, id: number, input: Buffer): Promise<void> {
    try {
      const call = (name: string, data: Uint8Array | string): Promise<Buffer> => this.#mesh(name, data);
      this.#send(FRAME_KINDS.result, id, encode(await handler({ input, info: this.#info, call })));
    } catch (error) {
      process.stderr.write(`${stackOf(error)}\n`);
      this.#send(FRAME_KINDS.failure, id, Buffer.from(messageOf(error)));
    }
  }

  #mesh(name: string, input: Uint8Array | string): Promise<Buffer> {
    const id = ++this.#next;
    this.#send(FRAME_KINDS.meshCall, id, encodeMeshCall(name, Buffer.from(input)));
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (reply) => {
        this.#waiting.delete(id);
        const rest = reply.subarray(1);
        if (reply[0] === 0) resolve(rest);
        else reject(new Error(rest.toString()));
      });
    });
  }

  #send(kind: number, id: number, payload: Buffer): void {
    this.#socket.cork();
    this.#socket.write(frameHead(kind, id, payload.length));
    this.#socket.write(payload);
    this.#socket.uncork();
  }
}

async function loadHandler(file: string, name: string): Promise<Handler> {
  const module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  const found = module[name];
  if (typeof found !== 'function') {
    throw new Error(`the handler file exports no function or class ${name}`);
  }
  if (!/^class\b/.test(Function.prototype.toString.call(found))) return found as Handler;
  const instance = Reflect.construct(found, []) as { call?: unknown };
  if (typeof instance.call !== 'function') throw new Error(`class ${name} has no method call(request)`);
  const { call } = instance;
  return (request) => Reflect.apply(call as Handler, instance, [request]);
}

/** A reply is text: strings and bytes as they are, nothing as an empty one, all else as JSON. */
function encode(result: unknown): Buffer {
  if (result === undefined || result === null) return Buffer.alloc(0);
  if (typeof result === 'string') return Buffer.from(result);
  if (result instanceof Uint8Array) return utf8(result);
  const json = JSON.stringify(result) as string | undefined;
  if (json === undefined) throw new TypeError(`handler returned a ${typeof result}, expected text or JSON`);
  return Buffer.from(json);
}

function utf8(bytes: Uint8Array): Buffer {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new TypeError(
      'handler returned bytes that are not UTF-8; a reply is text: encode them, as base64 for one',
    );
  }
  return Buffer.from(bytes);
}

function loadErrorText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message || error.name : String(error)) || 'unknown error';
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

await new NodeRunner(process.env).run();
