import assert from 'node:assert/strict';
import type { Check } from './campaign.js';
import { ask } from './http_client.js';
import type { RestTarget } from './rest_answers.js';

/** Right requests over REST and the open inference protocol, with other numbers each time. */
export function restChecks(target: RestTarget): readonly Check[] {
  let count = 0;
  const post = async (path: string, body: object): Promise<unknown> => {
    const answer = await ask({ ...target, method: 'POST', path, body: JSON.stringify(body) });
    const text = answer.body.toString('utf8');
    assert.equal(answer.status, 200, text);
    return JSON.parse(text);
  };
  return [
    async () => {
      const x = count++;
      const answer = await post('/v1/models/single:predict', { instances: [x, 0.5] });
      assert.deepEqual(answer, { predictions: [3 * x, 1.5] });
    },
    async () => {
      const id = count++ % 10;
      const inputs = { x: [[id, 1]], id: [id], word: [`word ${id}`], flag: [id > 4] };
      const answer = await post('/v1/models/multi:predict', { inputs });
      const echo = { b64: Buffer.from(`word ${id}`).toString('base64') };
      assert.deepEqual(answer, {
        outputs: { value: [id / 4], sum: [id + 1], not: [id <= 4], echo_bytes: [echo] },
      });
    },
    async () => {
      const x = count++;
      const inputs = [{ name: 'x', datatype: 'FP32', shape: [2], data: [x, 1] }];
      const { outputs } = (await post('/v2/models/single/infer', { inputs })) as { outputs: unknown };
      assert.deepEqual(outputs, [{ name: 'y', datatype: 'FP32', shape: [2], data: [3 * x, 3] }]);
    },
  ];
}
