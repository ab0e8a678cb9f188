import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { GatewayClient } from '../../../easyrec/serving/function/index.js';

const DCF = fileURLToPath(new URL('../../../easyrec/cli/dcf/main.js', import.meta.url));

/** A gateway in a process of its own, and a client of it. */
export interface GatewayProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly client: GatewayClient;
}

/** Runs `dcf gateway`; `shell` is run before it in the same process. */
export async function startProcess(stateDirectory: string, shell = ':'): Promise<GatewayProcess> {
  const command = [process.execPath, DCF, 'gateway', '--port=0', `--state_dir=${stateDirectory}`];
  const child = spawn('sh', ['-c', `${shell}; exec "$@"`, 'sh', ...command], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const lines = createInterface({ input: child.stderr });
  const port = await new Promise<number>((resolve, reject) => {
    const seen: string[] = [];
    lines.on('line', (line) => {
      seen.push(line);
      const [, found] = /listens on 127\.0\.0\.1:(\d+)/.exec(line) ?? [];
      if (found !== undefined) resolve(Number(found));
    });
    child.once('exit', () => reject(new Error(seen.join('\n'))));
  });
  const client = new GatewayClient(`127.0.0.1:${port}`, { timeoutMs: 30_000 });
  const dispose = async (): Promise<void> => {
    client.close();
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  return { child, client, [Symbol.asyncDispose]: dispose };
}

/** Sends a signal and waits until the process has ended; its exit code, or null when the signal ended it. */
export async function endProcess(
  { child, client }: GatewayProcess,
  signal: NodeJS.Signals,
): Promise<number | null> {
  client.close();
  const exited = once(child, 'exit') as Promise<[number | null]>;
  child.kill(signal);
  return (await exited)[0];
}
