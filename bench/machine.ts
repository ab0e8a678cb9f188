import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import type { MachineRecord } from './results.js';

/** What this machine is, as far as it matters for speed. */
export function describeMachine(): MachineRecord {
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' ') ?? [];
  const vector = ['avx512f', 'avx2', 'avx'].find((flag) => flags.includes(flag));
  const model = cpus()[0]?.model.trim() ?? 'unknown';
  return {
    cpu: vector === undefined ? model : `${model} (${vector})`,
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: `Linux ${release()}`,
    node: process.version,
    loadBefore: loadavg()[0] ?? 0,
  };
}
