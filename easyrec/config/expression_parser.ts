import type { SourceLocation } from '../errors.js';
import {
  type BinaryOperator,
  type ComparisonOperator,
  type Expression,
  type ExpressionSource,
  expressionError,
  type KeywordArgument,
  type LambdaExpression,
  type Subscript,
  type UnaryOperator,
} from './expression.js';
import { type ExpressionToken, stringValue, tokenizeExpression } from './expression_lexer.js';

/** Binary operators from loosest to tightest; comparisons and unary operators stand between them. */
const DISJUNCTION = new Map<string, BinaryOperator>([['or', 'or']]);
const CONJUNCTION = new Map<string, BinaryOperator>([['and', 'and']]);
const BIT_OR = new Map<string, BinaryOperator>([['|', '|']]);
const BIT_AND = new Map<string, BinaryOperator>([['&', '&']]);
const SUM = new Map<string, BinaryOperator>([
  ['+', '+'],
  ['-', '-'],
]);
const PRODUCT = new Map<string, BinaryOperator>([
  ['*', '*'],
  ['/', '/'],
  ['//', '//'],
  ['%', '%'],
]);
const COMPARISONS = new Map<string, ComparisonOperator>([
  ['==', '=='],
  ['!=', '!='],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
]);
const SIGNS = new Map<string, UnaryOperator>([
  ['-', '-'],
  ['+', '+'],
  ['~', '~'],
]);

/** Words of Python that cannot be names, most of which begin something that configs have no use for. */
const KEYWORDS: ReadonlySet<string> = new Set(
  'and or not if else for in is lambda import from def class return yield await async try with while'.split(
    ' ',
  ),
);

/** A limit that is reached long before the stack's. */
const MAX_DEPTH = 100;

class ExpressionParser {
  readonly #tokens: readonly ExpressionToken[];
  #position = 0;
  #depth = 0;

  constructor(readonly source: ExpressionSource) {
    this.#tokens = tokenizeExpression(source);
  }

  get current(): ExpressionToken {
    return this.#tokens[this.#position] ?? { kind: 'end', text: '', offset: this.source.text.length };
  }

  lambda(): LambdaExpression {
    if (!this.#accept('lambda')) throw this.unexpected('"lambda"');
    const params: string[] = [];
    if (!this.#accept(':')) {
      do {
        const { text, offset } = this.#name('a parameter name');
        if (params.includes(text))
          throw expressionError(this.source, offset, `the parameter "${text}" appears twice`);
        params.push(text);
      } while (this.#accept(','));
      this.#expect(':');
    }
    const body = this.expression();
    this.end();
    return { params, body, source: this.source };
  }

  end(): void {
    if (this.current.kind !== 'end') throw this.unexpected('the end of the expression');
  }

  expression(): Expression {
    return this.#binary(DISJUNCTION, () => this.#binary(CONJUNCTION, () => this.#negation()));
  }

  /** What follows a value: attributes, calls and subscripts. */
  trailers(start: Expression): Expression {
    const { offset } = start;
    let value = start;
    for (;;) {
      if (this.#accept('.'))
        value = { kind: 'attribute', object: value, name: this.#name('a name').text, offset };
      else if (this.#accept('(')) value = this.#call(value);
      else if (this.#accept('['))
        value = { kind: 'subscript', object: value, subscripts: this.#subscripts(), offset };
      else return value;
    }
  }

  unexpected(wanted: string): Error {
    const { kind, text, offset } = this.current;
    const received = kind === 'end' ? 'the end of the text' : `"${text}"`;
    return expressionError(
      this.source,
      offset,
      `cannot parse the expression: expected ${wanted}, received ${received}`,
    );
  }

  #nested(read: () => Expression): Expression {
    if (++this.#depth > MAX_DEPTH) throw this.unexpected(`at most ${MAX_DEPTH} levels of nesting`);
    const result = read();
    this.#depth--;
    return result;
  }

  #negation(): Expression {
    const { offset } = this.current;
    if (this.#accept('not')) {
      return { kind: 'unary', operator: 'not', operand: this.#nested(() => this.#negation()), offset };
    }
    return this.#comparison();
  }

  #comparison(): Expression {
    const first = this.#bitOr();
    const operands = [first];
    const operators: ComparisonOperator[] = [];
    for (let operator = this.#operator(COMPARISONS); operator; operator = this.#operator(COMPARISONS)) {
      operators.push(operator);
      operands.push(this.#bitOr());
    }
    return operators.length === 0 ? first : { kind: 'comparison', operands, operators, offset: first.offset };
  }

  #bitOr(): Expression {
    return this.#binary(BIT_OR, () => this.#binary(BIT_AND, () => this.#sum()));
  }

  #sum(): Expression {
    return this.#binary(SUM, () => this.#binary(PRODUCT, () => this.#factor()));
  }

  #binary(operators: ReadonlyMap<string, BinaryOperator>, operand: () => Expression): Expression {
    let left = operand();
    for (let operator = this.#operator(operators); operator; operator = this.#operator(operators)) {
      left = { kind: 'binary', operator, left, right: operand(), offset: left.offset };
    }
    return left;
  }

  #factor(): Expression {
    return this.#nested(() => this.#signed());
  }

  #signed(): Expression {
    const { offset } = this.current;
    const sign = this.#operator(SIGNS);
    if (sign) return { kind: 'unary', operator: sign, operand: this.#factor(), offset };
    const base = this.trailers(this.#atom());
    // Binds tighter than a sign before it and looser than one after it: -2 ** -1 is -(2 ** (-1)).
    if (!this.#accept('**')) return base;
    return { kind: 'binary', operator: '**', left: base, right: this.#factor(), offset };
  }

  #atom(): Expression {
    const token = this.current;
    const { kind, text, offset } = token;
    if (kind === 'number') {
      this.#position++;
      return { kind, value: Number(text), isInteger: /^\d+$/.test(text), offset };
    }
    if (kind === 'string') {
      this.#position++;
      return { kind, value: this.#adjacentStrings(stringValue(token)), offset };
    }
    if (this.#accept('True')) return { kind: 'boolean', value: true, offset };
    if (this.#accept('False')) return { kind: 'boolean', value: false, offset };
    if (this.#accept('None')) return { kind: 'none', offset };
    if (this.#accept('[')) return { kind: 'list', items: this.#items(']').items, offset };
    if (this.#accept('(')) return this.#parenthesized(offset);
    return { kind: 'name', name: this.#name('a value').text, offset };
  }

  #adjacentStrings(first: string): string {
    let value = first;
    for (; this.current.kind === 'string'; this.#position++) value += stringValue(this.current);
    return value;
  }

  /** A tuple if there is a comma (or nothing) between the parentheses. */
  #parenthesized(offset: number): Expression {
    const { items, comma } = this.#items(')');
    const [only] = items;
    return only !== undefined && !comma ? only : { kind: 'tuple', items, offset };
  }

  #items(close: string): { readonly items: readonly Expression[]; readonly comma: boolean } {
    const items: Expression[] = [];
    let comma = false;
    while (!this.#accept(close)) {
      items.push(this.expression());
      if (this.#accept(',')) comma = true;
      else if (this.current.text !== close || this.current.kind !== 'symbol')
        throw this.unexpected(`"," or "${close}"`);
    }
    return { items, comma };
  }

  #call(callee: Expression): Expression {
    const args: Expression[] = [];
    const keywords: KeywordArgument[] = [];
    while (!this.#accept(')')) {
      const { offset } = this.current;
      const keyword = this.#keyword();
      if (keyword !== null) {
        if (keywords.some(({ name }) => name === keyword)) {
          throw expressionError(this.source, offset, `the argument "${keyword}" appears twice`);
        }
        keywords.push({ name: keyword, value: this.expression(), offset });
      } else if (keywords.length > 0) throw this.unexpected('a keyword argument after the first one');
      else args.push(this.expression());
      if (!this.#accept(',') && this.current.text !== ')') throw this.unexpected('"," or ")"');
    }
    return { kind: 'call', callee, args, keywords, offset: callee.offset };
  }

  /** Reads `name=` if it comes next. */
  #keyword(): string | null {
    const name = this.current;
    const equals = this.#tokens[this.#position + 1];
    if (name.kind !== 'name' || equals?.kind !== 'symbol' || equals.text !== '=') return null;
    const { text } = this.#name('an argument name');
    this.#position++;
    return text;
  }

  #subscripts(): readonly Subscript[] {
    const subscripts: Subscript[] = [];
    do {
      subscripts.push(this.#subscript());
      if (!this.#accept(',')) {
        this.#expect(']');
        return subscripts;
      }
    } while (!this.#accept(']'));
    return subscripts;
  }

  #subscript(): Subscript {
    const { offset } = this.current;
    if (this.#accept('...')) return { kind: 'ellipsis', offset };
    const start = this.#sliceEnds() ? null : this.expression();
    if (!this.#accept(':')) {
      if (start === null) throw this.unexpected('an index or a slice');
      return { kind: 'index', value: start, offset };
    }
    const stop = this.#sliceEnds() ? null : this.expression();
    const step = this.#accept(':') && !this.#sliceEnds() ? this.expression() : null;
    return { kind: 'slice', start, stop, step, offset };
  }

  #sliceEnds(): boolean {
    return this.current.kind === 'symbol' && [':', ',', ']'].includes(this.current.text);
  }

  #name(what: string): ExpressionToken {
    const token = this.current;
    if (token.kind !== 'name' || KEYWORDS.has(token.text)) throw this.unexpected(what);
    this.#position++;
    return token;
  }

  #operator<T>(operators: ReadonlyMap<string, T>): T | undefined {
    const { kind, text } = this.current;
    const operator = kind === 'symbol' || kind === 'name' ? operators.get(text) : undefined;
    if (operator !== undefined) this.#position++;
    return operator;
  }

  #accept(text: string): boolean {
    const { kind, text: found } = this.current;
    if ((kind !== 'symbol' && kind !== 'name') || found !== text) return false;
    this.#position++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) throw this.unexpected(`"${text}"`);
  }
}

/**
 * Parses `lambda x: …`, as in `input_fn`, `extra_input_fn` and `lambda.expression`.
 * @param at where the text stands in the config, for errors
 * @throws ConfigError with the text and a caret below the place
 */
export function parseLambda(text: string, at?: SourceLocation): LambdaExpression {
  return new ExpressionParser({ text, at }).lambda();
}

/** Parses an expression that is not a function. */
export function parseExpression(text: string, at?: SourceLocation): Expression {
  const parser = new ExpressionParser({ text, at });
  const expression = parser.expression();
  parser.end();
  return expression;
}

/**
 * Parses the text that `input_slice` appends to a value, such as `[1]` or `[0][:, i]`, as a function of that value.
 * @param params the value's name first, then names that the brackets may use: `i` in a repeat block
 */
export function parseSlice(
  text: string,
  params: readonly string[] = ['x'],
  at?: SourceLocation,
): LambdaExpression {
  const source: ExpressionSource = { text, at };
  const parser = new ExpressionParser(source);
  if (parser.current.text !== '[') throw parser.unexpected('"["');
  const body = parser.trailers({ kind: 'name', name: params[0] ?? 'x', offset: 0 });
  parser.end();
  return { params, body, source };
}

/** A function given by a config: a lambda, or the dotted name of a known one such as `tf.math.log1p`. */
export type CallableText =
  | { readonly kind: 'lambda'; readonly lambda: LambdaExpression }
  | { readonly kind: 'named'; readonly name: string; readonly source: ExpressionSource };

/** Parses what `normalizer_fn` holds: a lambda or a dotted name. */
export function parseCallable(text: string, at?: SourceLocation): CallableText {
  if (/^\s*lambda\b/.test(text)) return { kind: 'lambda', lambda: parseLambda(text, at) };
  const source: ExpressionSource = { text, at };
  if (!/^\s*[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\s*$/.test(text)) {
    throw expressionError(source, 0, 'expected a lambda or a dotted name such as tf.math.log1p');
  }
  return { kind: 'named', name: text.trim(), source };
}
