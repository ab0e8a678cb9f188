import grpc from '@grpc/grpc-js';

/** A unary call of bytes. */
export interface GrpcAsk {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly message: Uint8Array;
  /** The client waits no longer. */
  readonly deadlineMs?: number;
  /** The client goes away then. */
  readonly cancelMs?: number;
}

/** Its answer. */
export interface GrpcAnswer {
  readonly code: grpc.status;
  readonly details: string;
  /** Empty where the call failed. */
  readonly message: Buffer;
}

const asIs = (bytes: Buffer): Buffer => bytes;

/** Calls methods without knowing their messages. */
export class BytesClient {
  readonly #client: grpc.Client;

  constructor(port: number) {
    this.#client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
      'grpc.max_send_message_length': -1,
      'grpc.max_receive_message_length': -1,
    });
  }

  ask({ path, message, deadlineMs, cancelMs }: GrpcAsk): Promise<GrpcAnswer> {
    const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
    return new Promise((resolve) => {
      const call = this.#client.makeUnaryRequest(
        path,
        asIs,
        asIs,
        Buffer.from(message),
        new grpc.Metadata(),
        options,
        (error, response = Buffer.alloc(0)) => {
          clearTimeout(timer);
          if (error === null) resolve({ code: grpc.status.OK, details: '', message: response });
          else resolve({ code: error.code, details: error.details, message: Buffer.alloc(0) });
        },
      );
      const timer = cancelMs === undefined ? undefined : setTimeout(() => call.cancel(), cancelMs);
    });
  }

  close(): void {
    this.#client.close();
  }
}
