import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../errors.js';
import type { GatewayClient } from '../../serving/function/gateway_client.js';
import { GatewayError } from '../../serving/function/gateway_error.js';
import type { Flags } from '../args.js';
import { checkInteger, MAX_MS } from './check_integer.js';

export const WAIT_FLAGS = {
  wait: { type: 'boolean', help: 'wait until the function is ready' },
  wait_timeout_ms: { type: 'number', value: 'MS', help: 'with --wait: how long at most; default: 300000' },
} as const satisfies Flags;

/** How long to wait for a function. */
export interface WaitOptions {
  readonly timeoutMs: number;
  /** Which version is to be ready; default any. */
  readonly version?: string | undefined;
}

const POLL_MS = 100;
const DEFAULT_TIMEOUT_MS = 300_000;

/**
 * What `--wait` and `--wait_timeout_ms` say; undefined where not to wait.
 * @throws UserError when only the second is given, or is no such number.
 */
export function waitOptions(
  command: string,
  flags: { readonly wait: boolean | undefined; readonly wait_timeout_ms: number | undefined },
): WaitOptions | undefined {
  const { wait, wait_timeout_ms: timeoutMs } = flags;
  if (timeoutMs !== undefined && wait !== true)
    throw new UserError(`${command}: --wait_timeout_ms needs --wait`);
  checkInteger(`${command}: --wait_timeout_ms`, timeoutMs, 1, MAX_MS);
  return wait === true ? { timeoutMs: timeoutMs ?? DEFAULT_TIMEOUT_MS } : undefined;
}

/**
 * Waits until a function answers calls, with the version that is asked for.
 * @throws UserError when it fails to start, saying why, or is not ready in time; GatewayError when there is none.
 */
export async function waitUntilReady(
  client: GatewayClient,
  name: string,
  { timeoutMs, version }: WaitOptions,
  signal: AbortSignal,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const status = await client.status(name);
    const isWanted = version === undefined || version === status.version;
    const answers = status.state === 'ready' || status.state === 'idle';
    if (answers && isWanted && status.next_version === '') return;
    const isFailing = status.state === 'failing' || (status.error !== '' && status.next_version === version);
    if (isFailing) throw new UserError(`function ${name} does not start: ${status.error}`);
    if (Date.now() >= end) {
      throw new UserError(`function ${name}: not ready within ${timeoutMs} ms, still ${status.state}`);
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}

/**
 * Waits until a function is no more.
 * @throws UserError when it is still there after that time.
 */
export async function waitUntilGone(
  client: GatewayClient,
  name: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (await exists(client, name)) {
    if (Date.now() >= end) throw new UserError(`function ${name}: still there after ${timeoutMs} ms`);
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** Whether the gateway has a function of that name. */
export async function exists(client: GatewayClient, name: string): Promise<boolean> {
  try {
    await client.getMeta(name);
    return true;
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'NotFound') return false;
    throw error;
  }
}
