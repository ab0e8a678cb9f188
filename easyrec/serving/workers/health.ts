/** What the process of a model is doing. */
export type WorkerState =
  /** It answers. */
  | 'running'
  /** It has ended and another one is being started: calls wait for it. */
  | 'restarting'
  /** It has ended again and again, or could not be loaded again: calls fail with UNAVAILABLE until the next attempt. */
  | 'backing_off'
  | 'closed';

/** How a model in a process of its own fares. */
export interface WorkerHealth {
  readonly state: WorkerState;
  /** Of the process that answers, or is about to. */
  readonly pid: number | undefined;
  /** How many processes have taken the place of another one. */
  readonly restarts: number;
  /** Why the last process ended or could not be started; empty when none has. */
  readonly problem: string;
}
