import type { Signature } from '../../tf/index.js';
import type { ServableTensor } from '../servable.js';
import { invalidArgument, ServingError } from '../status.js';
import type { Outputs } from './batch_task.js';
import { concatRows, elementsFrom, padTo, sliceRows } from './tensors.js';

type Inputs = ReadonlyMap<string, ServableTensor>;

/** How inputs are made to fit each other. */
export interface JoinOptions {
  /** Rows to add so that the batch has an allowed size. */
  readonly paddingRows: number;
  /** Whether inputs of different lengths are filled up to the longest. */
  readonly padVariableLengthInputs: boolean;
}

/**
 * Joins the inputs of several requests of one signature, row by row.
 * @throws ServingError FAILED_PRECONDITION when their shapes differ.
 */
export function joinInputs(signature: Signature, tasks: readonly Inputs[], options: JoinOptions): Inputs {
  const joined = new Map<string, ServableTensor>();
  for (const [alias, { name }] of signature.inputs) {
    const tensors: ServableTensor[] = [];
    for (const inputs of tasks) {
      const tensor = inputs.get(alias);
      if (tensor !== undefined) tensors.push(tensor);
    }
    const fitting = options.padVariableLengthInputs ? padded(name, tensors) : sameShapes(name, tensors);
    joined.set(alias, concatRows(fitting, options.paddingRows));
  }
  return joined;
}

/**
 * Each request's share of a batch's outputs; rows that were added as padding are nobody's.
 * @param rows Of each request, in the batch's order.
 * @throws ServingError FAILED_PRECONDITION when an output does not have one row for each row of the inputs.
 */
export function splitOutputs(outputs: Outputs, rows: readonly number[], paddingRows: number): Outputs[] {
  const total = rows.reduce((sum, each) => sum + each, 0);
  const shares = rows.map(() => new Map<string, ServableTensor>());
  for (const [alias, output] of outputs) {
    checkRows(output, total + paddingRows);
    let start = 0;
    rows.forEach((count, i) => {
      shares[i]?.set(alias, sliceRows(output, start, start + count));
      start += count;
    });
  }
  return shares;
}

/** The outputs of one request that was run in parts. */
export function joinOutputs(parts: readonly Outputs[]): Outputs {
  const [first] = parts;
  const aliases = [...(first?.keys() ?? [])];
  return new Map(aliases.map((alias) => [alias, concatRows(parts.flatMap((part) => part.get(alias) ?? []))]));
}

/** Rows `start` to `end` of a request. */
export function sliceInputs(inputs: Inputs, start: number, end: number): Inputs {
  return new Map([...inputs].map(([alias, tensor]) => [alias, sliceRows(tensor, start, end)]));
}

function checkRows({ shape }: ServableTensor, rows: number): void {
  if (shape.length === 0) {
    throw new ServingError('FAILED_PRECONDITION', 'Batched output tensor has 0 dimensions');
  }
  if (shape[0] !== rows) {
    throw new ServingError(
      'FAILED_PRECONDITION',
      "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension sizes of the input tensors",
    );
  }
}

function sameShapes(name: string, tensors: readonly ServableTensor[]): readonly ServableTensor[] {
  const [first] = tensors;
  for (const each of tensors) {
    if (first === undefined || sameRowShape(each.shape, first.shape)) continue;
    throw new ServingError(
      'FAILED_PRECONDITION',
      `Tensors with name '${name}' from different tasks have different shapes and padding is turned off. ` +
        'Set pad_variable_length_inputs to true, or ensure that all tensors with the same name have equal ' +
        'dimensions starting with the first dim.',
    );
  }
  return tensors;
}

function sameRowShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 1; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function padded(name: string, tensors: readonly ServableTensor[]): readonly ServableTensor[] {
  const [first, ...others] = tensors;
  if (first === undefined || others.every(({ shape }) => sameRowShape(shape, first.shape))) return tensors;
  if (others.some(({ shape }) => shape.length !== first.shape.length)) {
    throw new ServingError(
      'FAILED_PRECONDITION',
      `Tensors with name '${name}' from different tasks have different ranks, which padding cannot make equal.`,
    );
  }
  const lengths = first.shape.map((_, i) => Math.max(...tensors.map(({ shape }) => shape[i] ?? 0)));
  if (tensors.some(({ shape }) => elementsFrom(shape, 0) === 0)) {
    throw invalidArgument('Got empty tensor in batch of non-empty tensors.');
  }
  return tensors.map((each) => padTo(each, lengths));
}
