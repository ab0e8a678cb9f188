import { formatTable } from '../table.js';
import type { PhaseRow } from './op_profile.js';
import type { StepProfile } from './step_profile.js';

const MOST_ROWS = 20;

/** A profile as a person reads it: the JavaScript parts of a step, then op types, the longest first. */
export function profileText(profile: StepProfile): string {
  const { steps, stepMs, untracedStepMs, opsMs, ops } = profile;
  const [first = 0, last = 0] = [steps[0], steps.at(-1)];
  const range = first === last ? `step ${first}` : `steps ${first} to ${last}`;
  const untraced = untracedStepMs === null ? '' : `, ${ms(untracedStepMs)} ms untraced`;
  const shown = ops.slice(0, MOST_ROWS).map((row) => ({ ...row, title: row.type }));
  const rest = ops.slice(MOST_ROWS);
  if (rest.length > 0) {
    const sum = (of: 'calls' | 'ms' | 'share'): number => rest.reduce((total, row) => total + row[of], 0);
    const others = { title: `${rest.length} other types`, calls: sum('calls'), ms: sum('ms') };
    shown.push({ ...others, type: '', share: sum('share'), cumulative: 1 });
  }
  return [
    `profile of ${range}: ${ms(stepMs)} ms a step${untraced}; ${ms(opsMs)} ms of ops a step, all threads together\n`,
    '\n',
    formatTable(
      [
        { title: 'part of a step' },
        { title: 'ms', align: 'right' },
        { title: 'share of the step', align: 'right' },
      ],
      [...profile.phases.map(phaseCells), ...profile.beside.map(besideCells)],
    ),
    '\n',
    formatTable(
      [
        { title: 'op type' },
        { title: 'calls', align: 'right' },
        { title: 'ms', align: 'right' },
        { title: 'share of ops', align: 'right' },
        { title: 'cumulative', align: 'right' },
      ],
      shown.map(({ title, calls, ms: time, share, cumulative }) => [
        title,
        Number(calls.toFixed(1)),
        ms(time),
        percent(share),
        percent(cumulative),
      ]),
    ),
  ].join('');
}

function phaseCells({ name, ms: time, share }: PhaseRow): readonly string[] {
  return [name, ms(time), percent(share)];
}

function besideCells({ name, ms: time }: PhaseRow): readonly string[] {
  return [`${name} (of the next step, beside it)`, ms(time), '-'];
}

function ms(value: number): string {
  return value.toFixed(value < 1 ? 3 : 2);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
