import type { Agent } from 'node:http';
import { ask, type HttpAnswer, type HttpAsk } from './http_client.js';

/** Where a server's REST answers, and the connections to it. */
export interface RestTarget {
  readonly port: number;
  readonly agent: Agent;
}

/** A request and the statuses that it may be answered with. */
export type Exchange = Omit<HttpAsk, keyof RestTarget> & { readonly statuses: readonly number[] };

/** Sends a request; what is wrong with its answer, if anything is. */
export async function exchange(
  target: RestTarget,
  { statuses, ...request }: Exchange,
): Promise<string | undefined> {
  try {
    const answer = await ask({ ...target, ...request });
    const problem = answerProblem(answer, request.method, statuses);
    return problem && `${problem}; sent ${request.method} ${request.path} ${shown(request.body)}`;
  } catch (error) {
    // The server need not read what it has refused.
    const isBroken = error instanceof Error && 'code' in error && /ECONNRESET|EPIPE/.test(String(error.code));
    if (isBroken && statuses.includes(413)) return undefined;
    return `${String(error)}; sent ${request.method} ${request.path} ${shown(request.body)}`;
  }
}

function answerProblem(answer: HttpAnswer, method: string, statuses: readonly number[]): string | undefined {
  const { status, body, type } = answer;
  if (!statuses.includes(status)) return `status ${status}: ${body.toString('latin1').slice(0, 300)}`;
  if (status === 200 || method === 'HEAD' || method === 'OPTIONS') return undefined;
  // Paths of no protocol are answered with the original's page.
  if (type === 'text/html') return status === 404 ? undefined : `${status} with a page`;
  if (!type.startsWith('application/json')) return `${status} of type ${type}`;
  return errorProblem(body);
}

/** What is wrong with the body of an error: it must be JSON with a text that is no secret of the program. */
function errorProblem(body: Buffer): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch (error) {
    return `${String(error)}: ${body.toString('latin1').slice(0, 300)}`;
  }
  const message =
    parsed !== null && typeof parsed === 'object' && 'error' in parsed ? parsed.error : undefined;
  if (typeof message !== 'string' || message === '')
    return `no error text: ${JSON.stringify(parsed).slice(0, 300)}`;
  return messageProblem(message);
}

/** What is wrong with the words of an error: those of the engine tell of a mistake in the program. */
export function messageProblem(message: string): string | undefined {
  return /Cannot read prop|is not a function|is not iterable|Maximum call stack|Invalid array length|undefined|\[object|Invalid typed array|Array buffer|heap/.test(
    message,
  )
    ? `words of the engine: ${message.slice(0, 300)}`
    : undefined;
}

function shown(body: Uint8Array | string | undefined): string {
  if (body === undefined) return '';
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('latin1');
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}… (${text.length})` : text);
}
