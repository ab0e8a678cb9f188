import assert from 'node:assert/strict';
import test from 'node:test';
import { param } from '../../easyrec/components/params/param.js';
import { ignoredFields, readParams } from '../../easyrec/components/params/read.js';
import type { ParamSource } from '../../easyrec/components/params/source.js';
import { emptySource, messageSource, structSource } from '../../easyrec/components/params/source.js';
import { parseMessage } from '../../easyrec/config/index.js';
import { ConfigError } from '../../easyrec/errors.js';

const PARAMS = {
  hidden_units: param.integers(undefined, { min: 1 }),
  dropout_ratio: param.numbers([]),
  use_final_bn: param.boolean(true),
  add_to_outputs: param.boolean(true),
  final_activation: param.string('linear'),
  activation: param.string(),
} as const;

const message = (text: string): ParamSource =>
  messageSource('mlp', parseMessage('MLP', text, 'pipeline.config'));
const struct = (text: string): ParamSource => structSource(parseMessage('Struct', text, 'pipeline.config'));
const field = (key: string, value: string): string => `fields { key: "${key}" value { ${value} } }`;
const units = field('hidden_units', 'list_value { values { number_value: 4 } values { number_value: 2 } }');

function fails(read: () => unknown, expected: RegExp): void {
  assert.throws(read, (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, expected);
    return true;
  });
}

test("a message's defaults apply to strings, the component's to bools and numbers", () => {
  // MLP declares final_activation "relu", add_to_outputs false, use_final_bn true.
  assert.deepEqual(readParams('MLP', PARAMS, message('hidden_units: 4')), {
    hiddenUnits: [4],
    dropoutRatio: [],
    useFinalBn: true,
    addToOutputs: true,
    finalActivation: 'relu',
    activation: 'relu',
  });
});

test('what a message sets is used', () => {
  const config = readParams(
    'MLP',
    PARAMS,
    message('hidden_units: [4, 2] use_final_bn: false final_activation: "tanh"'),
  );
  assert.deepEqual([config.hiddenUnits, config.useFinalBn, config.finalActivation], [[4, 2], false, 'tanh']);
});

test('st_params take the values that are set and the defaults of the component', () => {
  const text = units + field('activation', 'string_value: "elu"') + field('use_final_bn', 'number_value: 0');
  assert.deepEqual(readParams('MLP', PARAMS, struct(text)), {
    hiddenUnits: [4, 2],
    dropoutRatio: [],
    useFinalBn: false,
    addToOutputs: true,
    finalActivation: 'linear',
    activation: 'elu',
  });
});

test('a single value stands for a list of one', () => {
  const text = field('hidden_units', 'number_value: 8') + field('activation', 'string_value: "elu"');
  assert.deepEqual(readParams('MLP', PARAMS, struct(text)).hiddenUnits, [8]);
});

test('a missing parameter is told where it could be set', () => {
  fails(
    () => readParams('MLP', PARAMS, struct(units)),
    /pipeline\.config.*MLP\.activation: expected a string, received nothing/,
  );
  fails(() => readParams('MLP', PARAMS, emptySource({ file: 'x', line: 2 })), /^x:2: MLP\.hidden_units/);
});

test('a value of the wrong kind is told with its place', () => {
  const wrong = `${units}\n${field('activation', 'number_value: 1')}`;
  fails(
    () => readParams('MLP', PARAMS, struct(wrong)),
    /^pipeline\.config:2:\d+: MLP\.activation: expected a string, received 1$/,
  );
  fails(
    () => readParams('MLP', PARAMS, struct(field('hidden_units', 'number_value: 2.5'))),
    /MLP\.hidden_units: expected a list of whole numbers >= 1, received 2\.5/,
  );
  fails(
    () => readParams('MLP', PARAMS, message('hidden_units: 0')),
    /MLP\.hidden_units: expected a list of whole numbers >= 1, received \[0\]/,
  );
});

test('an unknown parameter names the nearest', () => {
  fails(
    () => readParams('MLP', PARAMS, struct(units + field('activaton', 'string_value: "elu"'))),
    /MLP: unknown parameter "activaton"; did you mean "activation"/,
  );
});

test('fields of a message that a component never reads are found', () => {
  const source = message('hidden_units: 4 use_bias: true');
  assert.deepEqual(ignoredFields(PARAMS, source), ['use_bias']);
  assert.deepEqual(ignoredFields(PARAMS, struct(units)), []);
});

test('an optional parameter is null when it is not given', () => {
  const table = { size: param.optional(param.integer(undefined, { min: 1 })) };
  assert.deepEqual(readParams('X', table, emptySource(undefined)), { size: null });
  assert.deepEqual(readParams('X', table, struct(field('size', 'number_value: 3'))), { size: 3 });
});
