/** A place in a user's file: 1-based line and column, as editors count them. */
export interface SourceLocation {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** `file:line:column`, leaving out what is not known. */
export function formatLocation(location: SourceLocation): string {
  return [location.file, location.line, location.column].filter((part) => part !== undefined).join(':');
}

/** Besides the cause of an error, the place it is about. */
export interface ErrorOptionsWithLocation extends ErrorOptions {
  readonly at?: SourceLocation | undefined;
}

/**
 * Something the user can put right: commands print its message alone and exit with code 2.
 * The message says what was wrong, what was expected and what was received; `at` is put in front of it.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError';
  readonly at: SourceLocation | undefined;

  constructor(message: string, options: ErrorOptionsWithLocation = {}) {
    super(options.at ? `${formatLocation(options.at)}: ${message}` : message, options);
    this.at = options.at;
  }
}

/** A pipeline.config (or an edit of it) that cannot be read or does not make sense. */
export class ConfigError extends UserError {
  override readonly name: string = 'ConfigError';
}

/** Input data that does not fit its description. */
export class DataError extends UserError {
  override readonly name: string = 'DataError';
}

/** A graph that cannot be built: wrong dtype, rank, shape or attribute of an op. */
export class GraphError extends UserError {
  override readonly name: string = 'GraphError';
}

/** libtensorflow or an op library cannot be found, loaded or used. */
export class NativeError extends UserError {
  override readonly name: string = 'NativeError';
}

/** Levenshtein distance of two names, case-insensitive. */
function distance(a: string, b: string): number {
  const s = a.toLowerCase();
  const t = b.toLowerCase();
  let previous = Array.from({ length: t.length + 1 }, (_, j) => j);
  for (let i = 1; i <= s.length; i++) {
    const current = [i];
    for (let j = 1; j <= t.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (s[i - 1] === t[j - 1] ? 0 : 1);
      current.push(Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, substitution));
    }
    previous = current;
  }
  return previous[t.length] ?? 0;
}

/** Whether a distance is small for names of that length: at most 40 % of it or 2, and something must be left. */
function isNear(d: number, length: number): boolean {
  return d < Math.max(length, 1) && d <= Math.max(2, Math.ceil(length * 0.4));
}

/** The names nearest to `name`, best first: at most `limit`, and none that has little in common with it. */
export function nearestNames(name: string, known: Iterable<string>, limit = 3): string[] {
  return [...new Set(known)]
    .map((candidate) => ({ candidate, d: distance(name, candidate) }))
    .filter(({ candidate, d }) => isNear(d, Math.max(name.length, candidate.length)))
    .sort((x, y) => x.d - y.d || (x.candidate < y.candidate ? -1 : 1))
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

/** `; did you mean "a" or "b"?`, or an empty string when nothing is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = nearestNames(name, known).map((candidate) => JSON.stringify(candidate));
  if (near.length === 0) return '';
  const last = near.pop() ?? '';
  return `; did you mean ${near.length > 0 ? `${near.join(', ')} or ${last}` : last}?`;
}
