import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attackGateway, attackOperator, attackServe, type CampaignResult } from './campaigns.js';

/** `npm run test:stress` sends a hundred times as many. */
const SEED = 20_261_121;

function assertHeld({ problems, sent, checks }: CampaignResult, attacks: number): void {
  assert.deepEqual(problems, []);
  assert.equal(sent, attacks);
  assert.equal(checks, Math.ceil(attacks / 5));
}

test('600 hostile requests over all protocols of easyrec serve: each refused, none in the way of others', async () => {
  assertHeld(await attackServe({ seed: SEED, attacks: 600, parts: 1 }), 600);
});

test('200 hostile requests to an operator: each good picture beside them has its vector', async () => {
  assertHeld(await attackOperator({ seed: SEED, attacks: 200, parts: 1 }), 200);
});

test('200 hostile requests to the function gateway, whose functions fail in every way', async () => {
  assertHeld(await attackGateway({ seed: SEED, attacks: 200, parts: 1 }), 200);
});
