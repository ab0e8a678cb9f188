// node bench/reader.mjs FILES [--criteo] [--native] [--plain] [--runs=1] [--batch=1024] [--shuffle=32] [--in-thread]
//                       [--strings] [--epochs=1] [--prefetch=32] [--hold=0] [--hash] [--threads=1] [--parquet=FILES]
// Reads MovieLens-shaped rows (11 tab-separated columns), or with --criteo Criteo-shaped ones (label, 13 numbers, 26
// strings), and prints for each reader rows/s, rows per second of processor time of all threads together, time to the
// first batch, and the microseconds until a batch that is ready is handed over. --native measures the native reader,
// --plain (the default) the plain one, both together one after the other; the peak of memory is that of all readers
// measured. Run npm run build first (and easyrec setup for --native). Medians of --runs; --hold batches are kept.
// --hash makes ids of strings while reading, instead of the strings; --threads parse. --parquet also reads Parquet files
// of the same columns. --epochs keeps start-up (of DuckDB, some 100 ms) from counting.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import minimist from 'minimist';
import { disposeBatch } from '../dist/easyrec/input/columns.js';
import { CSVInput } from '../dist/easyrec/input/csv/csv_input.js';
import { planCsv } from '../dist/easyrec/input/csv/csv_plan.js';
import { CsvReader } from '../dist/easyrec/input/csv/csv_reader.js';

const READ_AHEAD_MS = 500;
const args = minimist(process.argv.slice(2), {
  boolean: ['in-thread', 'strings', 'native', 'plain', 'criteo', 'hash'],
  default: { batch: 1024, shuffle: 32, epochs: 1, prefetch: 32, runs: 1, hold: 0, position: 0, threads: 1 },
});

function movielensFields() {
  const names = 'label user_id movie_id rating gender age job_id zip_id title genres year'.split(' ');
  const text = new Set(['zip_id', 'title', 'genres']);
  return names.map((name) => ({
    name,
    type: args.strings || text.has(name) ? 'string' : name === 'label' ? 'float32' : 'int32',
    defaultText: '',
    wanted: name !== 'rating',
  }));
}

function criteoFields() {
  const column = (name, type, defaultText) => ({ name, type, defaultText, wanted: true });
  return [
    column('label', 'float32', '0'),
    ...Array.from({ length: 13 }, (_, i) => column(`F${i + 1}`, 'float32', '0')),
    ...Array.from({ length: 26 }, (_, i) => column(`C${i + 1}`, 'string', '')),
  ];
}

const all = args.criteo ? criteoFields() : movielensFields();
const texts = args.hash ? all.filter(({ type }) => type === 'string') : [];
const options = {
  files: args._.join(','),
  fields: all.map((field) => ({ ...field, wanted: field.wanted && !texts.includes(field) })),
  hashed: texts.map(({ name }) => ({ name: `${name}_id`, field: name, buckets: 1_000_000 })),
  separator: '\t',
  withHeader: false,
  batchSize: Number(args.batch),
  epochs: Number(args.epochs),
  shuffle: Number(args.shuffle) === 0 ? null : { bufferSize: Number(args.shuffle), seed: 2020 },
  position: Number(args.position),
  onBadRow: 'fail',
  prefetch: Number(args.prefetch),
  threads: Number(args.threads),
};

const readers = [];
if (args.native) {
  const { NativeCsvInput } = await import('../dist/easyrec/input/native/native_csv_input.js');
  const { readerLibrary } = await import('../dist/easyrec/input/native/library.js');
  readerLibrary(); // libtensorflow's own time is not the reader's
  readers.push({ name: 'native', open: () => new NativeCsvInput(options) });
}
if (args.parquet) {
  const { ParquetInput } = await import('../dist/easyrec/input/parquet/parquet_input.js');
  readers.push({ name: 'parquet', open: () => new ParquetInput({ ...options, files: args.parquet }) });
}
if (!(args.native || args.parquet) || args.plain || args['in-thread']) {
  const open = args['in-thread'] ? () => new CsvReader(planCsv(options)) : () => new CSVInput(options);
  readers.push({ name: 'plain', open });
}

async function measure(open) {
  const begin = performance.now();
  const cpu = process.cpuUsage();
  const reader = open();
  let firstMs = 0;
  let rows = 0;
  const held = [];
  for (;;) {
    const batch = await reader.next();
    if (batch === null) break;
    if (rows === 0) firstMs = performance.now() - begin;
    rows += batch.rows;
    held.push(batch);
    if (held.length > Number(args.hold)) disposeBatch(held.shift());
  }
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  for (const batch of held) disposeBatch(batch);
  await reader.close();
  const readyUs = await timeReady(open);
  return { rows, rate: rows / seconds, perCpu: rows / ((user + system) / 1e6), firstMs, readyUs };
}

/** What a batch takes that was read long before it is asked for. */
async function timeReady(open) {
  const reader = open();
  await sleep(READ_AHEAD_MS);
  const times = [];
  for (let i = 0; i < options.prefetch - 1; i++) {
    const asked = performance.now();
    const batch = await reader.next();
    times.push((performance.now() - asked) * 1000);
    if (batch !== null) disposeBatch(batch);
  }
  await reader.close();
  return median(times);
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const results = new Map(readers.map(({ name }) => [name, []]));
for (let run = 0; run < Number(args.runs); run++) {
  for (const { name, open } of readers) results.get(name).push(await measure(open));
}
for (const [name, runs] of results) {
  const of = (key) => median(runs.map((run) => run[key]));
  console.log(
    `${name}: ${of('rows')} rows at ${Math.round(of('rate'))} rows/s, ${Math.round(of('perCpu'))} rows per processor second; ` +
      `first batch after ${of('firstMs').toFixed(0)} ms; a ready batch in ${of('readyUs').toFixed(0)} µs`,
  );
}
console.log(`peak RSS ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
