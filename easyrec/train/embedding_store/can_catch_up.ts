// As in ops/embedding_store/missed_steps.h.
const PRECISION = 1e-9;
const MOST_NODES = 24;

/** Whether a row's missed steps of Adam fade fast enough for the native op to sum them up at a few nodes. */
export function canCatchUp({ beta1, beta2 }: { readonly beta1: number; readonly beta2: number }): boolean {
  const root = Math.sqrt(Math.fround(beta2));
  const ratio = Math.fround(beta1) / root;
  if (!(beta1 >= 0 && root > 0 && root < 1 && ratio < 1)) return false;
  if (ratio === 0) return true;
  const fade = Math.max(1, Math.ceil(Math.log(PRECISION * (1 - ratio)) / Math.log(ratio)));
  const low = root ** fade;
  const centre = (1 + low) / (1 - low);
  const rho = centre + Math.sqrt(centre * centre - 1);
  return Math.ceil(Math.log(8 / PRECISION) / Math.log(rho)) <= MOST_NODES;
}
