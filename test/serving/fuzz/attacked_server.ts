import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What a process holds. */
export interface Holdings {
  readonly rssMiB: number;
  readonly openFiles: number;
  /** Timers, sockets and the like that keep it alive. */
  readonly handles: number;
}

/** A server in a process of its own, so that a crash is seen and memory is its own. */
export class AttackedServer {
  readonly #child: ChildProcess;
  readonly port: number;
  readonly grpcPort: number;

  private constructor(child: ChildProcess, { port, grpcPort }: { port: number; grpcPort: number }) {
    this.#child = child;
    this.port = port;
    this.grpcPort = grpcPort;
  }

  /**
   * Starts one: `easyrec serve`, `easyrec operator serve` or `dcf gateway`, with the options of its function.
   * @param maxFileKiB It may write no larger file, so that a larger one fails as on a full disk.
   */
  static async start(
    kind: 'serve' | 'operator' | 'gateway',
    options: object,
    maxFileKiB?: number,
  ): Promise<AttackedServer> {
    const main = fileURLToPath(new URL('attacked_main.js', import.meta.url));
    // Blocks of 512 bytes, in every shell.
    const limit = maxFileKiB === undefined ? '' : `trap '' XFSZ; ulimit -f ${2 * maxFileKiB};`;
    const words = [process.execPath, '--expose-gc', main, kind, JSON.stringify(options)];
    const child = spawn('sh', ['-c', `${limit} exec "$0" "$@"`, ...words], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the server ended with ${String(code)} as it started`);
    });
    const [ports] = (await Promise.race([once(child, 'message'), ended])) as [
      { port: number; grpcPort: number },
    ];
    ended.catch(() => undefined);
    return new AttackedServer(child, ports);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Whether it has not crashed. */
  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** After a collection of its garbage; nothing of a server that has crashed. */
  async holdings(): Promise<Holdings> {
    if (!this.isAlive) return { rssMiB: 0, openFiles: 0, handles: 0 };
    this.#child.send('resources');
    const [{ resources }] = (await once(this.#child, 'message')) as [{ resources: readonly string[] }];
    return {
      rssMiB: rssMiB(this.pid),
      openFiles: readdirSync(`/proc/${this.pid}/fd`).length,
      handles: resources.length,
    };
  }

  /** Asks it to stop; rejects when it does not end as it should. */
  async close(): Promise<void> {
    if (!this.isAlive)
      throw new Error(`the server crashed: ${this.#child.signalCode ?? this.#child.exitCode}`);
    const ended = once(this.#child, 'exit');
    this.#child.send('close');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 20_000);
    const [code, signal] = (await ended) as [number | null, string | null];
    clearTimeout(timer);
    if (code !== 0) throw new Error(`the server ended with ${signal ?? code}`);
  }
}

/** Memory that a process uses. */
function rssMiB(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return Number(kibibytes) / 1024;
}
