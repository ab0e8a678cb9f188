import { lookup } from 'node:dns';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { DataError } from '../../errors.js';
import { isPrivateAddress } from './private_addresses.js';

/** How far an operator goes for what a URL names. */
export interface FetchLimits {
  /** Larger answers are cut off. */
  readonly maxBytes: number;
  /** For everything together: name, connection, redirects, content. */
  readonly timeoutMs: number;
  /** Whether URLs may lead to this machine and to local networks. */
  readonly allowPrivate: boolean;
}

const MAX_REDIRECTS = 5;

/**
 * What an http or https URL names.
 * @throws DataError when it is no such URL, leads to a private address, or is too large, too slow or not there.
 */
export async function fetchUrl(url: string, limits: FetchLimits, signal?: AbortSignal): Promise<Uint8Array> {
  const deadline = AbortSignal.timeout(limits.timeoutMs);
  const both = signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
  try {
    let target = parseUrl(url);
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const answer = await get(target, limits, both);
      if (answer instanceof URL) target = answer;
      else return answer;
    }
    throw new DataError(`expected at most ${MAX_REDIRECTS} redirects, received more`);
  } catch (error) {
    const reason = deadline.aborted ? `no answer within ${limits.timeoutMs} ms` : messageOf(error);
    throw new DataError(`url ${shown(url)}: ${reason}`, { cause: error });
  }
}

function parseUrl(text: string, base?: URL): URL {
  if (!URL.canParse(text, base?.href)) throw new DataError('expected an http or https URL');
  const url = new URL(text, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new DataError(`expected an http or https URL, received one that begins ${url.protocol}`);
  }
  return url;
}

/** The content, or where the server says that it is. */
function get(url: URL, limits: FetchLimits, signal: AbortSignal): Promise<Uint8Array | URL> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (!limits.allowPrivate && isIP(host) !== 0 && isPrivateAddress(host)) throw privateAddress(host);
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(url, {
      signal,
      agent: false,
      headers: { accept: 'image/*,*/*', 'accept-encoding': 'identity', 'user-agent': 'easyrec-operator' },
      ...(!limits.allowPrivate && { lookup: publicLookup }),
    });
    request.once('error', reject);
    request.once('response', (response) => {
      readResponse(url, response, limits.maxBytes)
        .then(resolve, reject)
        .finally(() => request.destroy());
    });
    request.end();
  });
}

/** Looks a name up and refuses private addresses: the socket connects to the very address that was looked at. */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const refused = error === null ? addresses.find(({ address }) => isPrivateAddress(address)) : undefined;
    const problem = refused === undefined ? error : privateAddress(`${hostname} (${refused.address})`);
    const [first] = error === null ? addresses : [];
    if (problem !== null) callback(problem, '', 0);
    else if (options.all === true) callback(null, addresses);
    else callback(null, first?.address ?? '', first?.family ?? 0);
  });
};

function privateAddress(host: string): DataError {
  return new DataError(
    `${host} is an address of this machine or a local network; --allow_private_addresses allows those`,
  );
}

async function readResponse(
  url: URL,
  response: IncomingMessage,
  maxBytes: number,
): Promise<Uint8Array | URL> {
  const { statusCode = 0, headers } = response;
  if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
    return parseUrl(headers.location, url);
  }
  if (statusCode !== 200) throw new DataError(`expected status 200, received ${statusCode}`);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new DataError(`expected at most ${maxBytes} bytes, received more`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Without the password that a URL may carry. */
function shown(url: string): string {
  const text = url.replace(/\/\/[^/@]*@/, '//');
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
