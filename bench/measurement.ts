import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandText, measure, resultOf } from './measure.js';
import type { Measurement } from './results.js';
import type { JobSetting, System } from './systems.js';

/** A measurement, and how it was made. */
export interface Taken {
  readonly measurement: Measurement;
  readonly command: string;
}

/** Runs one job in a folder of its own, which is gone afterwards. */
export async function takeMeasurement(
  system: System,
  setting: Omit<JobSetting, 'directory'>,
  run: number,
): Promise<Taken> {
  const directory = mkdtempSync(join(tmpdir(), 'easyrec-bench-'));
  try {
    const command = system.command({ ...setting, directory });
    const finished = await measure(command);
    const result = resultOf(finished);
    const { wallSeconds, cpuSeconds } = finished;
    const number = (...names: readonly string[]): number | null => {
      const value = names.map((name) => result[name]).find((each) => typeof each === 'number');
      return typeof value === 'number' ? value : null;
    };
    const rowsPerSecond = number('rows_per_second', 'samples_per_second');
    if (rowsPerSecond === null) throw new Error(`${commandText(command)}: expected a rate, received none`);
    const peakRssMb = Math.max(finished.peakRssMb, number('peak_rss_mb') ?? 0);
    const firstStepMs = number('first_step_end_ms', 'first_step_ms');
    const measured = { rowsPerSecond, firstStepMs, peakRssMb, auc: number('auc'), cpuSeconds, wallSeconds };
    return {
      measurement: { ...setting.job, run, ...measured },
      command: commandText(command).replaceAll(directory, 'RUN'),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
