import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { has, locationOf, oneofCase, parseMessage, structToPlain } from '../../easyrec/config/message.js';
import { ConfigError } from '../../easyrec/errors.js';
import type { MessageTypes } from '../../easyrec/config/generated/types.js';

function failure(name: keyof MessageTypes, text: string): string {
  try {
    parseMessage(name, text, 'a.config');
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  return assert.fail(`expected an error for ${text}`);
}

describe('syntax', () => {
  test('takes "{" with or without ":", and <…>', () => {
    const text =
      'train_config: { num_steps: 1 } eval_config < num_examples: 2 > data_config: < batch_size: 3 >';
    const config = parseMessage('EasyRecConfig', text);
    assert.equal(config.train_config?.num_steps, 1);
    assert.equal(config.eval_config?.num_examples, 2);
    assert.equal(config.data_config?.batch_size, 3);
  });

  test('takes "," and ";" after a field, and comments', () => {
    const message = parseMessage(
      'TrainConfig',
      '# a comment { [\nnum_steps: 7, # another\nwrite_graph: false; is_profiling: true',
    );
    assert.deepEqual([message.num_steps, message.write_graph, message.is_profiling], [7, false, true]);
  });

  test('takes lists of values and of messages, and appends to what is there', () => {
    const mlp = parseMessage(
      'MLP',
      'hidden_units: 1 hidden_units: [2, 3] hidden_units: [] dropout_ratio: [0.5]',
    );
    assert.deepEqual(mlp.hidden_units, [1, 2, 3]);
    assert.deepEqual(mlp.dropout_ratio, [0.5]);
    const data = parseMessage('DatasetConfig', 'input_fields: [{ input_name: "a" }, < input_name: "b" >]');
    assert.deepEqual(
      data.input_fields.map((field) => field.input_name),
      ['a', 'b'],
    );
  });

  test('rejects a trailing comma in a list and a list for a singular field', () => {
    assert.match(
      failure('MLP', 'hidden_units: [1, ]'),
      /^a\.config:1:19: field "hidden_units" of MLP: expected uint32, received "]"/,
    );
    assert.match(
      failure('TrainConfig', 'num_steps: [1]'),
      /^a\.config:1:12: .*expected uint32, received "\["/,
    );
  });

  test('joins adjacent strings, also within a character of several bytes', () => {
    const field = (text: string): string => parseMessage('DatasetConfig', `separator: ${text}`).separator;
    assert.equal(field(`"a" 'b'\n"c"`), 'abc');
    assert.equal(field(String.raw`"\xe4\xb8" "\xad"`), '中');
    assert.equal(field(String.raw`'\001\x02\t\n\"\'\\\a\u4e2d'`), '\u0001\u0002\t\n"\'\\\u0007中');
    assert.equal(field(String.raw`"\1234"`), 'S4');
    // As in Python, an escape that means nothing keeps its backslash.
    assert.equal(field(String.raw`"\|\?"`), String.raw`\|\?`);
    assert.equal(field('"中文 # not a comment"'), '中文 # not a comment');
  });

  test('rejects strings that do not end, bad escapes and bytes that are not UTF-8', () => {
    assert.match(
      failure('DatasetConfig', 'separator: "a\nb"'),
      /^a\.config:1:12: a string that begins with " does not end/,
    );
    for (const bad of ['\\x', '\\400', '\\u12', '\\UFFFFFFFF']) {
      assert.match(failure('DatasetConfig', `separator: "${bad}"`), /wrong escape sequence/, bad);
    }
    assert.match(failure('DatasetConfig', String.raw`separator: "\xff"`), /expected a string of UTF-8 bytes/);
  });
});

describe('values', () => {
  test('takes enums by name and by number', () => {
    const type = (text: string): string => parseMessage('DatasetConfig', `input_type: ${text}`).input_type;
    assert.equal(type('ParquetInput'), 'ParquetInput');
    assert.equal(type('19'), 'ParquetInput');
  });

  for (const [text, value] of [
    ['true', true],
    ['True', true],
    ['t', true],
    ['1', true],
    ['false', false],
    ['False', false],
    ['f', false],
    ['0', false],
  ] as const) {
    test(`reads the bool ${text}`, () => {
      assert.equal(parseMessage('MLP', `use_bn: ${text}`).use_bn, value);
    });
  }

  test('reads decimal, hexadecimal and octal integers', () => {
    const axis = (text: string): number =>
      parseMessage('Block', `input_concat_axis: ${text}`).input_concat_axis;
    assert.deepEqual(['7', '-7', '0x1F', '-0x10', '017', '0'].map(axis), [7, -7, 31, -16, 15, 0]);
  });

  test('reads floats with suffix, exponent, infinity and NaN, to the precision of the field', () => {
    const max = (text: string): number => parseMessage('FeatureConfig', `max_val: ${text}`).max_val;
    assert.deepEqual(['1', '1.5f', '.5', '2.', '-1e-3', '1E+2F'].map(max), [1, 1.5, 0.5, 2, -1e-3, 100]);
    assert.deepEqual(['inf', '-Infinity', 'nan', 'inff'].map(max), [Infinity, -Infinity, NaN, Infinity]);
    assert.equal(max('0.1'), 0.1);
    assert.equal(parseMessage('ConstantLearningRate', 'learning_rate: 0.1').learning_rate, Math.fround(0.1));
  });

  for (const text of ['1.0', '1e3', '-1', '4294967296', '"1"', 'one', '1a']) {
    test(`rejects ${text} for a uint32`, () => {
      assert.match(
        failure('TrainConfig', `num_steps: ${text}`),
        /field "num_steps" of TrainConfig: expected uint32, received "/,
      );
    });
  }

  test('rejects a wrong word for a bool, an unquoted string and an unknown enum value, saying what is expected', () => {
    assert.equal(
      failure('MLP', 'use_bn: yes'),
      'a.config:1:9: field "use_bn" of MLP: expected bool, received "yes"',
    );
    assert.match(
      failure('MLP', 'activation: relu'),
      /field "activation" of MLP: expected a quoted string, received "relu"/,
    );
    assert.equal(
      failure('DatasetConfig', 'input_type: CsvInput'),
      'a.config:1:13: field "input_type" of DatasetConfig: expected a value of enum DatasetConfig.InputType, received "CsvInput"; did you mean "CSVInput", "CSVInputEx" or "CSVInputV2"?',
    );
    assert.match(
      failure('DatasetConfig', 'input_type: 6'),
      /expected a value of enum DatasetConfig\.InputType, received "6"/,
    );
  });

  test('says the range when a number is outside it', () => {
    assert.match(failure('TrainConfig', 'num_steps: -1'), /the range is 0 to 4294967295$/);
  });
});

describe('structure', () => {
  test('names file, line, column and the nearest field for an unknown field', () => {
    const text = 'model_config {\n  backbone {\n    top_mlp { hiden_units: [1] }\n  }\n}';
    assert.equal(
      failure('EasyRecConfig', text),
      'a.config:3:15: unknown field "hiden_units" in MLP; did you mean "hidden_units"?',
    );
  });

  test('lists the fields of a message when none is near', () => {
    assert.match(
      failure('AUC', 'qqqqqqqqqqqqqqqqqqqq: 1'),
      /unknown field "q+" in AUC; its fields are num_thresholds$/,
    );
  });

  test('reports what is missing or too much', () => {
    assert.equal(
      failure('TrainConfig', 'num_steps 5'),
      'a.config:1:11: expected ":" after field "num_steps" of TrainConfig, received "5"',
    );
    assert.match(
      failure('EasyRecConfig', 'train_config { num_steps: 5'),
      /expected a field name or "}" in TrainConfig, received the end of the text/,
    );
    assert.match(
      failure('EasyRecConfig', 'train_config { } }'),
      /^a\.config:1:18: expected a field name in EasyRecConfig, received "}"/,
    );
    assert.match(
      failure('EasyRecConfig', 'train_config: 5'),
      /expected "{" to begin a message TrainConfig, received "5"/,
    );
    assert.match(failure('EasyRecConfig', 'train_config { num_steps: 1 >'), /received ">"/);
    assert.match(failure('EasyRecConfig', 'model_dir: $'), /^a\.config:1:12: unexpected character "\$"/);
  });

  test('keeps the last value of a scalar that is set twice', () => {
    assert.equal(parseMessage('TrainConfig', 'num_steps: 1 num_steps: 2').num_steps, 2);
  });

  test('merges a message that appears twice', () => {
    const config = parseMessage(
      'EasyRecConfig',
      'train_config { num_steps: 1 write_graph: false } train_config { num_steps: 2 }',
    );
    assert.deepEqual([config.train_config?.num_steps, config.train_config?.write_graph], [2, false]);
  });

  test('keeps the last member of a oneof, whose other members become absent', () => {
    const layer = parseMessage('KerasLayer', 'mlp { hidden_units: 1 } fm { use_variant: true }');
    assert.equal(layer.which_params, 'fm');
    assert.equal(layer.mlp, null);
    assert.equal(has(layer, 'mlp'), false);
    const chosen = oneofCase(layer, 'params');
    assert.ok(chosen?.case === 'fm');
    assert.equal(chosen.value.use_variant, true);
  });

  test('starts a oneof message afresh after another member was set in between', () => {
    const layer = parseMessage('KerasLayer', 'mlp { hidden_units: 1 } fm { } mlp { activation: "tanh" }');
    assert.deepEqual(layer.mlp?.hidden_units, []);
  });

  test('reads a Struct, whose later entry of a key replaces the earlier', () => {
    const layer = parseMessage(
      'KerasLayer',
      `class_name: "Dense" st_params {
         fields { key: "units" value { number_value: 1 } }
         fields { key: "units" value { number_value: 256 } }
         fields: { key: "activation", value: { string_value: 'relu' } }
         fields { key: "axes" value { list_value { values { number_value: 1 } values { bool_value: true } } } }
         fields { key: "nested" value { struct_value { fields { key: "none" value { null_value: NULL_VALUE } } } } }
         fields { key: "__proto__" value { string_value: "plain" } }
       }`,
    );
    assert.ok(layer.st_params);
    const plain = structToPlain(layer.st_params);
    assert.deepEqual(Object.keys(plain), ['units', 'activation', 'axes', 'nested', '__proto__']);
    assert.equal(plain['units'], 256);
    assert.equal(plain['activation'], 'relu');
    assert.deepEqual(plain['axes'], [1, true]);
    assert.equal(plain['__proto__'], 'plain');
    assert.equal(JSON.stringify(plain['nested']), '{"none":null}');
  });
});

test('rejects nesting that would exhaust the stack', () => {
  const values = 'list_value { values { '.repeat(50_000);
  const text = `st_params { fields { key: "a" value { ${values}`;
  assert.match(failure('KerasLayer', text), /nested more than 100 levels deep/);
});

test('places are those of the field names, and of the elements of a list', () => {
  const data = parseMessage(
    'DatasetConfig',
    'batch_size: 8\n  label_fields: ["a",\n "b"]\n\tinput_fields { input_name: "x" }',
    'd.config',
  );
  assert.deepEqual(locationOf(data, 'batch_size'), { file: 'd.config', line: 1, column: 1 });
  assert.deepEqual(locationOf(data, 'label_fields', 1), { file: 'd.config', line: 3, column: 2 });
  const [field] = data.input_fields;
  assert.ok(field);
  assert.deepEqual(locationOf(field), { file: 'd.config', line: 4, column: 2 });
  assert.deepEqual(locationOf(field, 'input_name'), { file: 'd.config', line: 4, column: 17 });
  assert.deepEqual(locationOf(field, 'default_val'), locationOf(field));
});
