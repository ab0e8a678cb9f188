import type { Job, Measurement, Results } from '../../bench/results.js';

const JOB: Job = { system: 'ours', workload: 'criteo', mode: 'end to end', batch: 4096, threads: 2 };

/** A measurement that differs from a plain one in some values. */
export function measurement(values: Partial<Measurement>): Measurement {
  const rest = { firstStepMs: 2000, peakRssMb: 2048, auc: 0.7654321, cpuSeconds: 20, wallSeconds: 11 };
  return { ...JOB, run: 1, rowsPerSecond: 100_000, ...rest, ...values };
}

/** Results of two systems: ours twice and three times as fast end to end, four times with the model alone. */
export function exampleResults(): Results {
  const peer = { system: 'torch', peakRssMb: 6_144, firstStepMs: 9_000, auc: 0.76 };
  const bare = { mode: 'model only', firstStepMs: null, auc: null } as const;
  return {
    date: '2025-01-31',
    command: 'bench/run --rows 1000',
    machine: { cpu: 'A CPU', cores: 2, memoryGb: 8, kernel: 'Linux 6', node: 'v20.0.0', loadBefore: 0.25 },
    data: { trainRows: 1000, testRows: 100, oracleAuc: 0.8 },
    systems: [
      { id: 'ours', title: 'this toolkit', settings: 'as installed', versions: '1.0' },
      { id: 'torch', title: 'PyTorch & co', settings: 'SparseAdam', versions: 'torch 2' },
    ],
    commands: [{ ...JOB, command: 'node main.js train' }],
    measurements: [
      measurement({ ...bare, rowsPerSecond: 160_000 }),
      measurement({ ...bare, ...peer, ...bare, rowsPerSecond: 40_000 }),
      measurement({ rowsPerSecond: 100_000 }),
      measurement({ ...peer, rowsPerSecond: 50_000 }),
      measurement({ run: 2, rowsPerSecond: 90_000 }),
      measurement({ ...peer, run: 2, rowsPerSecond: 30_000 }),
    ],
  };
}
