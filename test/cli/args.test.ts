import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CommandHelp,
  type Flags,
  helpText,
  HelpRequested,
  parseArguments,
} from '../../easyrec/cli/args.js';
import { ConfigError, UserError } from '../../easyrec/errors.js';

const TRAIN = {
  name: 'easyrec train',
  summary: 'Trains a model.',
  edits: true,
  flags: {
    config: { type: 'string', value: 'FILE', help: 'the config' },
    seed: { type: 'number', help: 'of random numbers' },
    input_path: { type: 'list', value: 'FILE', help: 'data' },
    continue_train: { type: 'boolean', help: 'go on' },
  },
} as const satisfies CommandHelp<Flags>;

const BUILD = {
  name: 'easyrec op build',
  summary: 'Builds.',
  positional: 'FILE...',
  flags: {
    out: { type: 'string', help: 'the library', required: true },
    define: { type: 'list', help: 'macros' },
    debug: { type: 'boolean', help: 'slow' },
  },
} as const satisfies CommandHelp<Flags>;

function failure(argv: readonly string[], command: CommandHelp<Flags> = TRAIN): string {
  try {
    parseArguments(argv, command);
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    return error.message;
  }
  return 'no error';
}

test('a value follows its flag after a blank or an equals sign', () => {
  for (const argv of [
    ['--config', 'a b=c', '--seed', '7'],
    ['--config=a b=c', '--seed=7'],
  ]) {
    const { flags } = parseArguments(argv, TRAIN);
    assert.deepEqual([flags.config, flags.seed], ['a b=c', 7]);
  }
});

test('what is not given is undefined', () => {
  const { flags, words, edits } = parseArguments([], TRAIN);
  assert.deepEqual(
    Object.values(flags),
    Object.values(flags).map(() => undefined),
  );
  assert.deepEqual(Object.keys(flags), ['config', 'seed', 'input_path', 'continue_train', 'help', 'verbose']);
  assert.deepEqual([words, edits], [[], []]);
});

test('the last of several values counts', () => {
  assert.equal(parseArguments(['--seed=1', '--seed', '2'], TRAIN).flags.seed, 2);
});

test('text that looks like a number, a path or JSON stays as it is', () => {
  for (const text of ['007', '1e3', '{"a.b": "x;y"}', '-', '../a', 'line\nbreak', '-3.config']) {
    assert.equal(parseArguments(['--config', text], TRAIN).flags.config, text);
    assert.equal(parseArguments([`--config=${text}`], TRAIN).flags.config, text);
  }
});

test('numbers may be negative, fractions and powers of ten', () => {
  for (const [text, number] of [
    ['-5', -5],
    ['-.5', -0.5],
    ['0.25', 0.25],
    ['1e-3', 0.001],
  ] as const) {
    assert.equal(parseArguments(['--seed', text], TRAIN).flags.seed, number);
    assert.equal(parseArguments([`--seed=${text}`], TRAIN).flags.seed, number);
  }
});

test('a number that is none fails', () => {
  for (const text of ['seven', '1,5', '7x', ' ', 'NaN', 'Infinity']) {
    assert.equal(failure([`--seed=${text}`]), `easyrec train: --seed: expected a number, received "${text}"`);
  }
});

test('lists come from commas, from repeated flags and from words that follow', () => {
  for (const argv of [
    ['--input_path', 'a,b,c'],
    ['--input_path=a', '--input_path', 'b', '--input_path', 'c'],
    ['--input_path', 'a', 'b', 'c'],
    ['--input_path', 'a,', 'b,c', '--seed', '3'],
  ]) {
    assert.deepEqual(parseArguments(argv, TRAIN).flags.input_path, ['a', 'b', 'c']);
  }
});

test('a list takes one word where a command has words of its own', () => {
  const { flags, words } = parseArguments(['--define', 'A,B', 'x.cc', '--out=o', '--debug', 'y.cc'], BUILD);
  assert.deepEqual([flags.define, words, flags.debug], [['A', 'B'], ['x.cc', 'y.cc'], true]);
});

test('booleans are given alone or with a value', () => {
  const given = (...argv: string[]): boolean | undefined => parseArguments(argv, TRAIN).flags.continue_train;
  assert.equal(given('--continue_train'), true);
  for (const text of ['true', 'True', '1']) assert.equal(given(`--continue_train=${text}`), true);
  for (const text of ['false', 'False', '0']) assert.equal(given(`--continue_train=${text}`), undefined);
  assert.equal(given('--continue_train', 'true'), true);
  assert.equal(given('--continue_train', 'false'), undefined);
  assert.equal(given('--continue_train', '--seed', '1'), true);
  assert.equal(
    failure(['--continue_train=yes']),
    'easyrec train: --continue_train: expected true or false, received "yes"',
  );
});

test('an unknown flag fails, naming the nearest', () => {
  assert.equal(
    failure(['--sead', '3']),
    'easyrec train: unknown flag --sead; did you mean "seed"? (see easyrec train --help)',
  );
  assert.match(
    failure(['--no-continue_train']),
    /unknown flag --no-continue_train; did you mean "continue_train"/,
  );
  assert.match(failure(['-seed', '3']), /unknown flag -seed; did you mean "seed"/);
  for (const name of ['toString', 'constructor', '__proto__']) {
    assert.match(failure([`--${name}`, 'x']), new RegExp(`unknown flag --${name} \\(see`));
    assert.match(failure([`--${name}=x`]), new RegExp(`unknown flag --${name} \\(see`));
  }
});

test('a flag without its value fails', () => {
  for (const argv of [['--config'], ['--config='], ['--config', '--seed', '3'], ['--config', '']]) {
    assert.equal(failure(argv), 'easyrec train: --config: expected a value');
  }
  assert.equal(failure(['--input_path', '--seed=3']), 'easyrec train: --input_path: expected a value');
  assert.equal(failure(['--input_path', ',']), 'easyrec train: --input_path: expected a value');
});

test('a required flag that is missing fails, saying what it is', () => {
  assert.equal(failure(['x.cc'], BUILD), 'easyrec op build: --out is missing (the library)');
});

test('words where none are expected fail', () => {
  assert.equal(failure(['a.config']), 'easyrec train: expected only flags, received "a.config"');
});

test('words after -- are no flags', () => {
  const { words } = parseArguments(['--out', 'o', 'a.cc', '--', '--debug', '-5'], BUILD);
  assert.deepEqual(words, ['a.cc', '--debug', '-5']);
});

test('dotted flags edit the config, in their order', () => {
  const { edits, flags } = parseArguments(
    [
      '--train_config.num_steps=100',
      '--seed',
      '1',
      '--data_config.separator',
      ';',
      '--model_config.a[0].b=-1',
    ],
    TRAIN,
  );
  assert.deepEqual(
    edits.map(({ path, value }) => [path, value]),
    [
      ['train_config.num_steps', '100'],
      ['data_config.separator', ';'],
      ['model_config.a[0].b', '-1'],
    ],
  );
  assert.equal(flags.seed, 1);
});

test('a dotted flag of no known section fails, naming the nearest; so does any where edits are not taken', () => {
  assert.match(
    failure(['--train_confg.num_steps=100']),
    /unknown flag --train_confg\.num_steps; did you mean "train_config"/,
  );
  assert.match(
    failure(['--out=o', '--train_config.num_steps=1'], BUILD),
    /op build: unknown flag --train_config\.num_steps/,
  );
  assert.throws(() => parseArguments(['--train_config.num_steps'], TRAIN), ConfigError);
});

test('--help and -h show the help, whatever is missing', () => {
  for (const flag of ['--help', '-h']) {
    assert.throws(
      () => parseArguments([flag], BUILD),
      (error: unknown) => error instanceof HelpRequested && error.message === helpText(BUILD),
    );
  }
});

test('the help names every flag, what it takes and what it is for', () => {
  assert.equal(
    helpText(TRAIN),
    [
      'Trains a model.',
      '',
      'usage: easyrec train [FLAGS]',
      '',
      '  --config FILE          the config',
      '  --seed NUMBER          of random numbers',
      '  --input_path FILE      data',
      '  --continue_train       go on',
      '  --help                 show this text',
      '  -v, --verbose          show more, and stack traces of errors',
      '  --SECTION.FIELD VALUE  edit the config, as in --train_config.num_steps 100',
    ].join('\n'),
  );
  assert.match(helpText(BUILD), /usage: easyrec op build \[FLAGS\] FILE\.\.\.\n/);
  assert.match(helpText(BUILD), / {2}--out STRING +the library \(required\)\n/);
});

test('a flag whose value is optional is a text, or true without one', () => {
  const command = {
    ...TRAIN,
    flags: { ...TRAIN.flags, profile: { type: 'optional', value: 'DIR', help: 'profiles' } },
  } as const satisfies CommandHelp<Flags>;
  const profile = (...argv: string[]): unknown => parseArguments(argv, command).flags.profile;
  assert.equal(profile('--profile'), true);
  assert.equal(profile('--profile', '--seed', '1'), true);
  assert.equal(profile('--profile', 'out'), 'out');
  assert.equal(profile('--profile=out'), 'out');
  assert.equal(profile('--seed', '1'), undefined);
  assert.match(helpText(command), /--profile \[DIR\] +profiles/);
});

test('one letter may stand for a flag, its value attached or not', () => {
  const command = {
    name: 'dcf x',
    summary: 'Does.',
    positional: 'NAME',
    flags: {
      config: { type: 'string', short: 'f', value: 'FILE', help: 'the config' },
      update: { type: 'boolean', short: 'u', help: 'again' },
    },
  } as const satisfies CommandHelp<Flags>;
  for (const argv of [
    ['-f', 'a.yaml', 'name', '-u'],
    ['-fa.yaml', '-u', 'name'],
    ['name', '-f=a.yaml', '-u=true'],
  ]) {
    const { flags, words } = parseArguments(argv, command);
    assert.deepEqual([flags.config, flags.update, words], ['a.yaml', true, ['name']]);
  }
  assert.equal(failure(['-f'], command), 'dcf x: --config: expected a value');
  assert.match(failure(['-q', 'name'], command), /^dcf x: unknown flag -q/);
  assert.match(failure(['-ux', 'name'], command), /^dcf x: unknown flag -ux/);
  assert.match(helpText(command), /^ {2}-f, --config FILE {2,}the config$/m);
});
