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

const RARE_ROWS = randomCase({ height: 60, width: 4, steps: 200 }, false, (random) =>
  Array.from({ length: 3 + random.below(3) }, () => Math.floor(59 * random.below(1000) ** 3 * 1e-9)),
);

/**
 * 200 steps at a falling rate, of which a few rows are looked up all the time, most rarely, the last never. Weights are of
 * the size that embeddings have: TensorFlow rounds each of 200 sums to 24 bits, in weights near 1 to 6e-8.
 */
export const LONG = {
  ...RARE_ROWS,
  start: RARE_ROWS.start.map((value) => Math.fround(0.1 * value)),
  learningRates: RARE_ROWS.steps.map((_, step) => Math.fround(0.02 * 0.5 ** (step / 50))),
};
