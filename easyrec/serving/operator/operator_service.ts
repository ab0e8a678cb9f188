import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import type { Log } from '../../log.js';
import type { GrpcService } from '../grpc/grpc_server.js';
import type { ProtoFile } from '../grpc/proto_file.js';
import { serviceDefinition } from '../grpc/service_definition.js';
import { Limiter } from '../limiter.js';
import { ServingError, STATUS_CODES } from '../status.js';
import { type Operator, OPERATOR_SERVICE, type OperatorRequest, type OperatorResult } from './operator.js';

/** How the service answers. */
export interface OperatorServiceOptions {
  /** What Identity says where the operator can be reached. */
  readonly endpoint: () => string;
  /** A call that takes longer is answered DEADLINE_EXCEEDED. */
  readonly timeoutMs: number;
  readonly log: Log;
}

type Unary = ServerUnaryCall<OperatorRequest, object>;

const MAX_RUNNING = 10;
const MAX_WAITING = 100;

/** The service that a Phantoscope server calls, for one operator. */
export function operatorService(
  proto: ProtoFile,
  operator: Operator,
  options: OperatorServiceOptions,
): GrpcService {
  const limiter = new Limiter({ running: MAX_RUNNING, waiting: MAX_WAITING });
  return {
    definition: serviceDefinition(proto, OPERATOR_SERVICE),
    implementation: {
      Identity: (_call: Unary, reply: sendUnaryData<object>): void => {
        reply(null, { ...operator.properties, endpoint: options.endpoint() });
      },
      Healthy: (_call: Unary, reply: sendUnaryData<object>): void => {
        reply(null, { healthy: 'healthy' });
      },
      Execute: (call: Unary, reply: sendUnaryData<object>): void => {
        limiter
          .run(() => execute(operator, call, options))
          .then(
            (message) => reply(null, message),
            (error: unknown) => reply(statusOf(error, options.log)),
          );
      },
    },
  };
}

async function execute(operator: Operator, call: Unary, options: OperatorServiceOptions): Promise<object> {
  const { timeoutMs, log } = options;
  if (call.cancelled) throw new ServingError('CANCELLED', 'the caller has gone');
  const abort = new AbortController();
  const stop = (code: 'CANCELLED' | 'DEADLINE_EXCEEDED', message: string): void =>
    abort.abort(new ServingError(code, message));
  const timer = setTimeout(() => stop('DEADLINE_EXCEEDED', `no result within ${timeoutMs} ms`), timeoutMs);
  call.once('cancelled', () => stop('CANCELLED', 'the caller has gone'));
  const started = performance.now();
  try {
    const { datas, urls } = call.request;
    const result = await Promise.race([
      operator.execute({ datas, urls }, abort.signal),
      aborted(abort.signal),
    ]);
    const reply = replyOf(result);
    const ms = Math.round(performance.now() - started);
    log.info(
      `execute: ${datas.length} datas, ${urls.length} urls -> ${reply.nums} ${result.kind} in ${ms} ms`,
    );
    return reply;
  } finally {
    clearTimeout(timer);
  }
}

/** Fails when the signal is aborted: an operator may not look at it. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

function replyOf(result: OperatorResult): { readonly nums: number } {
  if (result.kind === 'vectors') {
    const vectors = result.vectors.map((element) => ({ element }));
    return { nums: vectors.length, vectors, metadata: [] } as { nums: number };
  }
  // The server hands these to the next operator as text: they must be valid UTF-8.
  const metadata = result.images.map((image) => ({ url: '', data: Buffer.from(image, 'utf8') }));
  return { nums: metadata.length, vectors: [], metadata } as { nums: number };
}

function statusOf(error: unknown, log: Log): { readonly code: number; readonly details: string } {
  const known = error instanceof ServingError ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  log.warn(`execute fails: ${message}`);
  if (known === undefined && error instanceof Error) log.debug(error.stack ?? '');
  return { code: STATUS_CODES[known?.code ?? 'INTERNAL'].code, details: message };
}
