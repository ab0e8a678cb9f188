import type { Input } from '../../config/index.js';
import { has, locationOf, oneofCase, parseLambda, parseSlice } from '../../config/index.js';
import type { SourceLocation } from '../../errors.js';
import { ConfigError } from '../../errors.js';
import type { Graph } from '../../tf/index.js';
import { evaluateLambda } from '../lambda/evaluate.js';
import type { BlockValue } from '../value.js';

/** One input of a block, its config read. */
export interface InputPlan {
  readonly kind: 'group' | 'block';
  /** Of a feature group or a block. */
  readonly name: string;
  readonly at: SourceLocation;
  /** Whether the producer only has to run. */
  readonly isIgnored: boolean;
  /** input_slice, then input_fn. */
  readonly transform: (graph: Graph, value: BlockValue) => BlockValue;
}

function notSupported(input: Input, field: keyof Input): ConfigError {
  return new ConfigError(`${field}: not supported yet`, { at: locationOf(input, field) });
}

/** @throws ConfigError for inputs of packages, and for a wrong slice or function. */
export function planInput(input: Input): InputPlan {
  const named = oneofCase(input, 'name');
  if (named === null) {
    throw new ConfigError('inputs: expected feature_group_name or block_name, received neither', {
      at: locationOf(input),
    });
  }
  if (named.case === 'package_name' || named.case === 'use_package_input')
    throw notSupported(input, named.case);
  for (const field of ['reset_input', 'package_input', 'package_input_fn'] as const) {
    if (has(input, field)) throw notSupported(input, field);
  }
  const steps = [
    has(input, 'input_slice')
      ? parseSlice(input.input_slice.trim(), ['x'], locationOf(input, 'input_slice'))
      : null,
    has(input, 'input_fn') ? parseLambda(input.input_fn, locationOf(input, 'input_fn')) : null,
  ].filter((step) => step !== null);
  return {
    kind: named.case === 'feature_group_name' ? 'group' : 'block',
    name: named.value,
    at: locationOf(input, named.case),
    isIgnored: input.ignore_input,
    transform: (graph, value) =>
      steps.reduce((current, step) => evaluateLambda(step, graph, [current]), value),
  };
}
