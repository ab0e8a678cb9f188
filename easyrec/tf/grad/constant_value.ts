import type { Operation, Output, Shape } from '../graph.js';
import type { Handle } from '../native.js';
import { native } from '../native.js';
import { withStatus } from '../status.js';
import { Tensor } from '../tensor.js';

/** The integers of a constant node, or null when the output is no integer constant. */
export function constantInts(output: Output): readonly number[] | null {
  if (output.op.type !== 'Const' || (output.dtype !== 'int32' && output.dtype !== 'int64')) return null;
  const address = new BigInt64Array(1);
  withStatus((status) => native().TF_OperationGetAttrTensor(output.op.handle, 'value', address, status));
  using value = new Tensor((address[0] ?? 0n) as Handle<'TF_Tensor'>);
  return Array.from(value.numbers() as ArrayLike<number | bigint>, Number);
}

/** The one integer of a constant node, or null. */
export function constantInt(output: Output): number | null {
  const values = constantInts(output);
  return values?.length === 1 ? (values[0] ?? null) : null;
}

/** An integer attribute; TensorFlow leaves out a zero. */
export function intAttr(op: Operation, name: string): number {
  return op.attr(name).i ?? 0;
}

/** A boolean attribute; TensorFlow leaves out false. */
export function boolAttr(op: Operation, name: string): boolean {
  return op.attr(name).b === true;
}

/** An axis counted from the front. */
export function positiveAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** Whether every dimension is known. */
export function isStatic(shape: Shape): shape is readonly number[] {
  return shape !== null && shape.every((size) => size >= 0);
}
