import { ops } from '../../../../easyrec/tf/index.js';
import type { GradientCheck } from '../../../support/gradient_check.js';
import { apply, pick, spread } from './case.js';

interface NullCase extends Pick<GradientCheck, 'inputs' | 'build'> {
  readonly op: string;
  readonly title: string;
}

/** Ops from floats to floats whose slope is 0 wherever it is defined. */
export const NULL_CASES: readonly NullCase[] = [
  ...['Floor', 'Ceil', 'Round', 'Rint', 'ZerosLike', 'OnesLike'].map((op) => ({
    op,
    title: 'between its steps',
    inputs: [spread([2, 3])],
    build: apply(op),
  })),
  {
    op: 'FloorDiv',
    title: 'between its steps',
    inputs: [spread([2, 3]), spread([3], 4)],
    build: (xs) => ops.floorDiv(pick(xs, 0), pick(xs, 1)),
  },
];

/** Ops that do carry floats, and why they have no gradient nevertheless. */
export const NULL_WITH_REASON: Readonly<Record<string, string>> = {
  StopGradient: 'its purpose',
  Unique: 'TensorFlow has none: which elements are equal changes with the values',
  UniqueWithCounts: 'TensorFlow has none: which elements are equal changes with the values',
  OneHot: 'TensorFlow has none, although it is linear in its on and off values',
  Range: 'TensorFlow has none: the number of elements changes with the values',
};
