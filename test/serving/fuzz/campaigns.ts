import { mkdirSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { ops } from '../../../easyrec/tf/index.js';
import { GatewayClient } from '../../../easyrec/serving/function/index.js';
import { withTempFolder } from '../../support/temp_folder.js';
import { deployPython } from '../function/support.js';
import { withHttp, writeModel } from '../operator/support.js';
import { AttackedServer, type Holdings } from './attacked_server.js';
import { type CampaignOptions, type CampaignReport, runCampaign, weighted } from './campaign.js';
import { restChecks } from './checks.js';
import { gatewayAttacks, HANDLERS } from './gateway_attacks.js';
import { grpcAttacks } from './grpc_attacks.js';
import { BytesClient } from './grpc_client.js';
import { hostileHost } from './hostile_host.js';
import { http2Attacks } from './http2_attacks.js';
import { kserveAttacks, kserveGrpcAttacks } from './kserve_attacks.js';
import { writeFuzzModels } from './models.js';
import { OperatorCalls } from './operator_attacks.js';
import { rawHttpAttacks } from './raw_http_attacks.js';
import { restAttacks } from './rest_attacks.js';

/** How much is sent. */
export interface CampaignSize {
  readonly seed: number;
  readonly attacks: number;
  /** The attacks are sent in so many parts, after each of which the server is looked at. */
  readonly parts: number;
  /** Called after each part. */
  readonly onPart?: (report: CampaignReport, holdings: Holdings) => void;
}

/** What came of all parts. */
export interface CampaignResult {
  readonly problems: readonly string[];
  readonly sent: number;
  readonly checks: number;
  readonly slowest: CampaignReport['slowest'];
  /** After each part. */
  readonly holdings: readonly Holdings[];
}

type Weapons = Pick<CampaignOptions, 'arsenal' | 'checks'>;

const CLIENTS = 8;
/** Of an answer; the machine may be busy with other tests. */
const LIMIT_MS = 30_000;

/** Attacks `easyrec serve` over all its protocols; `options` are more of the server's own. */
export function attackServe(size: CampaignSize, options: object = {}): Promise<CampaignResult> {
  return withTempFolder(async (folder) => {
    const names = await writeFuzzModels(folder);
    const configs = names.map(
      (name) => `config { name: "${name}" base_path: "${join(folder, name)}" model_platform: "tensorflow" }`,
    );
    const modelConfigFile = join(folder, 'models');
    writeFileSync(modelConfigFile, `model_config_list { ${configs.join(' ')} }`);
    return withServer('serve', { modelConfigFile, ...options }, (server, client, agent) => {
      const target = { port: server.port, agent };
      const arsenal = weighted([
        [3, restAttacks(target)],
        [1, rawHttpAttacks(server.port)],
        [1, kserveAttacks(target)],
        [3, grpcAttacks(client)],
        [1, kserveGrpcAttacks(client)],
        [0.5, http2Attacks(server.grpcPort, '/tensorflow.serving.PredictionService/Predict')],
      ]);
      return run(server, { arsenal, checks: restChecks(target) }, size);
    });
  });
}

/** Attacks `easyrec operator serve`: a model that tells the mean colour of a picture. */
export function attackOperator(size: CampaignSize): Promise<CampaignResult> {
  return withTempFolder(async (folder) => {
    const yaml = ['name: mean', 'type: encoder', 'dimension: 3', 'image_size: 4', 'batch_size: 8'];
    const file = await writeModel(folder, yaml, (graph) => {
      const images = ops.placeholder(graph, 'float32', [-1, 4, 4, 3], 'images');
      return {
        inputs: { images },
        outputs: { mean: graph.op('Mean', [images, ops.ints(graph, [1, 2])]).output() },
      };
    });
    const limits = { allowPrivateAddresses: true, maxUrlBytes: 1 << 20, urlTimeoutMs: 500 };
    return withHttp(hostileHost, (url) =>
      withServer('operator', { file, ...limits }, (server, client) => {
        const calls = new OperatorCalls(client, url);
        const arsenal = weighted([
          [10, calls.attacks()],
          [1, http2Attacks(server.grpcPort, '/omnisearch.Operator/Execute')],
        ]);
        return run(server, { arsenal, checks: calls.checks() }, size);
      }),
    );
  });
}

/** Attacks `dcf gateway`, which has functions that fail in every way. */
export function attackGateway(size: CampaignSize): Promise<CampaignResult> {
  return withTempFolder((folder) => {
    const stateDirectory = join(folder, 'state');
    mkdirSync(stateDirectory);
    return withServer('gateway', { stateDirectory, drainMs: 5_000 }, async (server, client, agent) => {
      const gateway = new GatewayClient(`127.0.0.1:${server.port}`, { timeoutMs: 60_000 });
      try {
        for (const [name, handler] of Object.entries(HANDLERS)) {
          const header = { concurrency: 4, timeout_ms: name === 'hangs' ? 300 : 20_000 };
          const request = name === 'leaks' ? { Limits: { Memory: '200Mi', CPU: '', GPU: '' } } : {};
          await deployPython(gateway, name, handler, { header, request });
        }
        let count = 0;
        const check = async (): Promise<void> => {
          const text = `input ${count++}`;
          const answer = await gateway.invoke('echo', Buffer.from(text));
          if (answer !== text) throw new Error(`answered ${answer} to ${text}`);
        };
        const arsenal = weighted([
          [10, gatewayAttacks(client, { port: server.port, agent })],
          [1, http2Attacks(server.grpcPort, '/pb.Gateway/Invoke')],
        ]);
        return await run(server, { arsenal, checks: [check] }, size);
      } finally {
        gateway.close();
      }
    });
  });
}

async function run(server: AttackedServer, weapons: Weapons, size: CampaignSize): Promise<CampaignResult> {
  const { seed, attacks, parts, onPart } = size;
  const holdings: Holdings[] = [];
  const reports: CampaignReport[] = [];
  for (let part = 0; part < parts; part++) {
    const first = Math.floor((part * attacks) / parts);
    const share = Math.floor(((part + 1) * attacks) / parts) - first;
    const options = { ...weapons, seed, attacks: share, first, clients: CLIENTS, limitMs: LIMIT_MS };
    const report = await runCampaign(options);
    const held = await server.holdings();
    reports.push(report);
    holdings.push(held);
    onPart?.(report, held);
    if (report.problems.length > 0) break;
  }
  const problems = reports.flatMap((report) => report.problems);
  if (!server.isAlive) problems.push('the server crashed');
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    problems,
    sent: sum(reports.flatMap((report) => [...report.sent.values()])),
    checks: sum(reports.map((report) => report.checks)),
    slowest: reports.map(({ slowest }) => slowest).reduce((a, b) => (a.ms > b.ms ? a : b)),
    holdings,
  };
}

async function withServer(
  kind: 'serve' | 'operator' | 'gateway',
  options: object,
  use: (server: AttackedServer, client: BytesClient, agent: Agent) => Promise<CampaignResult>,
): Promise<CampaignResult> {
  const server = await AttackedServer.start(kind, options);
  const client = new BytesClient(server.grpcPort);
  const agent = new Agent({ keepAlive: true });
  try {
    return await use(server, client, agent);
  } finally {
    client.close();
    agent.destroy();
    if (server.isAlive) await server.close();
  }
}
