import type { Log } from '../../log.js';
import { ServingError } from '../status.js';

const FULL = /ENOSPC|EDQUOT|EFBIG|the disk is full/;

/** What the sender of a request is told of an error; those that are the gateway's own are logged. */
export function gatewayFailure(error: unknown, log: Log): ServingError {
  if (error instanceof ServingError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (FULL.test(message)) {
    log.warn(message);
    return new ServingError('RESOURCE_EXHAUSTED', `the gateway's disk is full: ${message}`, { cause: error });
  }
  log.warn(`the gateway fails: ${error instanceof Error ? (error.stack ?? message) : message}`);
  return new ServingError('INTERNAL', message, { cause: error });
}
