import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from './has_code.js';

/** Names the gateway's state folder in the environment of all that it starts. */
const OWNER_VARIABLE = 'EASYREC_FUNCTION_GATEWAY';

/** What is killed is gone by then, unless the kernel waits for a device. */
const DYING_MS = 5_000;
const DYING_POLL_MS = 10;

/** The variables by which the processes of a gateway, and all that they start, are known. */
export function ownerMark(stateDirectory: string): Readonly<Record<string, string>> {
  return { [OWNER_VARIABLE]: stateDirectory };
}

/** Kills a process group; nothing happens when it is gone. */
export function killGroup(pid: number | undefined): void {
  if (pid !== undefined) killIfThere(-pid);
}

/**
 * Kills what an earlier gateway with that state folder started and left behind, and waits until it is gone. Returns how
 * many processes there were.
 */
export async function killOrphans(stateDirectory: string): Promise<number> {
  const killed = new Set<number>();
  const end = performance.now() + DYING_MS;
  for (;;) {
    const found = await processesOf(stateDirectory);
    if (found.length === 0 || performance.now() >= end) return killed.size;
    for (const pid of found) {
      killIfThere(pid);
      killed.add(pid);
    }
    await sleep(DYING_POLL_MS);
  }
}

/** Whether a process has ended while it was looked at. */
export function isGone(error: unknown): boolean {
  return hasCode(error, 'ENOENT', 'ESRCH');
}

/** Those that have ended and are only waited for have no environment any more. */
async function processesOf(stateDirectory: string): Promise<readonly number[]> {
  const mark = Buffer.from(`\0${OWNER_VARIABLE}=${stateDirectory}\0`).toString('latin1');
  const found: number[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    // A process may end while it is looked at, or be somebody else's.
    const environment = await readFile(`/proc/${entry}/environ`, 'latin1').catch(() => '');
    if (`\0${environment}`.includes(mark)) found.push(Number(entry));
  }
  return found;
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}
