import assert from 'node:assert/strict';
import * as grad from '../../easyrec/tf/grad/index.js';
import { packOutputs } from '../../easyrec/tf/graph.js';
import type { Output } from '../../easyrec/tf/index.js';
import { ops } from '../../easyrec/tf/index.js';
import { native } from '../../easyrec/tf/native.js';
import { withStatus } from '../../easyrec/tf/status.js';

export type { CheckedInput, GradientReport } from '../../easyrec/tf/grad/index.js';

export interface GradientCheck extends grad.GradientCheck {
  /** Whether to differentiate by `TF_AddGradients`, too. Default: false. */
  readonly oracle?: boolean;
}

/** As the toolkit's own, with TensorFlow's C++ rules as the oracle if `oracle` is set. */
export function measureGradients({ oracle = false, ...check }: GradientCheck): Promise<grad.GradientReport> {
  return grad.measureGradients(check, oracle ? addGradients : undefined);
}

/** Fails unless all derivatives agree to `tolerance` with central differences, and to 1e-12 with the oracle's. */
export async function assertGradients(check: GradientCheck, tolerance = 1e-7): Promise<grad.GradientReport> {
  const report = await measureGradients(check);
  assert.ok(
    report.numericError <= tolerance,
    `expected derivatives within ${tolerance} of central differences, received an error of ${report.numericError}`,
  );
  if (report.oracleError !== undefined) {
    assert.ok(
      report.oracleError <= 1e-12,
      `expected derivatives within 1e-12 of TF_AddGradients, received an error of ${report.oracleError}`,
    );
  }
  return report;
}

function addGradients(
  ys: readonly Output[],
  xs: readonly Output[],
  gradYs: readonly Output[],
): readonly Output[] {
  const [first] = ys;
  assert.ok(first);
  const dxs = new BigInt64Array(2 * xs.length);
  const [y, x, dy] = [packOutputs(ys), packOutputs(xs), packOutputs(gradYs)];
  withStatus((status) =>
    native().TF_AddGradients(first.graph.handle, y, ys.length, x, xs.length, dy, status, dxs),
  );
  return xs.map((_, i) => ops.identity(first.graph.outputAt(dxs, i)));
}
