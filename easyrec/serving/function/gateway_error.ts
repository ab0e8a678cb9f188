import grpc from '@grpc/grpc-js';
import { UserError } from '../../errors.js';

/** A call that the gateway answered with an error, or that did not reach it. */
export class GatewayError extends UserError {
  override readonly name = 'GatewayError';

  /**
   * @param code gRPC's code as Go's clients spell it, such as `NotFound`.
   * @param details what the gateway said.
   */
  constructor(
    readonly code: string,
    readonly details: string,
    options?: ErrorOptions,
  ) {
    super(`rpc error: code = ${code} desc = ${details}`, options);
  }

  /** From what @grpc/grpc-js reports. */
  static from(error: grpc.ServiceError): GatewayError {
    return new GatewayError(codeName(error.code), error.details, { cause: error });
  }
}

/** `NOT_FOUND` as `NotFound`. */
function codeName(code: grpc.status): string {
  return grpc.status[code]
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('')
    .replace('Cancelled', 'Canceled');
}
