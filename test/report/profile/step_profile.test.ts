import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignLanes, chromeTrace } from '../../../easyrec/report/profile/chrome_trace.js';
import { opRows, phaseRows, type TracedOp } from '../../../easyrec/report/profile/op_profile.js';
import { profileText } from '../../../easyrec/report/profile/profile_text.js';
import { stepProfile, type TracedStep } from '../../../easyrec/report/profile/step_profile.js';

const CLOSE = 1e-12;

function op(type: string, startUs: number, durationUs: number, device = 'CPU:0'): TracedOp {
  return { name: `model/${type}`, type, device, startUs, durationUs };
}

function step(number: number, startUs: number): TracedStep {
  const phase = (name: string, from: number, durationUs: number) => {
    return { name, step: number, startUs: startUs + from, durationUs };
  };
  return {
    step: number,
    startUs,
    durationUs: 1000,
    ops: [op('MatMul', startUs + 10, 300), op('Add', startUs + 20, 60), op('MatMul', startUs + 320, 240)],
    phases: [phase('running', 0, 700), phase('metrics', 700, 300)],
    beside: [phase('reading', 50, 400)],
  };
}

const STEPS = [step(11, 1_700_000_000_000_000), step(12, 1_700_000_000_001_000)];

test('ops are summed up by type, the longest first', () => {
  const rows = opRows(
    STEPS.flatMap(({ ops }) => ops),
    2,
  );
  assert.deepEqual(rows, [
    { type: 'MatMul', calls: 2, ms: 0.54, share: 0.9, cumulative: 0.9 },
    { type: 'Add', calls: 1, ms: 0.06, share: 0.1, cumulative: 1 },
  ]);
});

test('shares add up, and cumulative shares end at all of it', () => {
  const ops = Array.from({ length: 50 }, (_, i) => op(`Type${i}`, i, 1 + ((i * 7919) % 101)));
  const rows = opRows(ops, 3);
  const total = rows.reduce((sum, { share }) => sum + share, 0);
  assert.ok(Math.abs(total - 1) < CLOSE, `shares add up to ${total}`);
  assert.ok(Math.abs((rows.at(-1)?.cumulative ?? 0) - 1) < CLOSE);
  assert.ok(rows.every(({ ms }, i) => i === 0 || ms <= (rows[i - 1]?.ms ?? 0)));
});

test('ops that took no time have no share', () => {
  assert.deepEqual(opRows([op('NoOp', 5, 0)], 1), [
    { type: 'NoOp', calls: 1, ms: 0, share: 0, cumulative: 0 },
  ]);
  assert.deepEqual(opRows([], 1), []);
});

test('phases keep the order in which they come', () => {
  const rows = phaseRows(
    STEPS.flatMap(({ phases }) => phases),
    { steps: 2, wholeMs: 2 },
  );
  assert.deepEqual(rows, [
    { name: 'running', ms: 0.7, share: 0.7 },
    { name: 'metrics', ms: 0.3, share: 0.3 },
  ]);
});

test('a profile is of one step on average', () => {
  const profile = stepProfile(STEPS, 0.9);
  assert.deepEqual(profile.steps, [11, 12]);
  assert.equal(profile.stepMs, 1);
  assert.equal(profile.untracedStepMs, 0.9);
  assert.ok(Math.abs(profile.opsMs - 0.6) < CLOSE);
  assert.deepEqual(profile.beside, [{ name: 'reading', ms: 0.4, share: 0.4 }]);
});

test('the text has the steps, each phase and the op types; the rarest are taken together', () => {
  const many = Array.from({ length: 30 }, (_, i) => op(`Type${i}`, i, 100 - i));
  const text = profileText(stepProfile([{ ...step(3, 0), ops: many }], null));
  assert.match(text, /^profile of step 3: 1\.00 ms a step; 2\.5[67] ms of ops a step/);
  assert.match(text, /^running +0\.700 +70\.0 %$/m);
  assert.match(text, /^reading \(of the next step, beside it\) +0\.400 +-$/m);
  assert.match(text, /^Type0 +1 +0\.100 +3\.9 % +3\.9 %$/m);
  assert.match(text, /^10 other types +10 +0\.755 +29\.4 % +100\.0 %$/m);
  assert.doesNotMatch(text, /Type20/);
});

test('items that overlap get lanes of their own, others share one', () => {
  const at = (startUs: number, durationUs: number) => ({ startUs, durationUs });
  assert.deepEqual(assignLanes([at(0, 10), at(5, 10), at(10, 2), at(11, 1), at(20, 1)]), [0, 1, 0, 2, 0]);
  // Given in another order than they began in.
  assert.deepEqual(assignLanes([at(5, 10), at(0, 10)]), [1, 0]);
});

test('a trace is of the trace event format and survives JSON', () => {
  const trace = chromeTrace(STEPS);
  const read = JSON.parse(JSON.stringify(trace)) as typeof trace;
  assert.deepEqual(read, trace);
  assert.equal(read.displayTimeUnit, 'ms');
  for (const event of read.traceEvents) {
    assert.match(event.ph, /^[XM]$/);
    assert.ok(Number.isInteger(event.pid) && Number.isInteger(event.tid) && event.name !== '');
    if (event.ph === 'X') assert.ok((event.ts ?? -1) >= 0 && (event.dur ?? -1) >= 0, JSON.stringify(event));
  }
  const named = read.traceEvents.filter(({ ph }) => ph === 'M').map(({ args }) => args['name']);
  assert.deepEqual(named, [
    'JavaScript',
    'steps',
    'phases',
    'next batch',
    'CPU:0',
    'ops at once: 1',
    'ops at once: 2',
  ]);
});

test('in a trace no two events of one row overlap but by lying within each other', () => {
  const rows = new Map<string, { readonly from: number; readonly to: number }[]>();
  for (const { ph, pid, tid, ts = 0, dur = 0 } of chromeTrace(STEPS).traceEvents) {
    if (ph === 'X')
      rows.set(`${pid} ${tid}`, [...(rows.get(`${pid} ${tid}`) ?? []), { from: ts, to: ts + dur }]);
  }
  assert.equal(rows.size, 5);
  for (const [row, events] of rows) {
    events.sort((a, b) => a.from - b.from);
    const overlaps = events.filter(({ from }, i) => from < (events[i - 1]?.to ?? 0));
    assert.deepEqual(overlaps, [], row);
  }
});

test('every op is in the trace, with its node and on its device', () => {
  const [first] = STEPS;
  assert.ok(first);
  const steps = [{ ...first, ops: [op('MatMul', first.startUs, 5, 'A'), op('Add', first.startUs, 5, 'B')] }];
  const ops = chromeTrace(steps).traceEvents.filter(({ cat }) => cat === 'op');
  assert.deepEqual(
    ops.map(({ name, pid, args }) => [name, pid, args['name']]),
    [
      ['MatMul', 2, 'model/MatMul'],
      ['Add', 3, 'model/Add'],
    ],
  );
});
