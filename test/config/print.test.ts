import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeOf, parseMessage } from '../../easyrec/config/message.js';
import { formatDouble, formatFloat, printNode, quoteText } from '../../easyrec/config/print.js';

// The expected texts are what Python protobuf 7.36's text_format prints.
test('numbers print as Python prints them', () => {
  const doubles = [0, -0, 1, 0.5, 1e-4, 1e-5, 123456789012345680, 1e15, 1e16, -2.5e-7, NaN, -Infinity];
  assert.deepEqual(doubles.map(formatDouble), [
    '0.0',
    '-0.0',
    '1.0',
    '0.5',
    '0.0001',
    '1e-05',
    '1.2345678901234568e+17',
    '1000000000000000.0',
    '1e+16',
    '-2.5e-07',
    'nan',
    '-inf',
  ]);
});

test('32-bit numbers print with the digits that tell them apart', () => {
  const floats = [0.1, 1e-6, 0.002, 16777216, 1 / 3, 3.4028234663852886e38].map(Math.fround);
  assert.deepEqual(floats.map(formatFloat), [
    '0.1',
    '1e-06',
    '0.002',
    '16777216.0',
    '0.33333334',
    '3.4028235e+38',
  ]);
  for (const value of floats) assert.equal(Math.fround(Number(formatFloat(value))), value);
});

test('strings are escaped, and other scripts stay readable', () => {
  assert.equal(quoteText('a"b\'c\\\n\t\u0001中'), String.raw`"a\"b\'c\\\n\t\001中"`);
});

test('a message prints its set fields in the order of their numbers', () => {
  const message = parseMessage(
    'EasyRecConfig',
    `model_dir: 'm' train_input_path: "t" model_config { model_class: "RankModel" feature_groups { wide_deep: WIDE feature_names: ["a", "b"] } }
     export_config {} data_config { label_dim: [1, 2] separator: "\\x02" input_type: CSVInput }`,
  );
  assert.equal(
    printNode(nodeOf(message)),
    `train_input_path: "t"
model_dir: "m"
data_config {
  input_type: CSVInput
  separator: "\\002"
  label_dim: 1
  label_dim: 2
}
model_config {
  model_class: "RankModel"
  feature_groups {
    feature_names: "a"
    feature_names: "b"
    wide_deep: WIDE
  }
}
export_config {
}
`,
  );
});

test('what is printed reads back as the same message with the same presence', () => {
  const text = `class_name: "PeriodicEmbedding" st_params {
    fields { key: "sigma" value { number_value: 0.005 } }
    fields { key: "a\\nb" value { struct_value { fields { key: "x" value { list_value { values { bool_value: false } values { null_value: NULL_VALUE } } } } } } }
  }`;
  const message = parseMessage('KerasLayer', text);
  const printed = printNode(nodeOf(message));
  const again = parseMessage('KerasLayer', printed);
  assert.deepEqual(again, message);
  assert.equal(printNode(nodeOf(again)), printed);
  assert.ok(printed.indexOf('key: "a') < printed.indexOf('key: "sigma"'));
});

test('a default that was set explicitly is printed, one that was not is not', () => {
  assert.equal(
    printNode(nodeOf(parseMessage('MLP', 'use_bn: true activation: "relu"'))),
    'activation: "relu"\nuse_bn: true\n',
  );
  assert.equal(printNode(nodeOf(parseMessage('MLP', ''))), '');
});
