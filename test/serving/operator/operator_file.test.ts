import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../../easyrec/errors.js';
import { parseOperatorYaml } from '../../../easyrec/serving/operator/operator_file.js';

const ENCODER = ['name: enc', 'type: encoder', 'dimension: 512', 'model: data/model', 'image_size: [8, 16]'];

const parse = (lines: readonly string[]): ReturnType<typeof parseOperatorYaml> =>
  parseOperatorYaml(lines.join('\n'), '/op/operator.yaml');

test('an encoder has defaults for all but name, dimension and model', () => {
  assert.deepEqual(parse(ENCODER), {
    kind: 'model',
    properties: {
      ...{ name: 'enc', type: 'encoder', input: 'image', output: 'vector' },
      ...{ dimension: '512', metricType: 'L2' },
    },
    model: '/op/data/model',
    image: { height: 8, width: 16, preprocessing: { kind: 'none' } },
    data: 'image',
    l2Normalize: false,
    batchSize: 32,
  });
});

test('a processor has no dimension, and scaling has a scale', () => {
  const spec = parse([
    ...['name: p', 'type: processor', 'model: /m', 'image_size: 9'],
    ...['preprocessing: scaling', 'offset: -1', 'scale: 0.5'],
  ]);
  assert.ok(spec.kind === 'model');
  assert.deepEqual([spec.properties.dimension, spec.properties.metricType], ['-1', '-1']);
  const preprocessing = { kind: 'scaling', scale: 0.5, offset: -1 };
  assert.deepEqual(spec.image, { height: 9, width: 9, preprocessing });
});

test('a class says everything itself', () => {
  assert.deepEqual(parse(['class: custom_operator.ts']), { kind: 'class', path: '/op/custom_operator.ts' });
  assert.throws(
    () => parse(['class: a.ts', 'name: b']),
    /^ConfigError: \/op\/operator\.yaml:2:7: .*nothing besides/,
  );
});

const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
  [
    'an unknown key',
    [...ENCODER, 'dimenson: 3'],
    /:6:1: operator: unknown key "dimenson"; did you mean "dimension"/,
  ],
  ['a missing key', ['name: a', 'type: encoder', 'model: m'], /operator: dimension is missing/],
  [
    'an unknown type',
    ['name: a', 'type: encodr'],
    /:2:7: .*expected encoder, processor, received "encodr"; did you/,
  ],
  [
    'a dimension of 0',
    ['name: a', 'type: encoder', 'dimension: 0'],
    /:3:12: .*integer from 1 to 32768, received 0/,
  ],
  ['a name with a blank', ['name: a b', 'type: encoder'], /:1:7: .*expected letters, digits/],
  ['no YAML', ['name: [a'], /operator\.yaml:\d+:\d+: operator: /],
  ['a list', ['- a'], /:1:1: .*expected keys and values/],
  ['a key twice', ['name: a', 'name: b'], /:2:1: .*unique/],
  [
    'three sizes',
    [...ENCODER.slice(0, 4), 'image_size: [1, 2, 3]'],
    /expected one number, or \[height, width\]/,
  ],
  [
    'a size without effect',
    [...ENCODER, 'data: features'],
    /image_size: has no effect since data is "features"/,
  ],
  ['a scale without effect', [...ENCODER, 'scale: 2'], /scale: has no effect since preprocessing is "none"/],
  [
    'a length of images',
    ['name: p', 'type: processor', 'dimension: 3'],
    /has no effect since type is "processor"/,
  ],
  ['a yes that is none', [...ENCODER, 'l2_normalize: 1'], /expected true or false, received 1/],
];

for (const [what, lines, message] of wrong) {
  test(`${what} is told with its place`, () => {
    assert.throws(
      () => parse(lines),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}
