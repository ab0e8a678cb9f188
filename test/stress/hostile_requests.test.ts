import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { parseBatchingParameters } from '../../easyrec/serving/batching/index.js';
import {
  attackGateway,
  attackOperator,
  attackServe,
  type CampaignResult,
  type CampaignSize,
} from '../serving/fuzz/campaigns.js';
import { growth } from './growth.js';
import { repetitions } from './share.js';

const PARTS = 20;
/** Until caches are full and the allocator has seen the largest requests. */
const WARM_UP_PARTS = 8;
/** Over the parts after that. */
const MAX_GROWTH_MIB = 60;
/** Connections that are about to be given up, and workers that are being replaced, come and go. */
const MAX_GROWTH_FILES = 20;

/**
 * A process keeps the most memory that it ever needed at once: at 64 MiB a request, its size grows by that whenever more of
 * them coincide than before, and does not with their number. Small ones keep this below what a leak would add up to.
 */
const LIMITS = { maxBodyBytes: 4 << 20 };

async function attack(
  t: TestContext,
  campaign: (size: CampaignSize) => Promise<CampaignResult>,
  attacks: number,
): Promise<void> {
  const seed = Number(process.env['STRESS_SEED'] ?? 1);
  let done = 0;
  const result = await campaign({
    seed,
    attacks,
    parts: PARTS,
    onPart: ({ problems }, { rssMiB, openFiles }) => {
      const state = `${rssMiB.toFixed()} MiB, ${openFiles} open files, ${problems.length} problems`;
      console.log(`${t.name}: ${++done} of ${PARTS} parts; ${state}`);
    },
  });
  const { problems, sent, checks, slowest, holdings } = result;
  const memory = holdings.map(({ rssMiB }) => Math.round(rssMiB));
  t.diagnostic(`${sent} attacks and ${checks} right requests; slowest ${JSON.stringify(slowest)}`);
  t.diagnostic(`MiB ${memory.join(' ')}; open files ${holdings.map(({ openFiles }) => openFiles).join(' ')}`);
  assert.deepEqual(problems, []);
  assert.equal(sent, attacks);
  const settled = holdings.slice(WARM_UP_PARTS);
  const grown = growth(settled.map(({ rssMiB }) => rssMiB));
  assert.ok(grown < MAX_GROWTH_MIB, `memory grew by ${Math.round(grown)} MiB: ${memory.join(' ')}`);
  const files = growth(settled.map(({ openFiles }) => openFiles));
  const handles = growth(settled.map((each) => each.handles));
  assert.ok(
    files < MAX_GROWTH_FILES && handles < MAX_GROWTH_FILES,
    `grew by ${files} open files and ${handles} handles`,
  );
}

test('easyrec serve holds out against 50,000 hostile requests over all its protocols', (t) =>
  attack(t, (size) => attackServe(size, LIMITS), repetitions(50_000)));

test('easyrec serve holds out against 10,000 hostile requests that are joined, padded and split', (t) => {
  const batching = {
    parameters: parseBatchingParameters(
      `max_batch_size { value: 64 }
       batch_timeout_micros { value: 1000 }
       allowed_batch_sizes: [2, 4, 64]
       pad_variable_length_inputs: true
       enable_large_batch_splitting { value: true }
       max_execution_batch_size { value: 4 }`,
      'batching',
    ),
  };
  return attack(t, (size) => attackServe(size, { ...LIMITS, batching }), repetitions(10_000));
});

test('easyrec serve holds out against 10,000 hostile requests with its models in processes of their own', (t) =>
  attack(t, (size) => attackServe(size, { ...LIMITS, isolation: 'process' }), repetitions(10_000)));

test('an operator holds out against 20,000 hostile requests', (t) =>
  attack(t, attackOperator, repetitions(20_000)));

test('the function gateway holds out against 10,000 hostile requests', (t) =>
  attack(t, attackGateway, repetitions(10_000)));
