import { parseCallable, parseLambda } from '../config/expression_parser.js';
import type { SourceLocation } from '../errors.js';
import type { Output } from '../tf/index.js';
import { evaluateLambda } from './lambda/evaluate.js';
import { expectTensor } from './value.js';

/**
 * The function that a RawFeature's `normalizer_fn` names: a lambda, or the dotted name of a TensorFlow function.
 *
 * @returns takes and returns `[B]` or `[B, width]` float32; throws ConfigError where the text cannot be applied
 * @throws ConfigError when the text is neither
 */
export function normalizerFn(text: string, at: SourceLocation): (x: Output) => Output {
  const callable = parseCallable(text, at);
  const lambda =
    callable.kind === 'lambda' ? callable.lambda : parseLambda(`lambda x: ${callable.name}(x)`, at);
  return (x) => expectTensor(evaluateLambda(lambda, x.graph, [x]), 'normalizer_fn');
}
