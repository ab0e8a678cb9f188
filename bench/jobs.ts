import type { Job } from './results.js';
import type { System } from './systems.js';
import type { Workload } from './workloads.js';

/** The jobs of one turn, those to be compared next to each other. */
export function jobsOf(
  systems: readonly System[],
  workloads: readonly Workload[],
  threads: readonly number[],
): readonly Job[] {
  return workloads.flatMap(({ id: workload, batches }) =>
    batches.flatMap((batch) =>
      threads.flatMap((count) =>
        (['model only', 'end to end'] as const).flatMap((mode) =>
          systems
            .filter((system) => system.workloads.includes(workload) && system.modes.includes(mode))
            // Of a small model most time is reading: only the whole is of interest.
            .filter(() => workload === 'criteo' || mode === 'end to end')
            .map(({ id }) => ({ system: id, workload, mode, batch, threads: count })),
        ),
      ),
    ),
  );
}
