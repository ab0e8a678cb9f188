import type { Expression, ExpressionSource } from '../../config/index.js';
import { expressionError } from '../../config/index.js';
import { didYouMean } from '../../errors.js';
import type { DType, Graph } from '../../tf/index.js';
import { ops, Output } from '../../tf/index.js';
import type { LambdaValue } from './value.js';
import { describeLambdaValue, DTypeName, itemsOf } from './value.js';

/** Older names that TensorFlow 1 still takes for an argument. */
const OLDER_NAMES: Readonly<Record<string, string>> = {
  keep_dims: 'keepdims',
  reduction_indices: 'axis',
  dim: 'axis',
};

/** An argument given by name, evaluated. */
export interface NamedValue {
  readonly name: string;
  readonly value: LambdaValue;
  readonly offset: number;
}

/** A call of a function, with its arguments evaluated. */
export interface Call {
  readonly graph: Graph;
  readonly source: ExpressionSource;
  /** Where the call stands in its text. */
  readonly offset: number;
  readonly functionName: string;
  readonly positional: readonly LambdaValue[];
  readonly keywords: readonly NamedValue[];
}

/** The arguments of a call by the names of the function's parameters. */
export class CallArguments {
  readonly #values = new Map<string, LambdaValue>();

  /** @param parameters In the order in which they can be given without a name. */
  constructor(
    readonly call: Call,
    parameters: readonly string[],
  ) {
    if (call.positional.length > parameters.length) {
      throw this.error(`expected at most ${parameters.length} arguments, received ${call.positional.length}`);
    }
    call.positional.forEach((value, i) => this.#values.set(parameters[i] ?? '', value));
    for (const { name: written, value, offset } of call.keywords) {
      const name = parameters.includes(written) ? written : (OLDER_NAMES[written] ?? written);
      if (!parameters.includes(name) && name !== 'name') {
        const known = [...parameters, 'name'];
        throw this.error(
          `unknown argument "${written}"${didYouMean(written, known)}; arguments: ${known.join(', ')}`,
          offset,
        );
      }
      if (this.#values.has(name)) throw this.error(`argument "${written}" given twice`, offset);
      this.#values.set(name, value);
    }
  }

  get graph(): Graph {
    return this.call.graph;
  }

  error(message: string, offset = this.call.offset): Error {
    return expressionError(this.call.source, offset, `${this.call.functionName}: ${message}`);
  }

  #wrong(name: string, expected: string): Error {
    const value = this.#values.get(name);
    const received = value === undefined ? 'nothing' : describeLambdaValue(value);
    return this.error(`${name}: expected ${expected}, received ${received}`);
  }

  /** The value, or undefined when it was not given or is None. */
  optional(name: string): LambdaValue | undefined {
    return this.#values.get(name) ?? undefined;
  }

  /** A tensor; numbers and lists of numbers become constants. */
  tensor(name: string): Output {
    const value = this.optional(name);
    const output = value === undefined ? null : toTensor(this.graph, value);
    if (output === null) throw this.#wrong(name, 'a tensor');
    return output;
  }

  /** A tensor, or a number for an op that makes it a constant of its other operand's dtype. */
  operand(name: string): Output | number {
    const value = this.optional(name);
    return typeof value === 'number' ? value : this.tensor(name);
  }

  tensors(name: string): readonly Output[] {
    const value = this.optional(name);
    const items = value === undefined ? null : itemsOf(value);
    const outputs = items?.map((item) => toTensor(this.graph, item)).filter((item) => item !== null);
    if (items === null || outputs === undefined || outputs.length !== items.length || items.length === 0) {
      throw this.#wrong(name, 'a list of tensors');
    }
    return outputs;
  }

  integer(name: string, fallback?: number): number {
    const value = this.optional(name) ?? fallback;
    if (typeof value !== 'number' || !Number.isInteger(value)) throw this.#wrong(name, 'a whole number');
    return value;
  }

  number(name: string, fallback?: number): number {
    const value = this.optional(name) ?? fallback;
    if (typeof value !== 'number') throw this.#wrong(name, 'a number');
    return value;
  }

  boolean(name: string, fallback = false): boolean {
    const value = this.optional(name) ?? fallback;
    if (typeof value !== 'boolean') throw this.#wrong(name, 'True or False');
    return value;
  }

  /** Whole numbers; undefined when not given. A single one stands for a list of one. */
  integers(name: string): readonly number[] | undefined {
    const value = this.optional(name);
    if (value === undefined) return undefined;
    const items = itemsOf(value) ?? [value];
    const numbers = items.filter(
      (item): item is number => typeof item === 'number' && Number.isInteger(item),
    );
    if (numbers.length !== items.length) throw this.#wrong(name, 'whole numbers');
    return numbers;
  }

  /** A shape: whole numbers, or a tensor of them (a list may hold scalar tensors, as tf.shape(x)[0]). */
  shape(name: string): readonly number[] | Output {
    const value = this.optional(name);
    if (value instanceof Output) return value;
    const items = value === undefined ? null : (itemsOf(value) ?? [value]);
    if (items?.some((item) => item instanceof Output) === true) {
      const parts = items.map((item) =>
        typeof item === 'number' ? ops.constant(this.graph, 'int32', item) : item,
      );
      const scalars = parts.filter((part) => part instanceof Output);
      if (scalars.length === parts.length) return ops.stack(scalars);
    }
    const numbers = this.integers(name);
    if (numbers === undefined) throw this.#wrong(name, 'a shape');
    return numbers;
  }

  dtype(name: string): DType {
    const value = this.optional(name);
    if (!(value instanceof DTypeName)) throw this.#wrong(name, 'a dtype such as tf.float32');
    return value.dtype;
  }

  /** Refuses a value that cannot be supported. */
  refuse(name: string, why: string): void {
    if (this.optional(name) !== undefined) throw this.error(`${name}: ${why}`);
  }
}

/** A tensor of numbers (float32 unless all are written as whole numbers) or the tensor itself; null for anything else. */
function toTensor(graph: Graph, value: LambdaValue): Output | null {
  if (value instanceof Output) return value;
  if (typeof value === 'number') return numbersTensor(graph, [value], []);
  const items = itemsOf(value);
  if (items === null || items.length === 0) return null;
  const numbers = items.filter((item): item is number => typeof item === 'number');
  if (numbers.length === items.length) return numbersTensor(graph, numbers, [numbers.length]);
  const tensors = items.map((item) => toTensor(graph, item)).filter((item) => item !== null);
  return tensors.length === items.length ? ops.stack(tensors) : null;
}

function numbersTensor(graph: Graph, numbers: readonly number[], shape: readonly number[]): Output {
  const dtype = numbers.every(Number.isInteger) ? 'int32' : 'float32';
  return ops.constant(graph, dtype, [...numbers], shape);
}

/** The offset and text of a part, for errors raised while it is evaluated. */
export type Positioned = Pick<Expression, 'offset'>;
