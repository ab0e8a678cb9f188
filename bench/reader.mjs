// node bench/reader.mjs FILES [--batch=1024] [--shuffle=32] [--in-thread] [--strings] [--epochs=1]
// Reads MovieLens-shaped rows (11 tab-separated columns) and prints time to the first batch and rows/s. Run npm run build first.
import { performance } from 'node:perf_hooks';
import minimist from 'minimist';
import { CSVInput } from '../dist/easyrec/input/csv/csv_input.js';
import { planCsv } from '../dist/easyrec/input/csv/csv_plan.js';
import { CsvReader } from '../dist/easyrec/input/csv/csv_reader.js';

const args = minimist(process.argv.slice(2), { boolean: ['in-thread', 'strings'] });
const names = 'label user_id movie_id rating gender age job_id zip_id title genres year'.split(' ');
const text = new Set(['zip_id', 'title', 'genres']);
const fields = names.map((name) => ({
  name,
  type: args.strings || text.has(name) ? 'string' : name === 'label' ? 'float32' : 'int32',
  defaultText: '',
  wanted: name !== 'rating',
}));
const options = {
  files: args._.join(','),
  fields,
  separator: '\t',
  withHeader: false,
  batchSize: Number(args.batch ?? 1024),
  epochs: Number(args.epochs ?? 1),
  shuffle:
    args.shuffle === '0' || args.shuffle === 0
      ? null
      : { bufferSize: Number(args.shuffle ?? 32), seed: 2020 },
  position: Number(args.position ?? 0),
  onBadRow: 'fail',
  prefetch: Number(args.prefetch ?? 32),
};

const begin = performance.now();
const reader = args['in-thread'] ? new CsvReader(planCsv(options)) : new CSVInput(options);
let first = 0;
let rows = 0;
for await (const batch of reader) {
  if (rows === 0) first = performance.now() - begin;
  rows += batch.rows;
}
const seconds = (performance.now() - begin) / 1000;
console.log(
  `${rows} rows in ${seconds.toFixed(3)} s: ${Math.round(rows / seconds)} rows/s; first batch after ${first.toFixed(0)} ms; ` +
    `peak RSS ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`,
);
