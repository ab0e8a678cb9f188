import type { sendUnaryData, ServerDuplexStream, ServerUnaryCall, ServiceDefinition } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import type { Log } from '../../log.js';
import type { GrpcService } from '../grpc/grpc_server.js';
import { methodOf, serviceDefinition } from '../grpc/service_definition.js';
import { invalidArgument, STATUS_CODES } from '../status.js';
import type { Gateway } from './gateway.js';
import { gatewayFailure } from './gateway_failure.js';
import { hasCode } from './has_code.js';
import type { CreateFunctionRequest, UploadHeader } from './messages.js';
import {
  FUNCTION_STORE_SERVICE,
  functionStoreProto,
  FX_GATEWAY_SERVICE,
  GATEWAY_SERVICE,
  gatewayProto,
} from './protocol.js';

interface InvokeRequest {
  readonly Service: string;
  readonly Input: Uint8Array | readonly number[];
}

interface UploadRequest {
  readonly header?: UploadHeader | null;
  readonly chunk?: Uint8Array | readonly number[];
}

/** gRPC clients take about 8 KiB of headers, and an error's text is one. */
const MAX_DETAIL_BYTES = 4096;

/** The first field, of bytes or text. */
const FIRST_FIELD = 0x0a;

/**
 * Encodes a message whose text is at hand as UTF-8: as a string it could be no longer than 512 MiB, and would be copied
 * twice.
 */
function encodeMessage(message: object): Buffer {
  const { Msg } = message as { readonly Msg: string | Uint8Array };
  const text = typeof Msg === 'string' ? Buffer.from(Msg) : Msg;
  if (text.length === 0) return Buffer.alloc(0);
  const head = protobuf.Writer.create().uint32(FIRST_FIELD).uint32(text.length).finish();
  return Buffer.concat([head, text]);
}

/** The definition of DCF's service under one of its names. */
function gatewayDefinition(name: string): ServiceDefinition {
  const definition = serviceDefinition(gatewayProto(), name);
  const invoke = methodOf(definition, 'Invoke');
  return { ...definition, Invoke: { ...invoke, responseSerialize: encodeMessage } };
}

/** DCF's service under both its names, and this gateway's own. */
export function gatewayServices(gateway: Gateway, log: Log): readonly GrpcService[] {
  const unary = unaryMethods(gateway, log);
  return [
    {
      definition: gatewayDefinition(GATEWAY_SERVICE),
      implementation: { ...unary, Invokes: (call: InvokesCall) => void invokes(gateway, call, log) },
    },
    { definition: gatewayDefinition(FX_GATEWAY_SERVICE), implementation: unary },
    {
      definition: serviceDefinition(functionStoreProto(), FUNCTION_STORE_SERVICE),
      implementation: {
        Upload: (call: UploadCall) => void upload(gateway, call, log),
        Status: answering(log, ({ name }: { readonly name: string }) => gateway.status(name)),
      },
    },
  ];
}

type InvokesCall = ServerDuplexStream<InvokeRequest, object>;
type UploadCall = ServerDuplexStream<UploadRequest, object>;

interface Named {
  readonly FunctionName: string;
}

interface Scale {
  readonly ServiceName: string;
  readonly Replicas: number | { toNumber(): number };
}

function unaryMethods(gateway: Gateway, log: Log): GrpcService['implementation'] {
  return {
    Invoke: answering(log, async ({ Service, Input }: InvokeRequest, signal) => ({
      Msg: await gateway.invoke(Service, bytesOf(Input), signal),
    })),
    List: answering(log, () => ({ Functions: gateway.list() })),
    Deploy: answering(log, async (request: CreateFunctionRequest) => {
      await gateway.deploy(request);
      return { Msg: `function ${request.Service} is deployed` };
    }),
    Update: answering(log, async (request: CreateFunctionRequest) => {
      await gateway.update(request);
      return { Msg: `function ${request.Service} is updated` };
    }),
    Delete: answering(log, async ({ FunctionName }: Named) => {
      await gateway.delete(FunctionName);
      return { Msg: `function ${FunctionName} is deleted` };
    }),
    GetMeta: answering(log, ({ FunctionName }: Named) => gateway.info(FunctionName)),
    GetLog: answering(log, async ({ FunctionName }: Named) => ({ Msg: await gateway.readLog(FunctionName) })),
    ReplicaUpdate: answering(log, async ({ ServiceName, Replicas }: Scale) => {
      await gateway.scale(ServiceName, typeof Replicas === 'number' ? Replicas : Replicas.toNumber());
      return { Msg: `function ${ServiceName} is scaled` };
    }),
    Info: answering(log, () => ({ Msg: gateway.describe() })),
    HealthCheck: answering(log, () => ({ Msg: 'OK' })),
  };
}

function answering<Request>(
  log: Log,
  body: (request: Request, signal: AbortSignal) => object | Promise<object>,
): (call: ServerUnaryCall<Request, object>, reply: sendUnaryData<object>) => void {
  return (call, reply) => {
    Promise.resolve(call.request)
      .then((request) => body(request, signalOf(call)))
      .then(
        (message) => reply(null, message),
        (error: unknown) => reply(statusOf(error, log)),
      );
  };
}

/** Answers the inputs of a stream one after the other. */
async function invokes(gateway: Gateway, call: InvokesCall, log: Log): Promise<void> {
  const signal = signalOf(call);
  try {
    for await (const { Service, Input } of messagesOf<InvokeRequest>(call)) {
      call.write({ Output: await gateway.invoke(Service, bytesOf(Input), signal) });
    }
    call.end();
  } catch (error) {
    call.emit('error', statusOf(error, log));
  }
}

async function upload(gateway: Gateway, call: UploadCall, log: Log): Promise<void> {
  try {
    const messages = messagesOf<UploadRequest>(call)[Symbol.asyncIterator]();
    const first = await messages.next();
    const header = first.done === true ? undefined : first.value.header;
    if (!header) throw invalidArgument('the first message of an upload must be its header');
    const result = await gateway.upload({
      header,
      archive: chunks(messages),
      onLine: (line) => void call.write({ log: line }),
      signal: signalOf(call),
    });
    call.write({ result });
    call.end();
  } catch (error) {
    call.emit('error', statusOf(error, log));
  }
}

/** What the client sends; the stream stays open for what is still to be answered when it has sent all. */
function messagesOf<Request>(call: ServerDuplexStream<Request, object>): AsyncIterable<Request> {
  return call.iterator({ destroyOnReturn: false }) as AsyncIterable<Request>;
}

async function* chunks(messages: AsyncIterator<UploadRequest>): AsyncGenerator<Uint8Array> {
  for (;;) {
    const next = await messages.next();
    if (next.done === true) return;
    yield bytesOf(next.value.chunk ?? []);
  }
}

/** A field of bytes that was not sent is decoded as an empty list. */
function bytesOf(field: Uint8Array | readonly number[]): Uint8Array {
  return field instanceof Uint8Array ? field : Uint8Array.from(field);
}

/** Aborted when the caller has gone. */
function signalOf(call: {
  readonly cancelled: boolean;
  once(event: 'cancelled', listener: () => void): unknown;
}): AbortSignal {
  const abort = new AbortController();
  call.once('cancelled', () => abort.abort());
  if (call.cancelled) abort.abort();
  return abort.signal;
}

function statusOf(error: unknown, log: Log): { readonly code: number; readonly details: string } {
  if (hasCode(error, 'ERR_STREAM_PREMATURE_CLOSE')) {
    // Its messages could not be read, or it has gone: either way the library has answered it.
    return { code: STATUS_CODES.CANCELLED.code, details: 'the call has ended' };
  }
  const { code, message } = gatewayFailure(error, log);
  return { code: STATUS_CODES[code].code, details: shortened(message) };
}

/** Cut from the front, since installers tell what is wrong at the end; the first line says what it is about. */
function shortened(message: string): string {
  if (Buffer.byteLength(message) <= MAX_DETAIL_BYTES) return message;
  const [first = ''] = message.split('\n', 1);
  const head = Buffer.from(first)
    .subarray(0, MAX_DETAIL_BYTES / 4)
    .toString();
  const tail = Buffer.from(message)
    .subarray(-MAX_DETAIL_BYTES / 2)
    .toString();
  return `${head} ... ${tail}`;
}
