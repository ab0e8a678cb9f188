import assert from 'node:assert/strict';
import test from 'node:test';
import type { GradientRules } from '../../../easyrec/tf/grad/index.js';
import { RULES } from '../../../easyrec/tf/grad/index.js';
import type { OpDef } from '../../../easyrec/tf/index.js';
import { loadLibtensorflow, ops, registeredOps } from '../../../easyrec/tf/index.js';
import { assertGradients, measureGradients } from '../../support/gradient_check.js';
import { ARRAY_CASES } from './cases/array.js';
import type { GradientCase } from './cases/case.js';
import { at, pick, spread } from './cases/case.js';
import { INDEXING_CASES } from './cases/indexing.js';
import { MATH_CASES } from './cases/math.js';
import { NN_CASES } from './cases/nn.js';
import { NULL_CASES, NULL_WITH_REASON } from './cases/not_differentiable.js';
import { REDUCTION_CASES } from './cases/reduction.js';

const CASES: readonly GradientCase[] = [
  ...MATH_CASES,
  ...REDUCTION_CASES,
  ...ARRAY_CASES,
  ...INDEXING_CASES,
  ...NN_CASES,
];

// Rows that a numeric derivative says nothing about; backprop.test.ts checks them.
const WITHOUT_DERIVATIVE = ['PreventGradient'];

function minorVersion(): number {
  return Number(loadLibtensorflow().version.split('.')[1]);
}

/** Whether any of an op's arguments can be a float. */
function carriesFloats(op: OpDef, args: OpDef['input_arg'] = []): boolean {
  const floating = [1, 2, 14, 19];
  return args.some(({ type = 0, type_attr: attr = '', type_list_attr: listAttr = '' }) => {
    if (attr === '') return listAttr !== '' || floating.includes(type);
    const allowed = op.attr?.find(({ name }) => name === attr)?.allowed_values?.list?.type;
    return allowed?.some((code) => floating.includes(code)) ?? true;
  });
}

for (const shapes of ['static', 'rank'] as const) {
  const known = shapes === 'static' ? 'all sizes known' : 'only ranks known';
  for (const { op, title, tolerance, withoutOracle, oracleSince = 12, ...check } of CASES) {
    test(`${op}: ${title}, ${known}`, async () => {
      const oracle = withoutOracle === undefined && minorVersion() >= oracleSince;
      const report = await assertGradients({ ...check, shapes, oracle }, tolerance);
      assert.equal(report.pairs === 0, /empty batch|no row/.test(title));
    });
  }
}

test('has a case for every rule, and none for a rule that does not exist', () => {
  const rules = Object.keys(RULES).filter((op) => RULES[op] !== null);
  const checked = new Set([...CASES.map(({ op }) => op), ...WITHOUT_DERIVATIVE]);
  assert.deepEqual([...checked].sort(), rules.sort());
});

test('every rule is of a registered op', () => {
  const names = new Set(registeredOps().map(({ name }) => name));
  assert.deepEqual(
    Object.keys(RULES).filter((op) => !names.has(op)),
    [],
  );
});

for (const { op, title, ...check } of NULL_CASES) {
  test(`${op}, marked as not differentiable, has slope 0: ${title}`, async () => {
    assert.equal(RULES[op], null);
    const { pairs } = await assertGradients(check);
    assert.ok(pairs > 0);
  });
}

test('ops marked as not differentiable take no floats, give none, have slope 0 or a reason', () => {
  const defs = new Map(registeredOps().map((op) => [op.name, op]));
  const checked = new Set([...NULL_CASES.map(({ op }) => op), ...Object.keys(NULL_WITH_REASON)]);
  const unexplained = Object.keys(RULES).filter((name) => {
    const op = defs.get(name);
    if (RULES[name] !== null || checked.has(name) || op === undefined) return false;
    return carriesFloats(op, op.input_arg) && carriesFloats(op, op.output_arg);
  });
  assert.deepEqual(unexplained, []);
});

test('the checker catches a wrong rule', async () => {
  const build: GradientCase['build'] = (xs) => ops.sigmoid(pick(xs, 0));
  const inputs = [spread([2, 2])];
  // The derivative of the hyperbolic tangent instead of the sigmoid's.
  const rules = { Sigmoid: RULES['Tanh'] ?? null };
  await assert.rejects(assertGradients({ inputs, build, rules }), /within 1e-7 of central differences/);
  assert.ok((await measureGradients({ inputs, build })).numericError < 1e-9);
});

test('the checker catches a rule that is wrong for one element only', async () => {
  const inputs = [at([3], [0.5, 1.5, 300])];
  const report = await measureGradients({
    inputs,
    build: (xs) => ops.square(pick(xs, 0)),
    rules: { Square: (op, [dy]) => [ops.mul(dy, ops.minimum(ops.mul(op.input(0), 2), 599.99))] },
  });
  assert.ok(report.numericError > 1e-5 && report.numericError < 1e-4);
});

test('the checker reports NaN', async () => {
  const inputs = [at([2], [0.5, 1.5])];
  const build: GradientCase['build'] = (xs) => ops.square(pick(xs, 0));
  const rules: GradientRules = { Square: (op, [dy]) => [ops.mul(dy, ops.log(ops.sub(op.input(0), 1)))] };
  const check = { inputs, build, rules };
  assert.ok(Number.isNaN((await measureGradients(check)).numericError));
  await assert.rejects(assertGradients(check), /error of NaN/);
});
