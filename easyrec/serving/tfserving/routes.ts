import type { ModelSpec } from '../catalog.js';
import { invalidArgument } from '../status.js';

/** What a REST request asks for. */
export interface Route {
  readonly action: 'predict' | 'classify' | 'regress' | 'status' | 'metadata';
  readonly spec: ModelSpec;
}

const ACTIONS = ['predict', 'classify', 'regress', 'metadata'] as const;
const INT64_MAX = 2n ** 63n - 1n;
const PREFIX = /^\/v1\/.*$/i;
const VERSION_OR_LABEL = '(?:/versions/(?<version>\\d+)|/labels/(?<label>[^/:]+))?';
const POST = new RegExp(
  `^/v1/models/(?<name>[^/:]+)${VERSION_OR_LABEL}:(?<action>classify|regress|predict)$`,
  'i',
);
const GET = new RegExp(`^/v1/models(?:/(?<name>[^/:]+))?${VERSION_OR_LABEL}(?:/(?<action>metadata))?$`, 'i');

/** Whether the REST protocol answers for this path at all. */
export function isRestPath(path: string): boolean {
  return PREFIX.test(path);
}

/**
 * What a request asks for, by its method and path (without the query).
 * @throws ServingError INVALID_ARGUMENT for a path that means nothing.
 */
export function parseRoute(method: string, path: string): Route {
  const pattern = method === 'POST' ? POST : method === 'GET' ? GET : undefined;
  const groups = pattern?.exec(path)?.groups;
  if (groups === undefined) throw invalidArgument(`Malformed request: ${method} ${path}`);
  const { name, version, label, action } = groups as Partial<Record<string, string>>;
  if (name === undefined) throw invalidArgument('Missing model name in request.');
  const spec: ModelSpec = {
    name: unescapePercent(name),
    ...(version !== undefined && { version: parseVersion(version) }),
    ...(label !== undefined && { label: unescapePercent(label) }),
  };
  return { action: actionOf(action) ?? fallbackAction(method, path), spec };
}

// Paths match in any case, but only lower-case words name an action.
function actionOf(word: string | undefined): Route['action'] | undefined {
  return ACTIONS.find((action) => action === word);
}

function fallbackAction(method: string, path: string): Route['action'] {
  if (method === 'GET') return 'status';
  throw invalidArgument(`Malformed request: ${method} ${path}`);
}

function parseVersion(text: string): bigint {
  const version = BigInt(text);
  if (version > INT64_MAX) throw invalidArgument(`Failed to convert version: ${text} to numeric.`);
  return version;
}

/** `%41` gives `A`; what is not a valid escape stays as it is. */
function unescapePercent(text: string): string {
  const bytes = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
