import type { Job, Measurement, Results } from './results.js';
import { ratios, summarize, type Summary } from './statistics.js';

/** `118 k (111–121)`: median and spread of thousands. */
export function thousands(summary: Summary | null): string {
  if (summary === null) return '–';
  const text = (value: number): string => {
    const count = value / 1000;
    return count < 10 ? count.toFixed(1) : count.toFixed(0);
  };
  return `${text(summary.median)} k (${text(summary.least)}–${text(summary.most)})`;
}

type Figure = keyof Pick<Measurement, 'rowsPerSecond' | 'firstStepMs' | 'peakRssMb' | 'auc'>;
type Group = Omit<Job, 'system'>;

function chosen(results: Results, group: Partial<Job>): readonly Measurement[] {
  const wanted = Object.entries(group) as [keyof Job, unknown][];
  return results.measurements.filter((each) => wanted.every(([name, value]) => each[name] === value));
}

function figures(measurements: readonly Measurement[], figure: Figure): Summary | null {
  return summarize(measurements.map((each) => each[figure]));
}

function rateByRun(measurements: readonly Measurement[]): ReadonlyMap<number, number> {
  return new Map(measurements.map(({ run, rowsPerSecond }) => [run, rowsPerSecond]));
}

/** How many times as fast as `system` we are: the median of the runs' ratios. */
function timesAsFast(results: Results, group: Group, system: string): string {
  const ours = rateByRun(chosen(results, { ...group, system: 'ours' }));
  const theirs = rateByRun(chosen(results, { ...group, system }));
  const summary = summarize(ratios(ours, theirs));
  return summary === null || system === 'ours' ? '–' : `${summary.median.toFixed(2)}×`;
}

function seconds(summary: Summary | null): string {
  return summary === null ? '–' : `${(summary.median / 1000).toFixed(1)} s`;
}

function gigabytes(summary: Summary | null): string {
  return summary === null ? '–' : `${(summary.median / 1024).toFixed(summary.median < 10_240 ? 2 : 1)} GB`;
}

function auc(summary: Summary | null): string {
  return summary === null ? '–' : summary.median.toFixed(4);
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, i) => (i === 0 ? '---' : '---:'));
  return [head, rule, ...rows].map(line).join('\n');
}

function titleOf(results: Results, id: string): string {
  return results.systems.find((system) => system.id === id)?.title ?? id;
}

function unique<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values)];
}

/** The table of one workload at one batch size and number of threads; an empty text without runs. */
export function workloadTable(results: Results, group: Omit<Group, 'mode'>): string {
  const all = chosen(results, group);
  if (all.length === 0) return '';
  const both = all.some(({ mode }) => mode === 'model only');
  const systems = unique(all.map(({ system }) => system));
  const head = ['system', ...(both ? ['rows/s, model only', 'ours / it'] : [])];
  head.push('rows/s, end to end', 'ours / it', 'first step after', 'peak memory', 'AUC');
  const rows = systems.map((system) => {
    const of = (mode: Job['mode']): readonly Measurement[] => chosen(results, { ...group, mode, system });
    const [model, whole] = [of('model only'), of('end to end')];
    const times = (mode: Job['mode']): string => timesAsFast(results, { ...group, mode }, system);
    return [
      titleOf(results, system),
      ...(both ? [thousands(figures(model, 'rowsPerSecond')), times('model only')] : []),
      thousands(figures(whole, 'rowsPerSecond')),
      times('end to end'),
      seconds(figures(whole, 'firstStepMs')),
      gigabytes(figures(whole, 'peakRssMb')),
      auc(figures(whole, 'auc')),
    ];
  });
  return markdownTable(head, rows);
}

const WORKLOADS = {
  criteo: 'DeepFM on rows of the shape of Criteo',
  movielens: 'DeepFM on rows of the shape of MovieLens-1M',
} as const;

/** Everything that one run of the benchmark found, as Markdown. */
export function resultsMarkdown(results: Results): string {
  const { machine, data, measurements } = results;
  const runs = Math.max(0, ...measurements.map(({ run }) => run));
  const sections = unique(measurements.map(({ workload }) => workload)).flatMap((workload) => [
    `### ${WORKLOADS[workload]}`,
    ...groupsOf(measurements, workload).flatMap((group) => [
      `Batches of ${group.batch.toLocaleString('en')}, ${group.threads} thread${group.threads === 1 ? '' : 's'}:`,
      workloadTable(results, group),
    ]),
  ]);
  const oracle =
    data.oracleAuc === null ? '' : `; the true logits of these have an AUC of ${data.oracleAuc.toFixed(4)}`;
  return [
    `Measured on ${results.date} by \`${results.command}\`: ${machine.cpu}, ${machine.cores} cores, ` +
      `${machine.memoryGb} GB, ${machine.kernel}, Node ${machine.node}; load before ${machine.loadBefore.toFixed(1)}. ` +
      `Medians of ${runs} runs in turn, least and most in brackets; \`ours / it\` is the median of the ratios within a run. ` +
      `${data.trainRows.toLocaleString('en')} rows for training, ${data.testRows.toLocaleString('en')} for the AUC${oracle}.`,
    ...sections,
    '### Systems',
    markdownTable(
      ['system', 'set-up', 'versions'],
      results.systems.map(({ title, settings, versions }) => [title, settings, versions]),
    ).replaceAll('---:', '---'),
    '### Commands',
    'What each figure was measured with; `RUN`, `DATA` and `CACHE` are folders of the benchmark’s own.',
    ['```sh', ...results.commands.map(commandLines), '```'].join('\n'),
  ].join('\n\n');
}

function commandLines({
  system,
  workload,
  mode,
  batch,
  threads,
  command,
}: Results['commands'][number]): string {
  return `# ${system}, ${workload}, ${mode}, batches of ${batch}, ${threads} threads\n${command}`;
}

function groupsOf(
  measurements: readonly Measurement[],
  workload: Job['workload'],
): readonly Omit<Group, 'mode'>[] {
  const mine = measurements.filter((each) => each.workload === workload);
  const keys = unique(mine.map(({ batch, threads }) => `${batch} ${threads}`));
  return keys.map((key) => {
    const [batch = 0, threads = 0] = key.split(' ').map(Number);
    return { workload, batch, threads };
  });
}

/**
 * Puts text between the markers of a page, in place of what stood there.
 *
 * @throws Error when the page lacks the markers.
 */
export function betweenMarkers(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from)
    throw new Error(`expected the markers ${begin} and ${end}, received a page without`);
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
}
