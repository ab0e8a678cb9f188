import type { BinaryOperator, ComparisonOperator, UnaryOperator } from '../../config/index.js';
import type { DType } from '../../tf/index.js';
import { isFloating, ops, Output } from '../../tf/index.js';
import { Tuple } from '../value.js';
import type { LambdaValue } from './value.js';
import { isLambdaList, itemsOf } from './value.js';

type TensorOrNumber = Output | number;
type Arithmetic = '+' | '-' | '*' | '/' | '//' | '%' | '**';

function isNumberOrTensor(value: LambdaValue): value is TensorOrNumber {
  return typeof value === 'number' || value instanceof Output;
}

const NUMBERS: Readonly<Record<Arithmetic, (x: number, y: number) => number>> = {
  '+': (x, y) => x + y,
  '-': (x, y) => x - y,
  '*': (x, y) => x * y,
  '/': (x, y) => x / y,
  '//': (x, y) => Math.floor(x / y),
  '%': (x, y) => x - y * Math.floor(x / y),
  '**': (x, y) => x ** y,
};

/** Python's true division gives whole numbers' quotient as a float64. */
function trueDivision(x: TensorOrNumber, y: TensorOrNumber): Output {
  const dtype: DType = x instanceof Output ? x.dtype : (y as Output).dtype;
  if (isFloating(dtype)) return ops.div(x, y);
  const exact = (value: TensorOrNumber): TensorOrNumber =>
    value instanceof Output ? ops.cast(value, 'float64') : value;
  return ops.div(exact(x), exact(y));
}

const TENSORS: Readonly<Record<Arithmetic, (x: TensorOrNumber, y: TensorOrNumber) => Output>> = {
  '+': ops.add,
  '-': ops.sub,
  '*': ops.mul,
  '/': trueDivision,
  '//': ops.floorDiv,
  '%': ops.floorMod,
  '**': ops.pow,
};

const COMPARED_NUMBERS: Readonly<Record<ComparisonOperator, (x: number, y: number) => boolean>> = {
  '==': (x, y) => x === y,
  '!=': (x, y) => x !== y,
  '<': (x, y) => x < y,
  '<=': (x, y) => x <= y,
  '>': (x, y) => x > y,
  '>=': (x, y) => x >= y,
};

const COMPARED_TENSORS: Readonly<
  Record<ComparisonOperator, (x: TensorOrNumber, y: TensorOrNumber) => Output>
> = {
  '==': ops.equal,
  '!=': ops.notEqual,
  '<': ops.less,
  '<=': ops.lessEqual,
  '>': ops.greater,
  '>=': ops.greaterEqual,
};

function isArithmetic(operator: string): operator is Arithmetic {
  return Object.hasOwn(NUMBERS, operator);
}

/** Lists and tuples: `[a] + [b]`, `[x] * 2`. */
function sequences(operator: BinaryOperator, x: LambdaValue, y: LambdaValue): LambdaValue | undefined {
  if (operator === '*') {
    const [items, times] = typeof y === 'number' ? [itemsOf(x), y] : [itemsOf(y), x];
    if (items === null || typeof times !== 'number' || !Number.isInteger(times)) return undefined;
    return Array.from({ length: Math.max(0, times) }, () => items).flat();
  }
  if (operator !== '+') return undefined;
  if (isLambdaList(x) && isLambdaList(y)) return [...x, ...y];
  return x instanceof Tuple && y instanceof Tuple ? new Tuple([...x.items, ...y.items]) : undefined;
}

/** `x operator y`; undefined when the operator does not apply to such values. */
export function applyBinary(
  operator: BinaryOperator,
  x: LambdaValue,
  y: LambdaValue,
): LambdaValue | undefined {
  if (isArithmetic(operator) && isNumberOrTensor(x) && isNumberOrTensor(y)) {
    return typeof x === 'number' && typeof y === 'number' ? NUMBERS[operator](x, y) : TENSORS[operator](x, y);
  }
  if (x instanceof Output && y instanceof Output) {
    if (operator === '&') return ops.logicalAnd(x, y);
    if (operator === '|') return ops.logicalOr(x, y);
  }
  if (typeof x === 'boolean' && typeof y === 'boolean') {
    if (operator === 'and' || operator === '&') return x && y;
    if (operator === 'or' || operator === '|') return x || y;
  }
  return sequences(operator, x, y);
}

/** `x operator y`; undefined when the two cannot be compared. */
export function applyComparison(
  operator: ComparisonOperator,
  x: LambdaValue,
  y: LambdaValue,
): Output | boolean | undefined {
  if (isNumberOrTensor(x) && isNumberOrTensor(y)) {
    return typeof x === 'number' && typeof y === 'number'
      ? COMPARED_NUMBERS[operator](x, y)
      : COMPARED_TENSORS[operator](x, y);
  }
  if (operator === '==' && typeof x === typeof y && typeof x === 'string') return x === y;
  if (operator === '!=' && typeof x === typeof y && typeof x === 'string') return x !== y;
  return undefined;
}

/** `operator x`; undefined when the operator does not apply to such a value. */
export function applyUnary(operator: UnaryOperator, x: LambdaValue): LambdaValue | undefined {
  if (operator === 'not') return typeof x === 'boolean' ? !x : undefined;
  if (operator === '~') return x instanceof Output ? ops.logicalNot(x) : undefined;
  if (!isNumberOrTensor(x)) return undefined;
  if (operator === '+') return x;
  return x instanceof Output ? ops.neg(x) : -x;
}
