import type { Progress } from './download.js';

const REFRESH_MS = 100;

/** What is needed of `process.stderr`. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/**
 * A download's progress as one line that is rewritten in place, at most ten times a second; nothing where `stream` is
 * no terminal.
 */
export function transferLine(stream: ProgressStream): Progress | undefined {
  if (!stream.isTTY) return undefined;
  const started = { at: 0, bytes: 0 };
  let shown = -Infinity;
  return (doneBytes, totalBytes) => {
    const now = performance.now();
    if (started.at === 0) Object.assign(started, { at: now, bytes: doneBytes });
    const complete = doneBytes >= totalBytes;
    if (!complete && now - shown < REFRESH_MS) return;
    shown = now;
    // What an earlier run had already fetched says nothing about the speed of this one.
    const speed = (doneBytes - started.bytes) / Math.max(1, now - started.at) / 1000;
    const text = `${megabytes(doneBytes)} of ${megabytes(totalBytes)} MB, ${speed.toFixed(1)} MB/s`;
    stream.write(`\r\x1b[2K${text}${complete ? '\n' : ''}`);
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
