/**
 * The area under the ROC curve: the chance that a row of label 1 scores above one of label 0, ties counting half.
 *
 * @returns NaN unless both labels occur.
 */
export function areaUnderCurve(scores: Float64Array, labels: Uint8Array): number {
  const negatives = scores.filter((_, i) => labels[i] === 0).sort();
  const positives = scores.filter((_, i) => labels[i] !== 0).sort();
  let below = 0;
  let notAbove = 0;
  let pairs = 0;
  for (const score of positives) {
    while (below < negatives.length && (negatives[below] ?? 0) < score) below++;
    notAbove = Math.max(notAbove, below);
    while (notAbove < negatives.length && (negatives[notAbove] ?? 0) <= score) notAbove++;
    pairs += (below + notAbove) / 2;
  }
  return pairs / (negatives.length * positives.length);
}
