import { summarize, type Summary } from './statistics.js';

/** One run at one size. */
export interface GrowthPoint {
  readonly kind: 'table rows' | 'input rows';
  readonly size: number;
  readonly run: number;
  readonly rowsPerSecond: number;
  readonly peakRssMb: number;
}

/** One run of the growth benchmark, as written to its JSON file. */
export interface Growth {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  readonly command: string;
  readonly cpu: string;
  readonly points: readonly GrowthPoint[];
  /** One command of each kind, with folders of the benchmark's own in capitals. */
  readonly commands: readonly string[];
}

const TITLES = {
  'table rows': 'rows of each of the 26 tables',
  'input rows': 'rows of data',
} as const;

/** `1,000,000` with the least and the most of the runs: microseconds a row. */
function micros(rates: Summary): string {
  const of = (rate: number): string => (1e6 / rate).toFixed(2);
  return `${of(rates.median)} (${of(rates.most)}–${of(rates.least)})`;
}

/** The tables of one run: time a row and memory by size, and the time against that of the smallest size. */
export function growthMarkdown({ date, command, cpu, points, commands }: Growth): string {
  const kinds = [...new Set(points.map(({ kind }) => kind))];
  const tables = kinds.map((kind) => {
    const mine = points.filter((point) => point.kind === kind);
    const sizes = [...new Set(mine.map(({ size }) => size))].sort((a, b) => a - b);
    const [smallest] = sizes.map((size) => ratesOf(mine, size));
    const rows = sizes.flatMap((size) => {
      const rates = ratesOf(mine, size);
      const memory = summarize(mine.filter((each) => each.size === size).map(({ peakRssMb }) => peakRssMb));
      if (rates === null || memory === null) return [];
      const change = (smallest?.median ?? NaN) / rates.median - 1;
      const cells = [size.toLocaleString('en'), micros(rates), percent(change)];
      return [`| ${[...cells, `${(memory.median / 1024).toFixed(2)} GB`].join(' | ')} |`];
    });
    return [
      `| ${TITLES[kind]} | µs a row | against the first | peak memory |`,
      '| ---: | ---: | ---: | ---: |',
      ...rows,
    ].join('\n');
  });
  return [
    `Measured on ${date} by \`${command}\` on ${cpu}; medians of runs in turn, least and most in brackets.`,
    ...tables,
    ['```sh', ...commands, '```'].join('\n'),
  ].join('\n\n');
}

function ratesOf(points: readonly GrowthPoint[], size: number): Summary | null {
  return summarize(points.filter((each) => each.size === size).map(({ rowsPerSecond }) => rowsPerSecond));
}

function percent(change: number): string {
  const text = (change * 100).toFixed(0);
  return `${change >= 0 && !text.startsWith('-') ? '+' : ''}${text} %`;
}
