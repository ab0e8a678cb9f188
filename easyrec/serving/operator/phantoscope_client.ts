import { UserError } from '../../errors.js';

/** The versions of Phantoscope's REST interface: their bodies differ. */
export const API_VERSIONS = ['0.1', '0.2'] as const;

export type ApiVersion = (typeof API_VERSIONS)[number];

/** A Phantoscope server. */
export interface PhantoscopeOptions {
  /** Such as `http://127.0.0.1:5000`. */
  readonly server: string;
  /** Limit for each request; default 60,000. */
  readonly timeoutMs?: number | undefined;
  /** Aborts what is under way. */
  readonly signal?: AbortSignal | undefined;
}

/** What the server answered, as it came. */
export type Answer = unknown;

const DEFAULT_TIMEOUT_MS = 60_000;

/** Things that a Phantoscope server keeps by name. */
export type Resource = 'operator' | 'pipeline' | 'application';

/** Phantoscope's REST interface, what versions 0.1 and 0.2 have in common. */
export class PhantoscopeClient {
  readonly #base: string;
  readonly #options: PhantoscopeOptions;

  /** @throws UserError when the server's address is no http or https URL. */
  constructor(options: PhantoscopeOptions) {
    this.#options = options;
    this.#base = options.server.replace(/\/+$/, '');
    if (!URL.canParse(this.#base) || !/^https?:$/.test(new URL(this.#base).protocol)) {
      throw new UserError(
        `server: expected a URL such as http://127.0.0.1:5000, received ${JSON.stringify(options.server)}`,
      );
    }
  }

  /** All there are of a kind. */
  list(kind: Resource): Promise<Answer> {
    return this.send('GET', `${kind}/`);
  }

  /** @throws UserError when there is none of that name, as all calls do when the server refuses them. */
  show(kind: Resource, name: string): Promise<Answer> {
    return this.send('GET', path(kind, name));
  }

  delete(kind: Resource, name: string): Promise<Answer> {
    return this.send('DELETE', path(kind, name));
  }

  /** Makes something under a name. */
  create(kind: Resource, name: string, body: object): Promise<Answer> {
    return this.send('POST', path(kind, name), body);
  }

  /** Has an application take an image in, or look for ones like it. */
  apply(application: string, action: 'upload' | 'search', body: object): Promise<Answer> {
    return this.send('POST', `${path('application', application)}/${action}`, body);
  }

  /**
   * Sends a request to `/v1/` and what follows.
   * @throws UserError when the server cannot be reached or refuses.
   */
  async send(method: 'GET' | 'POST' | 'DELETE', route: string, body?: object): Promise<Answer> {
    const { signal, timeoutMs = DEFAULT_TIMEOUT_MS } = this.#options;
    const deadline = AbortSignal.timeout(timeoutMs);
    const url = `${this.#base}/v1/${route}`;
    try {
      const response = await fetch(url, {
        method,
        signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
        ...(body !== undefined && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      });
      return readAnswer(`${method} ${url}`, response.ok, response.status, await response.text());
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof UserError) throw error;
      const reason = deadline.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error);
      throw new UserError(`${method} ${url}: ${reason}`, { cause: error });
    }
  }
}

/** `operator/NAME`, whatever letters the name has. */
export function path(kind: Resource, name: string): string {
  return `${kind}/${encodeURIComponent(name)}`;
}

function readAnswer(what: string, ok: boolean, status: number, text: string): Answer {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (cause) {
    const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
    throw new UserError(`${what}: expected JSON, received status ${status}: ${shown}`, { cause });
  }
  if (ok) return answer;
  const { message = text, error = '' } = answer as { readonly message?: string; readonly error?: string };
  throw new UserError(`${what}: ${status}${error === '' ? '' : ` ${error}`}: ${message}`);
}

/** fetch says only "fetch failed"; its cause says why. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof AggregateError) return cause.errors.map(String).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
