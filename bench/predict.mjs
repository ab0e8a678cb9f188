// node bench/predict.mjs --model DIR --input FILE [--runs=3] [--batch_size=N] [--cli=dist/easyrec/cli/main.js]
// Predicts a text file with an exported model, from process to result file, and prints medians of --runs: seconds, rows/s,
// rows/s without the start (from a file of one row), processor seconds of all threads, and the peak of memory. With
// --cli the command of another checkout is measured. Run npm run build first.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import minimist from 'minimist';

const args = minimist(process.argv.slice(2), { default: { runs: 3 } });
if (args.model === undefined || args.input === undefined) {
  throw new Error('expected --model DIR --input FILE');
}
const cli = resolve(args.cli ?? fileURLToPath(new URL('../dist/easyrec/cli/main.js', import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'bench-predict-'));

// Prints what the process used, once the command has ended by itself.
const METER = `process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  const used = { cpu: (user + system) / 1e6, peak: process.resourceUsage().maxRSS / 1024 };
  require('node:fs').writeFileSync(process.env.BENCH_USED, JSON.stringify(used));
});`;

function predict(input) {
  const used = join(folder, 'used.json');
  const meter = join(folder, 'meter.cjs');
  writeFileSync(meter, METER);
  const flags = ['--saved_model_dir', args.model, '--input_path', input];
  if (args.batch_size !== undefined) flags.push('--batch_size', String(args.batch_size));
  const command = [
    '--require',
    meter,
    cli,
    'predict',
    ...flags,
    '--output_path',
    join(folder, 'out.csv'),
    '--json',
  ];
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    encoding: 'utf8',
    env: { ...process.env, BENCH_USED: used },
  });
  const seconds = (performance.now() - start) / 1000;
  if (status !== 0) throw new Error(stderr);
  return { seconds, rows: JSON.parse(stdout).rows, ...JSON.parse(readFileSync(used, 'utf8')) };
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

try {
  const [line] = readFileSync(args.input, 'utf8').split('\n', 1);
  const one = join(folder, 'one_row');
  writeFileSync(one, `${line}\n`);
  const runs = Array.from({ length: Number(args.runs) }, () => ({
    all: predict(args.input),
    one: predict(one),
  }));
  const of = (which, key) => median(runs.map((run) => run[which][key]));
  const { rows } = runs[0].all;
  const [seconds, start] = [of('all', 'seconds'), of('one', 'seconds')];
  const thousands = (value) => `${Math.round(value / 1000)} k rows/s`;
  console.log(`${rows} rows in ${seconds.toFixed(2)} s: ${thousands(rows / seconds)}`);
  console.log(`one row in ${start.toFixed(2)} s; without that ${thousands(rows / (seconds - start))}`);
  console.log(`processor ${of('all', 'cpu').toFixed(2)} s, peak ${Math.round(of('all', 'peak'))} MB`);
} finally {
  rmSync(folder, { recursive: true });
}
