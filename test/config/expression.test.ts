import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  dottedName,
  type Expression,
  type ExpressionVisitor,
  type Subscript,
  visitExpression,
} from '../../easyrec/config/expression.js';
import {
  parseCallable,
  parseExpression,
  parseLambda,
  parseSlice,
} from '../../easyrec/config/expression_parser.js';
import { ConfigError } from '../../easyrec/errors.js';

function showSubscript(part: Subscript): string {
  if (part.kind === 'ellipsis') return '...';
  if (part.kind === 'index') return show(part.value);
  const end = (value: Expression | null): string => (value === null ? '_' : show(value));
  return `slice(${end(part.start)},${end(part.stop)},${end(part.step)})`;
}

/** An expression in prefix form, which shows how the parser grouped it. */
const PREFIX: ExpressionVisitor<string> = {
  number: ({ value, isInteger }) => `${value}${isInteger ? '' : 'f'}`,
  string: ({ value }) => JSON.stringify(value),
  boolean: ({ value }) => String(value),
  none: () => 'none',
  name: ({ name }) => name,
  attribute: (part) => dottedName(part) ?? `(. ${show(part.object)} ${part.name})`,
  call: ({ callee, args, keywords }) =>
    `(${[show(callee), ...args.map(show), ...keywords.map(({ name, value }) => `${name}=${show(value)}`)].join(' ')})`,
  subscript: ({ object, subscripts }) =>
    `(at ${[object].map(show).join('')} ${subscripts.map(showSubscript).join(' ')})`,
  list: ({ items }) => `[${items.map(show).join(' ')}]`,
  tuple: ({ items }) => `<${items.map(show).join(' ')}>`,
  unary: ({ operator, operand }) => `(${operator} ${show(operand)})`,
  binary: ({ operator, left, right }) => `(${operator} ${show(left)} ${show(right)})`,
  comparison: ({ operands, operators }) =>
    `(compare ${operands.map((part, i) => show(part) + (operators[i] ?? '')).join(' ')})`,
};

function show(expression: Expression): string {
  return visitExpression(expression, PREFIX);
}

describe('lambdas', () => {
  for (const [text, params, expected] of [
    ['lambda x: x[1]', 'x', '(at x 1)'],
    ['lambda x: x[0]', 'x', '(at x 0)'],
    ['lambda x: [x, x]', 'x', '[x x]'],
    ['lambda x: [x]', 'x', '[x]'],
    ['lambda x: tf.add_n(x)', 'x', '(tf.add_n x)'],
    ['lambda x: tf.reduce_sum(x, axis=1, keepdims=True)', 'x', '(tf.reduce_sum x axis=1 keepdims=true)'],
    [
      'lambda x: tf.unstack(tf.reshape(x, [-1, 26, 16]), axis=1)',
      'x',
      '(tf.unstack (tf.reshape x [(- 1) 26 16]) axis=1)',
    ],
    ['lambda x: tf.stack(x, axis=1)', 'x', '(tf.stack x axis=1)'],
    ['lambda x: tf.concat(x, axis=1)', 'x', '(tf.concat x axis=1)'],
    ['lambda x: tf.reduce_sum(x, axis=1)', 'x', '(tf.reduce_sum x axis=1)'],
    ['lambda x, i: [x[0][i], x[1]]', 'x,i', '[(at (at x 0) i) (at x 1)]'],
    ['lambda x: tf.math.log1p(x) / 10.0', 'x', '(/ (tf.math.log1p x) 10f)'],
    ['lambda x: x[:, 0]', 'x', '(at x slice(_,_,_) 0)'],
    ['lambda x: x[1:]', 'x', '(at x slice(1,_,_))'],
    ['lambda x: x[..., -1:]', 'x', '(at x ... slice((- 1),_,_))'],
    ['lambda x: (x[0], x[1],)', 'x', '<(at x 0) (at x 1)>'],
    ['lambda: None', '', 'none'],
    ['  lambda x :\n  x . shape [ 0 ]', 'x', '(at x.shape 0)'],
    ['lambda x: tf.cast(x, "int32")', 'x', '(tf.cast x "int32")'],
    ['lambda x: x[0]()(1)[2].y', 'x', '(. (at (((at x 0)) 1) 2) y)'],
  ] as const) {
    test(text, () => {
      const lambda = parseLambda(text);
      assert.equal(lambda.params.join(), params);
      assert.equal(show(lambda.body), expected);
    });
  }
});

describe('expressions', () => {
  for (const [text, expected] of [
    ['1 + 2 * 3 - 4', '(- (+ 1 (* 2 3)) 4)'],
    ['(1 + 2) * 3', '(* (+ 1 2) 3)'],
    ['8 // 3 % 2 / 4', '(/ (% (// 8 3) 2) 4)'],
    ['-2 ** -1', '(- (** 2 (- 1)))'],
    ['2 ** 3 ** 2', '(** 2 (** 3 2))'],
    ['--x', '(- (- x))'],
    ['(a>=b) & (a<=(b+5))', '(& (compare a>= b) (compare a<= (+ b 5)))'],
    ['(a>=b) | (a>5) & c', '(| (compare a>= b) (& (compare a> 5) c))'],
    ['a < b <= c', '(compare a< b<= c)'],
    ['a == 1 or not b != 2 and c', '(or (compare a== 1) (and (not (compare b!= 2)) c))'],
    ['a & b == c', '(compare (& a b)== c)'],
    ['~a | b', '(| (~ a) b)'],
    ['[]', '[]'],
    ['()', '<>'],
    ['(1,)', '<1>'],
    ['(1)', '1'],
    ['[1, 2.5, .5, 1e-3, 1.]', '[1 2.5f 0.5f 0.001f 1f]'],
    ['x[1:2:3, ::2]', '(at x slice(1,2,3) slice(_,_,2))'],
    [String.raw`'a' "\x41\t'\q"`, '"aA\\t\'\\\\q"'],
    ['True', 'true'],
    ['f(a, b=(c), d=-1)', '(f a b=c d=(- 1))'],
    ['f(x == 1)', '(f (compare x== 1))'],
  ] as const) {
    test(text, () => {
      assert.equal(show(parseExpression(text)), expected);
    });
  }
});

describe('slices', () => {
  for (const [text, expected] of [
    ['[1]', '(at x 1)'],
    ['[0]', '(at x 0)'],
    [' [-1] ', '(at x (- 1))'],
    ['[0][:, 1]', '(at (at x 0) slice(_,_,_) 1)'],
    ['[:2]', '(at x slice(_,2,_))'],
  ] as const) {
    test(text, () => {
      const { params, body } = parseSlice(text);
      assert.deepEqual(params, ['x']);
      assert.equal(show(body), expected);
    });
  }

  test('of a repeat block may use its counter', () => {
    const { params, body } = parseSlice('[i]', ['x', 'i']);
    assert.deepEqual(params, ['x', 'i']);
    assert.equal(show(body), '(at x i)');
  });
});

test('a callable is a lambda or a dotted name', () => {
  const named = parseCallable(' tf.math.log1p ');
  assert.ok(named.kind === 'named');
  assert.equal(named.name, 'tf.math.log1p');
  const lambda = parseCallable('lambda x: tf.math.log1p(x)');
  assert.ok(lambda.kind === 'lambda');
  assert.equal(show(lambda.lambda.body), '(tf.math.log1p x)');
  assert.throws(() => parseCallable('tf.math.log1p(x)'), /expected a lambda or a dotted name/);
});

test('parts know their offsets', () => {
  const { body } = parseLambda('lambda x: tf.add(x, y=[1])');
  assert.ok(body.kind === 'call');
  assert.deepEqual([body.offset, body.args[0]?.offset, body.keywords[0]?.offset], [10, 17, 20]);
});

function failure(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  return assert.fail('expected an error');
}

test('an error names the place in the config and shows the text with a caret', () => {
  const at = { file: 'a.config', line: 3, column: 5 };
  assert.equal(
    failure(() => parseLambda('lambda x: tf.concat(x, axis=1', at)),
    [
      'a.config:3:5: cannot parse the expression: expected "," or ")", received the end of the text',
      '  lambda x: tf.concat(x, axis=1',
      '                               ^',
    ].join('\n'),
  );
});

test('the caret stands in the line of the mistake', () => {
  assert.match(
    failure(() => parseLambda('lambda x: f(\n  x y)')),
    /received "y"\n {4}x y\)\n {6}\^$/,
  );
});

for (const [text, message] of [
  ['x + 1', /expected "lambda", received "x"/],
  ['lambda x x', /expected ":", received "x"/],
  ['lambda x, x: x', /the parameter "x" appears twice/],
  ['lambda x: x[]', /expected an index or a slice, received "]"/],
  ['lambda x: x y', /expected the end of the expression, received "y"/],
  ['lambda x: f(a=1, a=2)', /the argument "a" appears twice/],
  ['lambda x: f(a=1, 2)', /expected a keyword argument after the first one, received "2"/],
  ['lambda x: a if x else b', /expected the end of the expression, received "if"/],
  ['lambda x: [y for y in x]', /expected "," or "]", received "for"/],
  ['lambda x: import os', /expected a value, received "import"/],
  ['lambda x: x = 1', /expected the end of the expression, received "="/],
  ['lambda x: `x`', /unexpected character "`"/],
  ['lambda x: "abc', /unexpected character/],
  ['lambda x: 1x', /"1x" is not a number/],
  ['lambda x: 1.2.3', /"1\.2\." is not a number/],
  ['lambda x: (1, 2', /expected "," or "\)", received the end of the text/],
  ['lambda x: {1: 2}', /expected a value, received "{"/],
  ['lambda x: x.1', /expected the end of the expression, received "\.1"/],
] as const) {
  test(`rejects ${text}`, () => {
    assert.match(
      failure(() => parseLambda(text)),
      message,
    );
  });
}

test('rejects a slice that does not begin with a bracket', () => {
  assert.match(
    failure(() => parseSlice('1')),
    /expected "\[", received "1"/,
  );
  assert.match(
    failure(() => parseSlice('[1] + 1')),
    /expected the end of the expression/,
  );
});

test('rejects nesting that would exhaust the stack, and takes what is deep but sane', () => {
  for (const [open, close] of [
    ['(', ')'],
    ['[', ']'],
    ['-', ''],
    ['not ', ''],
    ['f(', ')'],
  ] as const) {
    const nest = (depth: number): string => `${open.repeat(depth)}x${close.repeat(depth)}`;
    assert.ok(parseExpression(nest(50)));
    assert.match(
      failure(() => parseExpression(nest(100_000))),
      /at most 100 levels of nesting/,
    );
  }
});
