import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServingError } from '../../../easyrec/serving/status.js';
import { readExamples } from '../../../easyrec/serving/tfserving/example_request.js';
import {
  writeClassifications,
  writeRegressions,
} from '../../../easyrec/serving/tfserving/example_response.js';
import { readPredictDocument } from '../../../easyrec/serving/tfserving/predict_request.js';
import { servicesFile, servingProtos } from '../../../easyrec/serving/tfserving/protos.js';

const EXAMPLE = servicesFile(servingProtos()).root.lookupType('tensorflow.Example');

/** The example as protobufjs reads it: a feature's values by name. */
function plain(bytes: Uint8Array): unknown {
  const { features } = EXAMPLE.toObject(EXAMPLE.decode(bytes), { longs: String, defaults: true });
  return (features as { feature: unknown }).feature;
}

const read = (body: string) => readExamples(readPredictDocument(Buffer.from(body)));

test('the kind of a feature follows from how its values are written', () => {
  const { examples, context } = read(
    '{"examples": [{"f": 20.0, "e": [1e3, -0.5], "i": [7, -9223372036854775808], "t": [true, false],' +
      '"s": ["a", {"b64": "/wA="}], "none": []}, {}]}',
  );
  assert.equal(context, undefined);
  const bytes = (...values: readonly (readonly number[])[]): object => ({
    bytes_list: { value: values.map((value) => Buffer.from(value)) },
  });
  assert.deepEqual(examples.map(plain), [
    {
      f: { float_list: { value: [20] } },
      e: { float_list: { value: [1000, -0.5] } },
      i: { int64_list: { value: ['7', '-9223372036854775808'] } },
      t: { int64_list: { value: ['1', '0'] } },
      s: bytes([97], [255, 0]),
      none: {},
    },
    {},
  ]);
});

test('a context is an example of its own; of a name that is there twice, the last counts', () => {
  const { examples, context } = read('{"context": {"c": 1}, "examples": [{"x": 1, "x": "b"}]}');
  assert.deepEqual(plain(context ?? new Uint8Array()), { c: { int64_list: { value: ['1'] } } });
  assert.deepEqual(examples.map(plain), [{ x: { bytes_list: { value: [Buffer.from('b')] } } }]);
});

test('a float that is too large for 32 bits becomes infinite', () => {
  const { examples } = read('{"examples": [{"x": [1e300, NaN, -Infinity]}]}');
  assert.deepEqual(examples.map(plain), [{ x: { float_list: { value: [Infinity, NaN, -Infinity] } } }]);
});

const FORMAT = (body: string, text: string): string => `JSON Value: ${body} ${text}`;

/** What is wrong with a body, in the words of TensorFlow Serving. */
const ERRORS: readonly (readonly [string, string])[] = [
  ['', 'JSON Parse error: The document is empty'],
  ['[]', FORMAT('[]', 'Is not object')],
  ['{}', FORMAT('{}', "When method is classify, key 'examples' is expected and was not found")],
  ['{"examples": 5}', FORMAT('{\n    "examples": 5\n}', "Expecting 'examples' value to be an list/array")],
  ['{"examples": []}', FORMAT('{\n    "examples": []\n}', "'examples' value is an empty array")],
  ['{"examples": [5]}', 'Example must be JSON object but got JSON Number'],
  ['{"context": [], "examples": [{}]}', 'Example must be JSON object but got JSON Array'],
  ['{"examples": [{"x": [1, 2.5]}]}', 'Unexpected element type in feature: x expecting type: int64'],
  ['{"examples": [{"x": [2.5, "a"]}]}', 'Unexpected element type in feature: x expecting type: float'],
  ['{"examples": [{"x": ["a", true]}]}', 'Unexpected element type in feature: x expecting type: bytes'],
  ['{"examples": [{"x": null}]}', 'Feature: x has element with unexpected JSON type: Null'],
  ['{"examples": [{"x": [[1]]}]}', 'Feature: x has element with unexpected JSON type: Array'],
  ['{"examples": [{"x": {"y": 1}}]}', 'Feature: x has element with unexpected JSON type: Object'],
  [
    '{"examples": [{"x": 9223372036854775808}]}',
    'Feature: x has uint64_t element. Only int64_t is supported.',
  ],
  ['{"examples": [{"x": {"b64": "?"}}]}', 'Unable to base64 decode'],
];

for (const [body, message] of ERRORS) {
  test(`refuses ${body || 'an empty body'} in the words of TensorFlow Serving`, () => {
    assert.throws(() => read(body), new ServingError('INVALID_ARGUMENT', message));
  });
}

test('results are laid out as TensorFlow Serving does it', () => {
  const label = (text: string): Uint8Array => Buffer.from(text);
  const classes = [
    [
      { label: label('car'), score: Math.fround(0.2) },
      { label: label(''), score: 4 },
    ],
    [{ label: label('a "b"'), score: NaN }],
  ];
  assert.equal(
    writeClassifications(classes).toString(),
    '{\n    "results": [[["car", 0.2], ["", 4.0]], [["a \\"b\\"", NaN]]\n    ]\n}',
  );
  assert.equal(
    writeRegressions([Math.fround(0.9), 1, -Infinity]).toString(),
    '{\n    "results": [0.9, 1.0, -Infinity]\n}',
  );
  assert.throws(() => writeClassifications([]), /Cannot convert empty ClassificationResults to JSON/);
  assert.throws(() => writeRegressions([]), /Cannot convert empty RegressionResults to JSON/);
});
