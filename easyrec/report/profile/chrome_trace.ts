import type { Phase, TracedOp } from './op_profile.js';
import type { TracedStep } from './step_profile.js';

/** One event of the trace event format: a complete event ("X"), or metadata that names a process or thread ("M"). */
export interface TraceEvent {
  readonly ph: 'X' | 'M';
  readonly name: string;
  readonly cat?: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds since the first event. */
  readonly ts?: number;
  readonly dur?: number;
  readonly args: Readonly<Record<string, string | number>>;
}

/** What chrome://tracing and Perfetto open. */
export interface ChromeTrace {
  readonly displayTimeUnit: 'ms';
  readonly traceEvents: readonly TraceEvent[];
}

interface Timed {
  readonly startUs: number;
  readonly durationUs: number;
}

const JAVASCRIPT = 1;

/**
 * Steps as a Chrome trace: JavaScript's phases as one process, each device as another. TensorFlow does not say which of
 * its threads ran an op, so ops are laid into as few rows as they overlap.
 */
export function chromeTrace(steps: readonly TracedStep[]): ChromeTrace {
  const originUs = steps.flatMap((step) => [step, ...step.ops, ...step.beside]).reduce(earliest, Infinity);
  const events: TraceEvent[] = [processName(JAVASCRIPT, 'JavaScript'), threadName(JAVASCRIPT, 1, 'steps')];
  const threads: readonly [string, (step: TracedStep) => readonly Phase[]][] = [
    ['phases', (step) => step.phases],
    ['next batch', (step) => step.beside],
  ];
  for (const step of steps) {
    events.push(complete({ name: `step ${step.step}`, cat: 'step', tid: 1, args: {} }, step, originUs));
  }
  threads.forEach(([name, of], i) => {
    events.push(threadName(JAVASCRIPT, i + 2, name));
    for (const phase of steps.flatMap(of)) {
      const args = { step: phase.step };
      events.push(complete({ name: phase.name, cat: 'phase', tid: i + 2, args }, phase, originUs));
    }
  });
  const ops = steps.flatMap((step) => step.ops);
  const devices = [...new Set(ops.map(({ device }) => device))].sort();
  devices.forEach((device, i) => {
    events.push(
      ...deviceEvents(
        ops.filter((op) => op.device === device),
        { device, pid: JAVASCRIPT + 1 + i, originUs },
      ),
    );
  });
  return { displayTimeUnit: 'ms', traceEvents: events };
}

interface DevicePlace {
  readonly device: string;
  readonly pid: number;
  readonly originUs: number;
}

function deviceEvents(ops: readonly TracedOp[], { device, pid, originUs }: DevicePlace): TraceEvent[] {
  const lanes = assignLanes(ops);
  const count = lanes.reduce((most, lane) => Math.max(most, lane + 1), 0);
  const names = Array.from({ length: count }, (_, lane) =>
    threadName(pid, lane + 1, `ops at once: ${lane + 1}`),
  );
  const events = ops.map((op, i) => {
    const place = { name: op.type, cat: 'op', pid, tid: (lanes[i] ?? 0) + 1, args: { name: op.name } };
    return complete(place, op, originUs);
  });
  return [processName(pid, device), ...names, ...events];
}

/** Gives each item the lowest row that is free when it starts. */
export function assignLanes(items: readonly Timed[]): readonly number[] {
  const order = items.map((_, i) => i).sort((a, b) => startOf(items, a) - startOf(items, b));
  const ends: number[] = [];
  const lanes = new Array<number>(items.length).fill(0);
  for (const i of order) {
    const start = startOf(items, i);
    const free = ends.findIndex((end) => end <= start);
    const lane = free < 0 ? ends.length : free;
    ends[lane] = start + (items[i]?.durationUs ?? 0);
    lanes[i] = lane;
  }
  return lanes;
}

function startOf(items: readonly Timed[], i: number): number {
  return items[i]?.startUs ?? 0;
}

function earliest(least: number, { startUs }: Timed): number {
  return Math.min(least, startUs);
}

type Place = Pick<TraceEvent, 'name' | 'cat' | 'tid' | 'args'> & { readonly pid?: number };

function complete(place: Place, { startUs, durationUs }: Timed, originUs: number): TraceEvent {
  return { ph: 'X', pid: JAVASCRIPT, ...place, ts: startUs - originUs, dur: durationUs };
}

function processName(pid: number, name: string): TraceEvent {
  return { ph: 'M', name: 'process_name', pid, tid: 0, args: { name } };
}

function threadName(pid: number, tid: number, name: string): TraceEvent {
  return { ph: 'M', name: 'thread_name', pid, tid, args: { name } };
}
