import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Duplex, Readable } from 'node:stream';
import { packageFile } from '../../package_files.js';
import { withStreams } from '../with_streams.js';
import { hasCode } from './has_code.js';
import { isGone, ownerMark } from './owned_processes.js';
import type { ResourceLimits } from './resources.js';
import type { FunctionVersion } from './version_store.js';

/** What to start as a worker. */
export interface WorkerLaunch {
  readonly functionName: string;
  readonly version: FunctionVersion;
  /** From the deployment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: ResourceLimits;
  readonly concurrency: number;
  readonly timeoutMs: number;
  /** The gateway's state folder, by which its processes are known. */
  readonly stateDirectory: string;
}

/** A started process and its streams. */
export interface WorkerProcess {
  readonly child: ChildProcess;
  readonly pid: number | undefined;
  readonly connection: Duplex;
  readonly output: readonly Readable[];
}

/** What a worker inherits of the gateway's environment: what programs need, and no secrets. */
const INHERITED =
  /^(PATH|HOME|USER|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|LD_LIBRARY_PATH|XDG_CACHE_HOME|EASYREC_\w+|TF_\w+|CUDA_\w+|NVIDIA_\w+|OMP_\w+|SSL_CERT_\w+|(https?|no)_proxy)$/i;

/** Room above the limit before the kernel itself refuses memory: libraries reserve more than they use. */
const RESERVED_BYTES = 1024 * 1024 * 1024;

/**
 * Starts a worker's process: leader of a process group of its own, killed by the kernel when the gateway dies, and with
 * the limits that the kernel can keep for us.
 * @throws NativeError when this machine has no memory or no file descriptors left for it.
 */
export function startWorkerProcess(launch: WorkerLaunch): WorkerProcess {
  const [file = '', ...args] = [...limitCommand(launch.limits), ...runnerCommand(launch.version)];
  const child = spawn(file, args, {
    cwd: launch.version.contentDirectory,
    env: workerEnvironment(launch),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [, stdout, stderr, connection] = withStreams('a worker', child).stdio;
  if (!isReadable(stdout) || !isReadable(stderr) || !isDuplex(connection)) throw new Error('no pipes');
  return { child, pid: child.pid, connection, output: [stdout, stderr] };
}

/** The memory in use by a process and all its descendants; 0 when it has ended. */
export function residentBytes(pid: number): number {
  const [, own = '0'] = /^VmRSS:\s*(\d+) kB$/m.exec(readIfThere(`/proc/${pid}/status`)) ?? [];
  const children = readThreads(pid).flatMap((thread) =>
    readIfThere(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean),
  );
  return children.reduce((sum, child) => sum + residentBytes(Number(child)), Number(own) * 1024);
}

function readThreads(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch (error) {
    if (isOutOfSight(error)) return [];
    throw error;
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (isOutOfSight(error)) return '';
    throw error;
  }
}

/** Also where there is no file descriptor left to look with: the next look is soon. */
function isOutOfSight(error: unknown): boolean {
  return isGone(error) || hasCode(error, 'EMFILE', 'ENFILE');
}

function limitCommand({ memoryBytes, cpus }: ResourceLimits): readonly string[] {
  const command = ['setpriv', '--pdeathsig', 'KILL'];
  if (memoryBytes !== undefined) command.push('prlimit', `--data=${2 * memoryBytes + RESERVED_BYTES}`);
  if (cpus !== undefined && Math.ceil(cpus) < availableParallelism()) {
    const first = Math.floor(Math.random() * availableParallelism());
    const chosen = Array.from({ length: Math.ceil(cpus) }, (_, i) => (first + i) % availableParallelism());
    command.push('taskset', '--cpu-list', chosen.join(','));
  }
  return command;
}

function runnerCommand(version: FunctionVersion): readonly string[] {
  if (version.runtime === 'node') {
    const runner = new URL('./node_runner.js', import.meta.url).pathname;
    return [process.execPath, '--enable-source-maps', decodeURIComponent(runner)];
  }
  return [
    `${version.environmentDirectory}/bin/python`,
    packageFile('easyrec/serving/function/runners/python_runner.py'),
  ];
}

function workerEnvironment(launch: WorkerLaunch): NodeJS.ProcessEnv {
  const { version, limits, concurrency, timeoutMs } = launch;
  const inherited = Object.entries(process.env).filter(([name]) => INHERITED.test(name));
  const threads = limits.cpus === undefined ? undefined : String(Math.ceil(limits.cpus));
  return {
    ...Object.fromEntries(inherited),
    ...(threads !== undefined && { OMP_NUM_THREADS: threads, TF_NUM_INTRAOP_THREADS: threads }),
    ...(limits.gpus !== undefined && {
      CUDA_VISIBLE_DEVICES: Array.from({ length: limits.gpus }, (_, i) => i).join(','),
    }),
    ...launch.environment,
    PYTHONUNBUFFERED: '1',
    // The function's folder is not to change.
    PYTHONPYCACHEPREFIX: version.cacheDirectory,
    HANDLER_DIR: version.contentDirectory,
    HANDLER_FILE: version.handlerPath,
    HANDLER_NAME: version.handlerName,
    FUNCTION_NAME: launch.functionName,
    EASYREC_FUNCTION_MODULE: version.modulePath,
    EASYREC_FUNCTION_CONCURRENCY: String(concurrency),
    EASYREC_FUNCTION_TIMEOUT_S: String(Math.ceil(timeoutMs / 1000)),
    ...ownerMark(launch.stateDirectory),
  };
}

function isReadable(stream: unknown): stream is Readable {
  return typeof stream === 'object' && stream !== null && 'read' in stream;
}

function isDuplex(stream: unknown): stream is Duplex {
  return isReadable(stream) && 'write' in stream;
}
