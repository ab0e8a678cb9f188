import { ConfigError, type SourceLocation } from '../errors.js';

/** Where in its text a part of an expression begins: a 0-based offset. */
interface Positioned {
  readonly offset: number;
}

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**' | '&' | '|' | 'and' | 'or';
export type UnaryOperator = '-' | '+' | '~' | 'not';
export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** `start:stop:step` inside brackets; a part that is not written is null. */
export interface Slice {
  readonly start: Expression | null;
  readonly stop: Expression | null;
  readonly step: Expression | null;
}

/** One subscript inside brackets. */
export type Subscript =
  | ({ readonly kind: 'index'; readonly value: Expression } & Positioned)
  | ({ readonly kind: 'slice' } & Slice & Positioned)
  | ({ readonly kind: 'ellipsis' } & Positioned);

/** `name=value` in a call. */
export interface KeywordArgument extends Positioned {
  readonly name: string;
  readonly value: Expression;
}

/** A Python expression as configs use it. */
export type Expression =
  | ({ readonly kind: 'number'; readonly value: number; readonly isInteger: boolean } & Positioned)
  | ({ readonly kind: 'string'; readonly value: string } & Positioned)
  | ({ readonly kind: 'boolean'; readonly value: boolean } & Positioned)
  | ({ readonly kind: 'none' } & Positioned)
  | ({ readonly kind: 'name'; readonly name: string } & Positioned)
  | ({ readonly kind: 'attribute'; readonly object: Expression; readonly name: string } & Positioned)
  | ({
      readonly kind: 'call';
      readonly callee: Expression;
      readonly args: readonly Expression[];
      readonly keywords: readonly KeywordArgument[];
    } & Positioned)
  | ({
      readonly kind: 'subscript';
      readonly object: Expression;
      readonly subscripts: readonly Subscript[];
    } & Positioned)
  | ({ readonly kind: 'list'; readonly items: readonly Expression[] } & Positioned)
  | ({ readonly kind: 'tuple'; readonly items: readonly Expression[] } & Positioned)
  | ({ readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Expression } & Positioned)
  | ({
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    } & Positioned)
  | ({
      /** `a < b <= c`: operands one more than operators, as Python chains them. */
      readonly kind: 'comparison';
      readonly operands: readonly Expression[];
      readonly operators: readonly ComparisonOperator[];
    } & Positioned);

/** A parsed function of a config: `lambda x, i: …`. */
export interface LambdaExpression {
  readonly params: readonly string[];
  readonly body: Expression;
  readonly source: ExpressionSource;
}

/** The text an expression was read from, and where that text stands in a config. */
export interface ExpressionSource {
  readonly text: string;
  readonly at: SourceLocation | undefined;
}

/**
 * The error for a part of an expression: the message, the text, and a caret below the part.
 * @param offset 0-based, as the `offset` of every part
 */
export function expressionError(source: ExpressionSource, offset: number, message: string): ConfigError {
  const before = source.text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = source.text.slice(lineStart).split('\n', 1)[0] ?? '';
  return new ConfigError(`${message}\n  ${line}\n  ${' '.repeat(offset - lineStart)}^`, { at: source.at });
}

/** `tf.math.log1p` for the attributes that spell it; null for any other expression. */
export function dottedName(expression: Expression): string | null {
  if (expression.kind === 'name') return expression.name;
  if (expression.kind !== 'attribute') return null;
  const object = dottedName(expression.object);
  return object === null ? null : `${object}.${expression.name}`;
}

/** What an evaluator does for each kind of expression, with values of type V. */
export type ExpressionVisitor<V> = {
  readonly [K in Expression['kind']]: (expression: Extract<Expression, { readonly kind: K }>) => V;
};

/** Calls the visitor's function for an expression's kind; the function itself visits the parts it needs. */
export function visitExpression<V>(expression: Expression, visitor: ExpressionVisitor<V>): V {
  // Kind and expression agree, which the type system cannot see through the union.
  const visit = visitor[expression.kind] as (part: Expression) => V;
  return visit(expression);
}
