import { packageFile } from '../../easyrec/package_files.js';
import {
  type Attrs,
  Graph,
  loadOpLibrary,
  makeStep,
  type NumericDType,
  Session,
  tensor,
} from '../../easyrec/tf/index.js';

/** The file of an op library that set-up builds. */
export function opLibrary(name: string): string {
  return packageFile(`ops/lib/lib${name}.so`);
}

/** A string tensor's elements, as text or as bytes. */
export interface Texts {
  readonly shape: readonly number[];
  readonly values: readonly (string | Uint8Array)[];
}

/** A vector of texts. */
export function texts(...values: readonly (string | Uint8Array)[]): Texts {
  return { shape: [values.length], values };
}

export interface OpResult {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

export interface OpCall {
  /** The library's name, as in `overlap`. */
  readonly library: string;
  readonly type: string;
  readonly attrs: Attrs;
  readonly dtype: NumericDType;
}

/** Runs an op of two string inputs, fed at run time with nothing known of their shapes before. */
export function runTextOp(call: OpCall, first: Texts, second: Texts): OpResult {
  loadOpLibrary(opLibrary(call.library));
  using graph = new Graph();
  const [a, b] = ['a', 'b'].map((name) =>
    graph.op('Placeholder', [], { dtype: 'string' }, { name }).output(),
  );
  if (!a || !b) throw new Error('two placeholders were made');
  const output = graph.op(call.type, [a, b], { ...call.attrs, dtype: call.dtype }).output();
  const session = Session.create(graph);
  using x = tensor('string', first.shape, first.values);
  using y = tensor('string', second.shape, second.values);
  const [result] = session.runSync(makeStep({ feeds: [a, b], fetches: [output] }), [x, y]);
  if (!result) throw new Error('one tensor was fetched');
  using owned = result;
  return { shape: owned.shape, values: [...owned.data(call.dtype)].map(Number) };
}

/** The shape that an op's shape function gives for inputs of the given shapes; null stands for an unknown rank. */
export function inferredShape(
  call: OpCall,
  first: readonly number[] | null,
  second: readonly number[] | null,
): readonly number[] | null {
  loadOpLibrary(opLibrary(call.library));
  using graph = new Graph();
  const inputs = [first, second].map((shape) =>
    graph.op('Placeholder', [], { dtype: 'string', ...(shape && { shape }) }).output(),
  );
  return graph.op(call.type, inputs, { ...call.attrs, dtype: call.dtype }).output().shape;
}

/** Uniform numbers in [0, 1) that are the same in every run (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** One of `choices`. */
export function pick<T>(next: () => number, choices: readonly T[]): T {
  const chosen = choices[Math.floor(next() * choices.length)];
  if (chosen === undefined) throw new Error('nothing to choose from');
  return chosen;
}
