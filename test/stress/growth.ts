/**
 * How much a series grows from its first sample to its last, by the straight line that fits it best: single peaks count
 * for little.
 */
export function growth(samples: readonly number[]): number {
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  const middle = (samples.length - 1) / 2;
  let covariance = 0;
  let variance = 0;
  samples.forEach((sample, i) => {
    covariance += (i - middle) * (sample - mean);
    variance += (i - middle) ** 2;
  });
  return variance === 0 ? 0 : (covariance / variance) * (samples.length - 1);
}
