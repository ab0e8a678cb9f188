/** What is trained: on which rows, with which config. */
export type WorkloadId = 'criteo' | 'movielens';

/** From text on disk to updated weights, or steps on batches that are ready. */
export type Mode = 'end to end' | 'model only';

/** What one system is to do in one process. */
export interface Job {
  readonly system: string;
  readonly workload: WorkloadId;
  readonly mode: Mode;
  readonly batch: number;
  readonly threads: number;
}

/** What came of it. */
export interface Measurement extends Job {
  /** Counted from 1; systems take turns in each. */
  readonly run: number;
  readonly rowsPerSecond: number;
  /** From the start of the process to the end of its first step. */
  readonly firstStepMs: number | null;
  readonly peakRssMb: number;
  readonly auc: number | null;
  /** Processor time of the whole process, start-up included. */
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
}

/** One system as it was run. */
export interface SystemRecord {
  readonly id: string;
  readonly title: string;
  readonly settings: string;
  readonly versions: string;
}

/** The machine it all ran on. */
export interface MachineRecord {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly node: string;
  /** Mean number of running processes in the minute before the runs: 0 on a machine with nothing else to do. */
  readonly loadBefore: number;
}

/** One run of the benchmark, as written to its JSON file. */
export interface Results {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  readonly command: string;
  readonly machine: MachineRecord;
  readonly data: { readonly trainRows: number; readonly testRows: number; readonly oracleAuc: number | null };
  readonly systems: readonly SystemRecord[];
  /** Each job's command, with folders of the run named in capitals. */
  readonly commands: readonly (Job & { readonly command: string })[];
  readonly measurements: readonly Measurement[];
}

/** The text that jobs of one kind share, whatever the run. */
export function jobKey({ system, workload, mode, batch, threads }: Job): string {
  return [workload, mode, batch, threads, system].join(' | ');
}
