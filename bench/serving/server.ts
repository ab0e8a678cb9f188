import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { packageFile } from '../../easyrec/package_files.js';

/** What a process has used so far. */
export interface Usage {
  readonly rssMb: number;
  readonly cpuSeconds: number;
}

/** `easyrec serve` in a process of its own. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly restPort: number;
  readonly grpcPort: number;

  private constructor(child: ChildProcess, restPort: number, grpcPort: number) {
    this.#child = child;
    this.restPort = restPort;
    this.grpcPort = grpcPort;
  }

  /** The flags that say which model and where. */
  static command(model: string, name: string, flags: readonly string[]): readonly string[] {
    return [
      ...[packageFile('dist/easyrec/cli/bin/easyrec.cjs'), 'serve', `--model_base_path=${model}`],
      ...[`--model_name=${name}`, '--rest_api_port=0', '--port=0', ...flags],
    ];
  }

  /** @throws Error when it ends before it answers. */
  static start(args: readonly string[]): Promise<ServerProcess> {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let log = '';
    return new Promise((resolve, reject) => {
      const read = (chunk: Buffer): void => {
        log += chunk.toString();
        const rest = /http:\/\/[^ :]*:(\d+)\//.exec(log)?.[1];
        const grpc = /gRPC[^\n]*:(\d+)/.exec(log)?.[1];
        if (rest !== undefined && grpc !== undefined) {
          resolve(new ServerProcess(child, Number(rest), Number(grpc)));
        }
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${log}`)));
    });
  }

  usage(): Usage {
    const { pid } = this.#child;
    const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // utime and stime, in hundredths of a second on Linux.
    return { rssMb: Number(rss) / 1024, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100 };
  }

  async stop(): Promise<void> {
    this.#child.removeAllListeners('exit');
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }
}
