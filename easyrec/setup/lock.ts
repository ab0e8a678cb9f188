import { readFileSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LockOptions {
  /** How often a waiter looks again. Default: 250. */
  readonly pollMs?: number;
  /** A lock whose holder has given no sign of life for this long is taken over. Default: 60,000. */
  readonly staleMs?: number;
  /** Called once when another process holds the lock; `holder` is its process number and host. */
  readonly onWait?: (holder: string) => void;
}

/**
 * Runs `body` while holding the lock `file`, which only one process has at a time, and waits for it as long as its
 * holder lives. The file's folder must exist.
 */
export async function withLock<T>(
  file: string,
  body: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const { pollMs = 250, staleMs = 60_000, onWait } = options;
  const holder = `${process.pid} on ${hostname()}`;
  for (let waited = false; !tryCreate(file, holder); waited = true) {
    const other = readHolder(file);
    if (other !== undefined && isDead(file, other, staleMs)) {
      removeIfHeldBy(file, other);
      continue;
    }
    if (!waited && other !== undefined) onWait?.(other);
    await sleep(pollMs);
  }
  const signOfLife = setInterval(() => touch(file), staleMs / 4);
  signOfLife.unref();
  try {
    return await body();
  } finally {
    clearInterval(signOfLife);
    removeIfHeldBy(file, holder);
  }
}

function tryCreate(file: string, holder: string): boolean {
  try {
    writeFileSync(file, holder, { flag: 'wx' });
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Undefined when the lock has just been given back. */
function readHolder(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isDead(file: string, holder: string, staleMs: number): boolean {
  const [pid, host] = holder.split(' on ');
  if (host === hostname() && !isRunning(Number(pid))) return true;
  try {
    return Date.now() - statSync(file).mtimeMs > staleMs;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false;
    throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as somebody else's process.
    return !isCode(error, 'ESRCH');
  }
}

function touch(file: string): void {
  const now = new Date();
  try {
    utimesSync(file, now, now);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
}

function removeIfHeldBy(file: string, holder: string): void {
  if (readHolder(file) !== holder) return;
  try {
    unlinkSync(file);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
