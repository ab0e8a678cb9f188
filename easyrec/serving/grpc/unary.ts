import grpc, {
  type handleUnaryCall,
  type MethodDefinition,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServiceDefinition,
  type StatusObject,
} from '@grpc/grpc-js';
import type { Log } from '../../log.js';
import { ServingError } from '../status.js';
import { servicesOf, type ProtoFile } from './proto_file.js';
import { serviceDefinition } from './service_definition.js';

/** What the caller of a method has set for it. */
export interface UnaryContext {
  /** How long the caller still waits; absent for ever. */
  readonly timeoutMs?: number;
  /** Aborted when the caller does not wait any more. */
  readonly signal: AbortSignal;
}

/** A method that takes and gives encoded messages. */
export type UnaryMethod = (request: Uint8Array, context: UnaryContext) => Promise<Uint8Array> | Uint8Array;

/** Longer messages of errors are cut, as in TensorFlow Serving. */
const MAX_MESSAGE_BYTES = 1024;

/**
 * A service whose methods decode and encode messages themselves, so that large ones are not turned into objects.
 * @throws Error when the file has no such service.
 */
export function bytesServiceDefinition(file: ProtoFile, name: string): ServiceDefinition {
  if (!servicesOf(file).includes(name)) throw new Error(`no service ${name}`);
  const asIs = (bytes: Buffer): Buffer => bytes;
  const methods = Object.entries(serviceDefinition(file, name)).map(([key, method]) => {
    const definition: MethodDefinition<Buffer, Buffer> = {
      ...method,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    };
    return [key, definition];
  });
  return Object.fromEntries(methods) as ServiceDefinition;
}

/** A method as @grpc/grpc-js takes it: deadline and cancellation are passed on, errors become statuses. */
export function unaryHandler(method: UnaryMethod, log: Log): handleUnaryCall<Buffer, Buffer> {
  return (call, callback) => void answer(call, callback, { method, log });
}

async function answer(
  call: ServerUnaryCall<Buffer, Buffer>,
  callback: sendUnaryData<Buffer>,
  { method, log }: { method: UnaryMethod; log: Log },
): Promise<void> {
  const gone = new AbortController();
  const deadline = Number(call.getDeadline());
  const cancelled = (): void => {
    // A call whose time is up is ended by that, which is told differently.
    if (Date.now() < deadline) gone.abort();
  };
  call.once('cancelled', cancelled);
  try {
    const timeoutMs = Number.isFinite(deadline) ? { timeoutMs: deadline - Date.now() } : {};
    const response = await method(call.request, { ...timeoutMs, signal: gone.signal });
    callback(null, Buffer.from(response.buffer, response.byteOffset, response.byteLength));
  } catch (error) {
    callback(statusOf(error, log));
  } finally {
    // The end of every call, good ones too, is told as its cancellation.
    call.off('cancelled', cancelled);
  }
}

/** The status that an error is answered with. */
export function statusOf(error: unknown, log: Log): Pick<StatusObject, 'code' | 'details'> {
  if (error instanceof ServingError) {
    return { code: grpc.status[error.code], details: truncated(error.message) };
  }
  log.warn(`call failed: ${String(error)}`);
  if (error instanceof Error && error.stack) log.debug(error.stack);
  const message = error instanceof Error ? error.message : String(error);
  return { code: grpc.status.INTERNAL, details: truncated(message) };
}

/** The first 1,024 bytes, marked as such where there are more. */
export function truncated(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= MAX_MESSAGE_BYTES) return message;
  return `${bytes.subarray(0, MAX_MESSAGE_BYTES).toString('utf8')}...TRUNCATED`;
}
