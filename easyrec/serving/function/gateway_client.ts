import grpc from '@grpc/grpc-js';
import { methodOf, serviceDefinition } from '../grpc/service_definition.js';
import { unaryCall } from '../grpc/unary_call.js';
import { GatewayError } from './gateway_error.js';
import type {
  CreateFunctionRequest,
  FunctionInfo,
  FunctionStatus,
  UploadHeader,
  UploadResult,
} from './messages.js';
import {
  FUNCTION_STORE_SERVICE,
  functionStoreProto,
  GATEWAY_SERVICE,
  gatewayProto,
  MAX_MESSAGE_BYTES,
} from './protocol.js';

/** How the client calls. */
export interface GatewayClientOptions {
  /** Limit for each call but uploads; default none, as the original's. */
  readonly timeoutMs?: number | undefined;
}

interface UploadEvent {
  readonly log?: string;
  readonly result?: UploadResult;
}

const CHUNK_BYTES = 1024 * 1024;

/** Calls a gateway over gRPC: DCF's service, and the uploads of ours. Every call that fails throws a GatewayError. */
export class GatewayClient {
  readonly #client: grpc.Client;
  readonly #timeoutMs: number | undefined;
  readonly #gateway = serviceDefinition(gatewayProto(), GATEWAY_SERVICE);
  readonly #store = serviceDefinition(functionStoreProto(), FUNCTION_STORE_SERVICE);

  /** @param address `HOST:PORT`. */
  constructor(address: string, options: GatewayClientOptions = {}) {
    this.#timeoutMs = options.timeoutMs;
    this.#client = new grpc.Client(address, grpc.credentials.createInsecure(), {
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    });
  }

  /** Calls a function and returns what it answers. */
  async invoke(name: string, input: Uint8Array): Promise<string> {
    return this.#message('Invoke', { Service: name, Input: input });
  }

  /** All functions, sorted by name. */
  async list(): Promise<readonly FunctionInfo[]> {
    const { Functions } = await this.#call<{ readonly Functions: readonly Wire<FunctionInfo>[] }>('List', {});
    return Functions.map(functionInfo);
  }

  /** Adds a function of an uploaded image; the code is AlreadyExists when there is one of that name. */
  deploy(request: CreateFunctionRequest): Promise<string> {
    return this.#message('Deploy', request);
  }

  /** Has a function become what the request says, without a gap; the code is NotFound when there is none. */
  update(request: CreateFunctionRequest): Promise<string> {
    return this.#message('Update', request);
  }

  /** Removes a function, letting its calls end; the code is NotFound when there is none. */
  delete(name: string): Promise<string> {
    return this.#message('Delete', { FunctionName: name });
  }

  /** One function; the code is NotFound when there is none. */
  async getMeta(name: string): Promise<FunctionInfo> {
    return functionInfo(await this.#call<Wire<FunctionInfo>>('GetMeta', { FunctionName: name }));
  }

  /** The end of what a function's workers printed. */
  getLog(name: string): Promise<string> {
    return this.#message('GetLog', { FunctionName: name });
  }

  /** Sets how many workers a function has. */
  replicaUpdate(name: string, replicas: number): Promise<string> {
    return this.#message('ReplicaUpdate', { ServiceName: name, Replicas: replicas });
  }

  /** What the gateway says of itself. */
  info(): Promise<string> {
    return this.#message('Info', {});
  }

  /** Whether the gateway answers. */
  healthCheck(): Promise<string> {
    return this.#message('HealthCheck', {});
  }

  /** What has become of a deployment; the code is NotFound when there is none. */
  async status(name: string): Promise<FunctionStatus> {
    return functionStatus(await this.#unary<Wire<FunctionStatus>>(this.#store, 'Status', { name }));
  }

  /**
   * Sends a function's folder and waits until what it requires is installed.
   * @param archive a .tar.gz whose root is the folder's content, also in pieces as they come.
   * @param onLog takes each line of the installer's output.
   */
  upload(
    header: UploadHeader,
    archive: Uint8Array | AsyncIterable<Uint8Array>,
    onLog?: (line: string) => void,
  ): Promise<UploadResult> {
    const method = methodOf(this.#store, 'Upload');
    const call = this.#client.makeBidiStreamRequest<object, object>(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
    );
    return new Promise((resolve, reject) => {
      let result: UploadResult | undefined;
      call.on('data', (event: UploadEvent) => {
        if (event.result) result = event.result;
        else if (event.log !== undefined) onLog?.(event.log);
      });
      call.on('error', (error: grpc.ServiceError) => reject(GatewayError.from(error)));
      call.on('end', () => {
        if (result !== undefined) resolve({ version: result.version, existed: result.existed });
      });
      send(call, header, archive).catch((error: unknown) => {
        reject(error instanceof Error ? error : new Error(String(error)));
        call.cancel();
      });
    });
  }

  /** Ends the connection. */
  close(): void {
    this.#client.close();
  }

  async #message(name: string, request: object): Promise<string> {
    return (await this.#call<{ readonly Msg: string }>(name, request)).Msg;
  }

  #call<Reply>(name: string, request: object): Promise<Reply> {
    return this.#unary<Reply>(this.#gateway, name, request);
  }

  async #unary<Reply>(service: grpc.ServiceDefinition, name: string, request: object): Promise<Reply> {
    const deadline = this.#timeoutMs === undefined ? Infinity : Date.now() + this.#timeoutMs;
    try {
      return await unaryCall<Reply>(this.#client, service, name, { request, deadline });
    } catch (error) {
      throw GatewayError.from(error as grpc.ServiceError);
    }
  }
}

/** Sends no more than the gateway takes in, so that a large folder does not stand in memory twice. */
async function send(
  call: grpc.ClientDuplexStream<object, object>,
  header: UploadHeader,
  archive: Uint8Array | AsyncIterable<Uint8Array>,
): Promise<void> {
  call.write({ header });
  for await (const piece of archive instanceof Uint8Array ? [archive] : archive) {
    for (let offset = 0; offset < piece.length; offset += CHUNK_BYTES) {
      // The gateway has answered already: it does not like what has come.
      if (call.destroyed) return;
      const flowing = call.write({ chunk: piece.subarray(offset, offset + CHUNK_BYTES) });
      if (!flowing) await drained(call);
    }
  }
  call.end();
}

function drained(call: grpc.ClientDuplexStream<object, object>): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of ['drain', 'close', 'error', 'end']) call.off(event, done);
      resolve();
    };
    for (const event of ['drain', 'close', 'error', 'end']) call.on(event, done);
  });
}

type Wire<T> = { readonly [K in keyof T]: T[K] extends number ? number | { toNumber(): number } : T[K] };

function functionInfo(message: Wire<FunctionInfo>): FunctionInfo {
  const { Name, Image, Annotations, Labels } = message;
  return {
    Name,
    Image,
    InvocationCount: count(message.InvocationCount),
    Replicas: count(message.Replicas),
    AvailableReplicas: count(message.AvailableReplicas),
    Annotations: { ...Annotations },
    Labels: { ...Labels },
  };
}

function functionStatus(message: Wire<FunctionStatus>): FunctionStatus {
  const { name, image, version, next_version, state, error } = message;
  return {
    ...{ name, image, version, next_version, state, error },
    replicas: count(message.replicas),
    available_replicas: count(message.available_replicas),
    invocations: count(message.invocations),
    failures: count(message.failures),
    restarts: count(message.restarts),
    running_calls: count(message.running_calls),
  };
}

/** 64-bit integers are decoded as Long; no counter here is larger than a number can hold. */
function count(value: number | { toNumber(): number }): number {
  return typeof value === 'number' ? value : value.toNumber();
}
