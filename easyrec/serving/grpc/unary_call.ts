import type { Client, ServiceDefinition } from '@grpc/grpc-js';
import { methodOf } from './service_definition.js';

/**
 * Calls a method that takes one message and answers with one.
 * @param deadline in milliseconds since 1970; Infinity for none.
 * @throws grpc's ServiceError when the call fails.
 */
export function unaryCall<Reply>(
  client: Client,
  service: ServiceDefinition,
  name: string,
  { request, deadline }: { readonly request: object; readonly deadline: number },
): Promise<Reply> {
  const { path, requestSerialize, responseDeserialize } = methodOf(service, name);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest<object, object>(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      { deadline },
      (error, reply) => {
        if (error === null) resolve(reply as Reply);
        else reject(error);
      },
    );
  });
}
