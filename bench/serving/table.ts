import { summarize } from '../statistics.js';
import type { Answers } from './latencies.js';

/** One way to reach the model, in one run. */
export interface ServingPoint {
  readonly way: string;
  readonly run: number;
  readonly answers: Answers;
  /** Of the process that has the model, a request. */
  readonly cpuMicros: number;
  readonly rssMb: number;
}

/** The serving benchmark, as written to its JSON file. */
export interface Serving {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  readonly command: string;
  readonly cpu: string;
  readonly connections: number;
  readonly seconds: number;
  readonly points: readonly ServingPoint[];
  /** With folders of the benchmark's own in capitals. */
  readonly commands: readonly string[];
}

/** A table of rates and latencies by way. */
export function servingMarkdown(serving: Serving): string {
  const { points } = serving;
  const ways = [...new Set(points.map(({ way }) => way))];
  const limits = points.filter(({ way }) => way === ways[0]);
  const rows = ways.map((way) => {
    const mine = points.filter((point) => point.way === way);
    const of = (value: (point: ServingPoint) => number, digits = 0): string => {
      const summary = summarize(mine.map(value));
      return summary === null ? '' : summary.median.toFixed(digits);
    };
    const shares = mine.map((point) => {
      const limit = limits.find(({ run }) => run === point.run);
      return limit === undefined ? null : (100 * point.answers.rate) / limit.answers.rate;
    });
    const cells = [
      way,
      of(({ answers }) => answers.rate),
      `${summarize(shares)?.median.toFixed(0) ?? ''} %`,
      of(({ answers }) => answers.p50, 1),
      of(({ answers }) => answers.p99, 1),
      of(({ answers }) => answers.errors),
      of(({ cpuMicros }) => cpuMicros),
      of(({ rssMb }) => rssMb),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    `Measured on ${serving.date} by \`${serving.command}\` on ${serving.cpu}: ${serving.connections} connections, each with one request of one row under way, ${serving.seconds} s; medians of runs in turn. Clients run on the same cores.`,
    [
      '| way | requests/s | of the limit | p50 ms | p99 ms | errors | µs of processor a request | RSS MB |',
      '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
      ...rows,
    ].join('\n'),
    ['```sh', ...serving.commands, '```'].join('\n'),
  ].join('\n\n');
}
