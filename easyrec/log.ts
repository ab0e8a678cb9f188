/** Where library code says things; only commands decide what becomes of them. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
  /** Only of interest with --verbose. */
  debug(message: string): void;
}

/** A log that keeps nothing, for callers who want silence. */
export const SILENT_LOG: Log = {
  info: () => undefined,
  warn: () => undefined,
  debug: () => undefined,
};
