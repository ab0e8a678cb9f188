import type { Random } from '../../../easyrec/input/random.js';
import { broken } from './bytes.js';
import { pick } from './campaign.js';

/** Values that fit nowhere, as JSON text. */
export const ODD_VALUES: readonly [string, ...string[]] = [
  'null',
  'true',
  '""',
  '"x"',
  '{}',
  '[]',
  '[[]]',
  '[null]',
  '{"b64": "AA=="}',
  '{"b64": 1}',
  '{"b64": "?"}',
  '{"b64": "AA==", "x": 1}',
  '{"__proto__": {"x": 1}}',
  '{"constructor": 1, "toString": 2}',
  '1e309',
  '-1e309',
  '1e-400',
  '-0',
  '1.5',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775809',
  '18446744073709551616',
  `1${'0'.repeat(400)}`,
  `0.${'1'.repeat(2000)}`,
  'NaN',
  'Infinity',
  '-Infinity',
  '"\\ud800"',
  '"\\u0000"',
  '"\u{1F600}"',
  '[1, [2]]',
  '[[1], 2]',
  '[[1, 2], [3]]',
  '[1, "x"]',
  '[1, {"x": 1}]',
  '[{"x": 1}, 1]',
];

/** A value that fits nowhere, sometimes within a list or an object. */
export function oddValue(random: Random): string {
  const value = pick(random, ODD_VALUES);
  switch (random.below(5)) {
    case 0:
      return `[${value}]`;
    case 1:
      return `[${value}, ${pick(random, ODD_VALUES)}]`;
    case 2:
      return `{"x": ${value}}`;
    default:
      return value;
  }
}

/** Lists or objects in each other, up to 200,000 deep, their ends there or not. */
export function deep(random: Random): string {
  const depth =
    random.below(3) === 0 ? 250 + random.below(10) : 10 ** (1 + random.below(5)) * (1 + random.below(2));
  const end = random.below(3) > 0;
  return random.below(3) > 0
    ? '['.repeat(depth) + pick(random, ['', '1']) + (end ? ']'.repeat(depth) : '')
    : `${'{"x":'.repeat(depth)}1${end ? '}'.repeat(depth) : ''}`;
}

/** A document with mistakes in its bytes. */
export function brokenText(random: Random, text: string): Buffer {
  return broken(random, Buffer.from(text));
}

/** Names that programs have taken for others. */
export const ODD_NAMES: readonly [string, ...string[]] = [
  '..',
  '.',
  '%2e%2e',
  '..%2f..%2f..%2fetc%2fpasswd',
  '..%5c..%5cboot.ini',
  '%00',
  'single%00',
  '%ff%fe',
  '%',
  '%zz',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'single ',
  'Single',
  '%73ingle%20',
  'a'.repeat(4000),
  '%F0%9F%98%80',
  "'; DROP TABLE models; --",
  '$(reboot)',
  '{{7*7}}',
  '${jndi:ldap:127.0.0.1}',
].map((name) => name.replaceAll(' ', '%20')) as [string, ...string[]];
