/**
 * A number of repetitions, or the share of it that the environment variable STRESS_SHARE asks for, such as 0.01: the whole
 * takes a machine of its own for an hour.
 */
export function repetitions(whole: number): number {
  return Math.max(1, Math.round(whole * Number(process.env['STRESS_SHARE'] ?? 1)));
}
