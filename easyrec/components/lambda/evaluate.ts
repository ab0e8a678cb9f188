import type { Expression, ExpressionVisitor, LambdaExpression, Subscript } from '../../config/index.js';
import { dottedName, expressionError, visitExpression } from '../../config/index.js';
import { didYouMean, GraphError } from '../../errors.js';
import type { DType, Graph } from '../../tf/index.js';
import { DTYPES, Output } from '../../tf/index.js';
import type { BlockValue } from '../value.js';
import { Tuple } from '../value.js';
import type { Call } from './arguments.js';
import { CallArguments } from './arguments.js';
import { PYTHON_FUNCTIONS, TF_FUNCTIONS } from './functions.js';
import type { Index } from './indexing.js';
import { indexTensor, sliceList } from './indexing.js';
import { applyBinary, applyComparison, applyUnary } from './operators.js';
import type { TfFunction } from './tf_function.js';
import type { LambdaValue } from './value.js';
import { describeLambdaValue, DTypeName, isLambdaList, itemsOf } from './value.js';

type Kind<K extends Expression['kind']> = Extract<Expression, { readonly kind: K }>;

/** Evaluates the parts of one lambda; tensors in it become nodes of the graph. */
class Evaluator {
  readonly #visitor: ExpressionVisitor<LambdaValue> = {
    number: ({ value }) => value,
    string: ({ value }) => value,
    boolean: ({ value }) => value,
    none: () => null,
    name: (part) => this.#name(part),
    attribute: (part) => this.#attribute(part),
    call: (part) => this.#call(part),
    subscript: (part) => this.#subscript(part),
    list: ({ items }) => items.map((item) => this.evaluate(item)),
    tuple: ({ items, offset }) => this.#tuple(items, offset),
    unary: (part) => this.#unary(part),
    binary: (part) => this.#binary(part),
    comparison: (part) => this.#comparison(part),
  };

  constructor(
    readonly lambda: LambdaExpression,
    readonly graph: Graph,
    readonly names: ReadonlyMap<string, LambdaValue>,
  ) {}

  /** Errors of TensorFlow get the place in the expression. */
  evaluate(part: Expression): LambdaValue {
    try {
      return visitExpression(part, this.#visitor);
    } catch (error) {
      if (error instanceof GraphError) throw this.error(part.offset, error.message);
      throw error;
    }
  }

  error(offset: number, message: string): Error {
    return expressionError(this.lambda.source, offset, message);
  }

  #name({ name, offset }: Kind<'name'>): LambdaValue {
    const value = this.names.get(name);
    if (value !== undefined) return value;
    const known = [...this.names.keys(), 'tf', ...Object.keys(PYTHON_FUNCTIONS)];
    const why = known.includes(name) ? 'expected a value' : `unknown name${didYouMean(name, known)}`;
    throw this.error(offset, `${name}: ${why}`);
  }

  #attribute(part: Kind<'attribute'>): LambdaValue {
    const name = dottedName(part);
    if (name?.startsWith('tf.') === true && !this.names.has('tf')) {
      const dtype = name.slice('tf.'.length);
      if (Object.hasOwn(DTYPES, dtype)) return new DTypeName(dtype as DType);
      if (name === 'tf.newaxis') return null;
      throw this.error(
        part.offset,
        `${name}: expected a value${didYouMean(name, Object.keys(TF_FUNCTIONS))}`,
      );
    }
    const object = this.evaluate(part.object);
    if (object instanceof Output && part.name === 'shape') return this.#shape(object, part.offset);
    throw this.error(
      part.offset,
      `.${part.name}: not known of ${describeLambdaValue(object)}; known is .shape of a tensor`,
    );
  }

  #shape(x: Output, offset: number): Tuple | readonly LambdaValue[] {
    if (x.shape === null) throw this.error(offset, '.shape: the tensor has no known rank');
    return x.shape.map((size) => (size < 0 ? null : size));
  }

  #function(callee: Expression): { readonly name: string; readonly found: TfFunction } {
    const name = dottedName(callee);
    const table = { ...TF_FUNCTIONS, ...PYTHON_FUNCTIONS };
    const found = name !== null && Object.hasOwn(table, name) ? table[name] : undefined;
    if (name !== null && found !== undefined) return { name, found };
    const known = Object.keys(table);
    const near = name === null ? '' : didYouMean(name, known);
    throw this.error(callee.offset, `${name ?? 'call'}: no function that expressions can use${near}`);
  }

  #call({ callee, args, keywords, offset }: Kind<'call'>): LambdaValue {
    const { name, found } = this.#function(callee);
    const call: Call = {
      graph: this.graph,
      source: this.lambda.source,
      offset,
      functionName: name,
      positional: args.map((arg) => this.evaluate(arg)),
      keywords: keywords.map((keyword) => ({ ...keyword, value: this.evaluate(keyword.value) })),
    };
    return found.run(new CallArguments(call, found.parameters));
  }

  #tuple(items: readonly Expression[], offset: number): Tuple {
    return new Tuple(items.map((item) => this.#blockValue(this.evaluate(item), offset)));
  }

  #unary({ operator, operand, offset }: Kind<'unary'>): LambdaValue {
    const value = this.evaluate(operand);
    const result = applyUnary(operator, value);
    if (result !== undefined) return result;
    throw this.error(offset, `${operator}: cannot be applied to ${describeLambdaValue(value)}`);
  }

  #binary({ operator, left, right, offset }: Kind<'binary'>): LambdaValue {
    const x = this.evaluate(left);
    const y = this.evaluate(right);
    const result = applyBinary(operator, x, y);
    if (result !== undefined) return result;
    throw this.error(
      offset,
      `${operator}: cannot be applied to ${describeLambdaValue(x)} and ${describeLambdaValue(y)}`,
    );
  }

  #comparison({ operands, operators, offset }: Kind<'comparison'>): LambdaValue {
    const values = operands.map((operand) => this.evaluate(operand));
    const results = operators.map((operator, i) => {
      const [x = null, y = null] = values.slice(i, i + 2);
      const result = applyComparison(operator, x, y);
      if (result !== undefined) return result;
      throw this.error(
        offset,
        `${operator}: cannot compare ${describeLambdaValue(x)} and ${describeLambdaValue(y)}`,
      );
    });
    const [only] = results;
    if (results.length === 1 && only !== undefined) return only;
    if (results.some((result) => result instanceof Output)) {
      throw this.error(offset, 'comparisons of tensors cannot be chained; join them with &');
    }
    return results.every((result) => result === true);
  }

  #subscript({ object, subscripts, offset }: Kind<'subscript'>): LambdaValue {
    const value = this.evaluate(object);
    const indices = subscripts.map((subscript) => this.#index(subscript));
    if (value instanceof Output) return indexTensor(value, indices);
    const items = itemsOf(value);
    const [index] = indices;
    if (items === null || index === undefined || indices.length > 1) {
      throw this.error(offset, `[]: cannot be applied to ${describeLambdaValue(value)}`);
    }
    if (index.kind === 'slice') {
      const picked = sliceList(items, index);
      return value instanceof Tuple
        ? new Tuple(picked.map((item) => this.#blockValue(item, offset)))
        : picked;
    }
    if (index.kind !== 'index') throw this.error(offset, '[]: expected a whole number or a slice');
    const item = items.at(index.at);
    if (item !== undefined && index.at < items.length && index.at >= -items.length) return item;
    throw this.error(offset, `[${index.at}]: expected an index of ${describeLambdaValue(value)}`);
  }

  #index(subscript: Subscript): Index {
    if (subscript.kind === 'ellipsis') return { kind: 'ellipsis' };
    if (subscript.kind === 'slice') {
      const bound = (part: Expression | null): number | null => (part === null ? null : this.#integer(part));
      const step = bound(subscript.step) ?? 1;
      if (step === 0) throw this.error(subscript.offset, 'slice: expected a step other than 0');
      return { kind: 'slice', start: bound(subscript.start), stop: bound(subscript.stop), step };
    }
    const value = this.evaluate(subscript.value);
    if (value === null) return { kind: 'new-axis' };
    return { kind: 'index', at: this.#integer(subscript.value) };
  }

  #integer(part: Expression): number {
    const value = this.evaluate(part);
    if (typeof value === 'number' && Number.isInteger(value)) return value;
    throw this.error(part.offset, `index: expected a whole number, received ${describeLambdaValue(value)}`);
  }

  /** What a block can hand on: tensors, and lists and tuples of them. */
  #blockValue(value: LambdaValue, offset: number): BlockValue {
    if (value instanceof Output || value instanceof Tuple) return value;
    if (isLambdaList(value)) return value.map((item) => this.#blockValue(item, offset));
    throw this.error(
      offset,
      `expected a tensor or a list of tensors, received ${describeLambdaValue(value)}`,
    );
  }

  run(): BlockValue {
    const { body } = this.lambda;
    return this.#blockValue(this.evaluate(body), body.offset);
  }
}

/**
 * Applies a function of a config to blocks' values.
 *
 * @throws ConfigError with the text and a caret: unknown function or name, wrong argument, shapes that do not fit.
 */
export function evaluateLambda(
  lambda: LambdaExpression,
  graph: Graph,
  args: readonly BlockValue[],
): BlockValue {
  if (args.length !== lambda.params.length) {
    throw expressionError(
      lambda.source,
      0,
      `lambda: expected ${args.length} parameters, received ${lambda.params.length}`,
    );
  }
  const names = new Map<string, LambdaValue>(args.map((arg, i) => [lambda.params[i] ?? '', arg] as const));
  return new Evaluator(lambda, graph, names).run();
}
