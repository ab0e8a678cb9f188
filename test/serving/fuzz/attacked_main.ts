// A server in a process of its own, for attacks: node attacked_main.js KIND OPTIONS, with a channel to the parent.
import { setTimeout as sleep } from 'node:timers/promises';
import { SILENT_LOG } from '../../../easyrec/log.js';
import { startGatewayServer } from '../../../easyrec/serving/function/index.js';
import { startModelServer } from '../../../easyrec/serving/model_server.js';
import { startOperatorServer } from '../../../easyrec/serving/operator/index.js';

interface Started {
  readonly port: number;
  readonly grpcPort: number;
  readonly close: () => Promise<void>;
}

const [kind, text = '{}'] = process.argv.slice(2);
const options = JSON.parse(text) as object;
const log = process.env['FUZZ_LOG'] === undefined ? SILENT_LOG : { ...SILENT_LOG, warn: console.error };

async function start(): Promise<Started> {
  switch (kind) {
    case 'serve': {
      const server = await startModelServer({
        host: '127.0.0.1',
        restApiPort: 0,
        grpcPort: 0,
        patience: { quietMs: 0, incompleteMs: 0 },
        ...options,
        log,
      });
      return { port: server.port, grpcPort: server.grpcPort, close: () => server.close() };
    }
    case 'operator': {
      const settings = { file: '', endpoint: '127.0.0.1:0', ...options };
      const server = await startOperatorServer({ ...settings, log });
      return { port: 0, grpcPort: server.port, close: () => server.close() };
    }
    case 'gateway': {
      const server = await startGatewayServer({ stateDirectory: '', port: 0, ...options, log });
      return { port: server.port, grpcPort: server.port, close: () => server.close() };
    }
    case undefined:
    default:
      throw new Error(`a server of kind ${String(kind)}`);
  }
}

/** What is garbage is no leak; large buffers are given back by a thread that works on after the collection. */
async function collect(): Promise<void> {
  for (let before = Infinity, rounds = 0; rounds < 20; rounds++) {
    globalThis.gc?.();
    const { rss } = process.memoryUsage();
    if (before - rss < 1 << 20) return;
    before = rss;
    await sleep(100);
  }
}

const { port, grpcPort, close } = await start();
process.on('message', (message) => {
  if (message === 'resources') {
    void collect().then(() => process.send?.({ resources: process.getActiveResourcesInfo() }));
  } else {
    void close().then(() => process.exit(0));
  }
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port, grpcPort });
