import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

const POLL_MS = 50;

/** A program to run and to watch. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A program that has run. */
export interface Finished {
  readonly stdout: string;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly peakRssMb: number;
}

interface Usage {
  readonly rssMb: number;
  readonly cpuSeconds: number;
}

/** What the kernel says of a process; null when it has ended, with or without being waited for. */
function usageOf(pid: number): Usage | null {
  try {
    const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    if (peak === undefined) return null;
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // utime and stime, in hundredths of a second on Linux.
    const ticks = Number(fields[11]) + Number(fields[12]);
    return { rssMb: Number(peak) / 1024, cpuSeconds: ticks / 100 };
  } catch {
    return null;
  }
}

/**
 * Runs a program to its end, watching its peak of memory and its processor time.
 *
 * @throws Error with what it printed, when it fails.
 */
export async function measure(command: Command): Promise<Finished> {
  const begun = performance.now();
  const child = spawn(command.file, command.args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...command.env },
    ...(command.cwd !== undefined && { cwd: command.cwd }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  let usage: Usage = { rssMb: 0, cpuSeconds: 0 };
  const poll = setInterval(() => (usage = usageOf(child.pid ?? 0) ?? usage), POLL_MS);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  }).finally(() => clearInterval(poll));
  const wallSeconds = (performance.now() - begun) / 1000;
  if (code !== 0) {
    const last = stderr.trimEnd().split('\n').slice(-20);
    throw new Error([`${commandText(command)} ended with ${code}:`, ...last].join('\n'));
  }
  return { stdout, wallSeconds, cpuSeconds: usage.cpuSeconds, peakRssMb: usage.rssMb };
}

/** A command as one would type it. */
export function commandText({ file, args, env = {} }: Command): string {
  const word = (text: string): string => (/^[\w./:=,@%+-]+$/.test(text) ? text : `'${text}'`);
  const variables = Object.entries(env).map(([name, value]) => `${name}=${word(value)}`);
  return [...variables, ...[file, ...args].map(word)].join(' ');
}

/** The last line of standard output as JSON. */
export function resultOf({ stdout }: Pick<Finished, 'stdout'>): Readonly<Record<string, unknown>> {
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new Error(`expected a line of JSON, received "${line}"`, { cause: error });
  }
}
