import { randomCase } from './optimizer_case.js';

const SIZE = { height: 6, width: 3, steps: 24 };
const ALL_ROWS = [0, 1, 2, 3, 4, 5];

/** The whole variable at once. */
export const DENSE = randomCase(SIZE, true, () => ALL_ROWS);

/** All of its rows, some of them twice. */
export const EVERY_ROW = randomCase(SIZE, false, (random) => [...ALL_ROWS, random.below(6), random.below(6)]);

/** Some of its rows, some of them twice. */
export const SOME_ROWS = randomCase(SIZE, false, (random) =>
  Array.from({ length: 4 }, () => random.below(6)),
);

/** As SOME_ROWS, with steps that look nothing up. */
export const EMPTY_STEPS = randomCase(SIZE, false, (random) =>
  random.below(3) === 0 ? [] : Array.from({ length: 4 }, () => random.below(6)),
);

/** The name of a variable that the optimizers see as a feature's table. */
export const TABLE = 'input_layer/user_embedding/embedding_weights';

export const TABLE_ROWS = { ...SOME_ROWS, variable: TABLE };
