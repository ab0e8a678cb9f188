import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CaseTable, fromCase, UNSUPPORTED } from '../../easyrec/config/case_table.js';
import type { LearningRate } from '../../easyrec/config/generated/types.js';
import { parseMessage } from '../../easyrec/config/message.js';

const TABLE = {
  constant_learning_rate: ({ learning_rate: rate }) => `constant ${rate}`,
  poly_decay_learning_rate: ({ power }) => power,
  exponential_decay_learning_rate: UNSUPPORTED,
  manual_step_learning_rate: UNSUPPORTED,
  cosine_decay_learning_rate: UNSUPPORTED,
  transformer_learning_rate: UNSUPPORTED,
} as const satisfies CaseTable<LearningRate, 'learning_rate', string | number>;

function made(text: string): string | number {
  return fromCase(parseMessage('LearningRate', text, 'a.config'), 'learning_rate', TABLE);
}

test('the row of the member that is set gets its message', () => {
  assert.equal(made('constant_learning_rate { learning_rate: 0.5 }'), 'constant 0.5');
  assert.equal(made('poly_decay_learning_rate { power: 3 }'), 3);
});

test('a member that is not supported, and none, fail with those that are', () => {
  const expected = 'learning_rate: expected constant_learning_rate or poly_decay_learning_rate, received';
  assert.throws(() => made('transformer_learning_rate { }'), {
    name: 'ConfigError',
    message: `a.config:1:1: ${expected} transformer_learning_rate, which is not supported yet`,
  });
  assert.throws(() => made(''), { name: 'ConfigError', message: `a.config:1:1: ${expected} none` });
  assert.throws(() => fromCase(null, 'learning_rate', TABLE, { file: 'b.config', line: 7 }), {
    message: `b.config:7: ${expected} none`,
  });
});

test('a table without a row for each member does not compile, nor one with a row of another message', () => {
  // @ts-expect-error the other members have no row
  const incomplete: CaseTable<LearningRate, 'learning_rate', unknown> = {
    poly_decay_learning_rate: UNSUPPORTED,
  };
  const wrong: CaseTable<LearningRate, 'learning_rate', unknown> = {
    ...TABLE,
    // @ts-expect-error a constant rate has no hidden size
    constant_learning_rate: ({ hidden_size: size }: { readonly hidden_size: number }) => size,
  };
  assert.notDeepEqual(incomplete, wrong);
});
