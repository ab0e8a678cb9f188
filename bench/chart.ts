import { thousands } from './markdown.js';
import type { Job, Results } from './results.js';
import { summarize } from './statistics.js';
import { barChart, type Panel } from './svg.js';

const TITLES = { criteo: 'Criteo', movielens: 'MovieLens' } as const;

/** The rates of all jobs as bars, one panel for each that can be compared. */
export function ratesChart(results: Results): string {
  const panels = new Map<string, { readonly job: Job; readonly systems: Set<string> }>();
  for (const job of results.measurements) {
    const key = [job.workload, job.mode, job.batch, job.threads].join();
    const panel = panels.get(key) ?? { job, systems: new Set<string>() };
    panel.systems.add(job.system);
    panels.set(key, panel);
  }
  return barChart(
    'Rows a second, thousands: median and spread',
    [...panels.values()].map(panelOf),
    thousands,
  );

  function panelOf({ job, systems }: { readonly job: Job; readonly systems: ReadonlySet<string> }): Panel {
    const { workload, mode, batch, threads } = job;
    const bars = [...systems].flatMap((system) => {
      const runs = results.measurements.filter(
        (each) =>
          each.system === system &&
          each.workload === workload &&
          each.mode === mode &&
          each.batch === batch &&
          each.threads === threads,
      );
      const value = summarize(runs.map(({ rowsPerSecond }) => rowsPerSecond));
      const title = results.systems.find(({ id }) => id === system)?.title ?? system;
      return value === null ? [] : [{ label: title.replaceAll('`', ''), value, isOurs: system === 'ours' }];
    });
    const threadText = threads === 1 ? '1 thread' : `${threads} threads`;
    return { title: `${TITLES[workload]}, batches of ${batch}, ${threadText}, ${mode}`, bars };
  }
}
