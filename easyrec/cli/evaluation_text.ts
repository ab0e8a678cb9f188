import type { Evaluation } from '../train/evaluator.js';

/** One line of metrics: `evaluation at step 100: auc = 0.78, loss = 0.51`. */
export function evaluationText(step: number, { values, rows }: Evaluation): string {
  const shown = Object.entries(values).filter(([name]) => !name.startsWith('loss/'));
  const text = shown.map(([name, value]) => `${name} = ${value.toPrecision(6)}`).join(', ');
  return `evaluation at step ${step} (${rows} rows): ${text}`;
}
