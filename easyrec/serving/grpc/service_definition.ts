import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import type protobuf from 'protobufjs';
import type { ProtoFile } from './proto_file.js';

/**
 * A service as @grpc/grpc-js takes it. Requests and replies are plain objects whose keys are the fields' names;
 * fields that were not sent have proto3's default values.
 * @throws Error when the file has no such service.
 */
export function serviceDefinition({ root }: ProtoFile, name: string): ServiceDefinition {
  const service = root.lookupService(name);
  return Object.fromEntries(
    service.methodsArray.map((method) => [method.name, methodDefinition(service, method)]),
  );
}

/**
 * A method of a service by its name.
 * @throws Error when there is none.
 */
export function methodOf(service: ServiceDefinition, name: string): MethodDefinition<object, object> {
  const method: MethodDefinition<object, object> | undefined = service[name];
  if (method === undefined) throw new Error(`no method ${name}`);
  return method;
}

function methodDefinition(
  service: protobuf.Service,
  method: protobuf.Method,
): MethodDefinition<object, object> {
  const request = service.root.lookupType(method.requestType);
  const response = service.root.lookupType(method.responseType);
  return {
    path: `/${service.fullName.slice(1)}/${method.name}`,
    requestStream: method.requestStream ?? false,
    responseStream: method.responseStream ?? false,
    requestSerialize: encoder(request),
    requestDeserialize: decoder(request),
    responseSerialize: encoder(response),
    responseDeserialize: decoder(response),
    originalName: method.name,
  };
}

function encoder(type: protobuf.Type): (message: object) => Buffer {
  return (message) => Buffer.from(type.encode(message).finish());
}

function decoder(type: protobuf.Type): (bytes: Buffer) => object {
  return (bytes) => type.decode(bytes);
}
