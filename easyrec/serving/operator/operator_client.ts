import grpc from '@grpc/grpc-js';
import { UserError } from '../../errors.js';
import { serviceDefinition } from '../grpc/service_definition.js';
import { unaryCall } from '../grpc/unary_call.js';
import { OPERATOR_SERVICE, operatorProto, type OperatorRequest } from './operator.js';

/** What an operator says of itself; all texts, as on the wire. */
export interface OperatorIdentity {
  readonly name: string;
  readonly endpoint: string;
  readonly type: string;
  readonly input: string;
  readonly output: string;
  readonly dimension: string;
  readonly metricType: string;
}

/** What an operator made of a request. */
export interface OperatorReply {
  readonly vectors: readonly { readonly element: readonly number[] }[];
  readonly metadata: readonly { readonly url: string; readonly data: Uint8Array }[];
}

const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;

/** Calls an operator, whoever wrote it. */
export class OperatorClient {
  readonly #client: grpc.Client;
  readonly #endpoint: string;
  readonly #timeoutMs: number;
  readonly #definition = serviceDefinition(operatorProto(), OPERATOR_SERVICE);

  /** @param timeoutMs limit for each call. */
  constructor(endpoint: string, timeoutMs: number) {
    this.#endpoint = endpoint;
    this.#timeoutMs = timeoutMs;
    this.#client = new grpc.Client(endpoint, grpc.credentials.createInsecure(), {
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    });
  }

  /**
   * Waits until the operator takes calls.
   * @throws UserError when it does not within that time.
   */
  async waitUntilReady(timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#client.waitForReady(Date.now() + timeoutMs, (error) => {
        if (error === undefined) resolve();
        else
          reject(
            new UserError(`operator ${this.#endpoint}: not ready within ${timeoutMs} ms`, { cause: error }),
          );
      });
    });
  }

  /** @throws UserError when the operator does not answer, as all calls do. */
  identity(): Promise<OperatorIdentity> {
    return this.#call<OperatorIdentity>('Identity', {});
  }

  /** `healthy`, or whatever else the operator says. */
  async health(): Promise<string> {
    return (await this.#call<{ readonly healthy: string }>('Healthy', {})).healthy;
  }

  /** Has the operator work. */
  execute({ datas, urls }: OperatorRequest): Promise<OperatorReply> {
    return this.#call<OperatorReply>('Execute', { datas, urls });
  }

  /** Ends the connection. */
  close(): void {
    this.#client.close();
  }

  async #call<Reply>(name: string, request: object): Promise<Reply> {
    const deadline = Date.now() + this.#timeoutMs;
    try {
      return await unaryCall<Reply>(this.#client, this.#definition, name, { request, deadline });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new UserError(`operator ${this.#endpoint}: ${name}: ${reason}`, { cause });
    }
  }
}
