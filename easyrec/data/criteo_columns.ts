/** One category of the rows: how many values it has, how unevenly they occur, how often it is missing. */
export interface CategoryShape {
  readonly values: number;
  /** Of a bounded Zipf law over the values' ranks. */
  readonly exponent: number;
  readonly missing: number;
}

/** One number of the rows: the logarithm is normal, then rounded down and cut off. */
export interface NumberShape {
  readonly mean: number;
  readonly deviation: number;
  readonly missing: number;
  /** Below 0: a tenth of the values is drawn evenly from here to -1. */
  readonly least: number;
  readonly most: number;
}

/** C1 to C26, after the public data set of Kaggle's display advertising challenge, the largest cut at 1.2 million. */
export const CATEGORY_SHAPES: readonly CategoryShape[] = (
  [
    [1460, 1.05, 0],
    [583, 0.9, 0],
    [1_200_000, 0.8, 0.034],
    [700_000, 0.9, 0.034],
    [305, 1.2, 0],
    [24, 1, 0.12],
    [12_517, 0.85, 0],
    [633, 1.2, 0],
    [3, 1.5, 0],
    [93_145, 0.95, 0],
    [5683, 0.8, 0],
    [1_100_000, 0.8, 0.034],
    [3194, 0.8, 0],
    [27, 1, 0],
    [14_992, 0.9, 0],
    [1_000_000, 0.82, 0.034],
    [10, 1, 0],
    [5652, 0.9, 0],
    [2173, 1.1, 0.44],
    [4, 0.5, 0.44],
    [1_100_000, 0.8, 0.034],
    [18, 1, 0.76],
    [15, 0.9, 0],
    [286_181, 0.85, 0.034],
    [105, 1.1, 0.44],
    [142_572, 0.9, 0.44],
  ] as const
).map(([values, exponent, missing]) => ({ values, exponent, missing }));

/** F1 to F13; least and most are `min_val` and `max_val` of the public configs. */
export const NUMBER_SHAPES: readonly NumberShape[] = (
  [
    [0.6, 1.2, 0.45, 0, 5775],
    [2, 2, 0, -3, 257_675],
    [2.2, 1.4, 0.21, 0, 65_535],
    [1.6, 1, 0.21, 0, 969],
    [7.5, 2.3, 0.026, 0, 23_159_456],
    [3.6, 1.7, 0.22, 0, 431_037],
    [1.5, 1.5, 0.043, 0, 56_311],
    [2, 1.1, 0.001, 0, 6047],
    [3.8, 1.5, 0.043, 0, 29_019],
    [0.2, 0.5, 0.45, 0, 46],
    [0.8, 0.9, 0.043, 0, 231],
    [0.3, 1, 0.76, 0, 4008],
    [1.7, 1.2, 0.21, 0, 7393],
  ] as const
).map(([mean, deviation, missing, least, most]) => ({ mean, deviation, missing, least, most }));

/** Names that the config on Criteo reads. */
export const CRITEO_TRAIN_FILE = 'criteo_train_data';
export const CRITEO_TEST_FILE = 'criteo_test_data';
