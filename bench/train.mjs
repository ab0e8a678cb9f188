// node bench/train.mjs CONFIG [--runs=3] [--json] [FLAGS OF easyrec train]
// Trains in child processes, one after the other, each in a fresh folder, and prints the medians of time to the first
// step (from the start of the process), samples/s (without the first step) and peak RSS. Run npm run build first; for
// figures to compare, nothing else may run.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../dist/easyrec/cli/main.js', import.meta.url));
const POLL_MS = 50;

/** The process's peak of resident memory so far in MB; 0 when it is gone. */
function peakRssMb(pid) {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kilobytes ?? 0) / 1024;
  } catch {
    return 0;
  }
}

async function trainOnce(config, flags) {
  const directory = mkdtempSync(join(tmpdir(), 'easyrec-bench-'));
  const modelDir = join(directory, 'model');
  const command = [
    MAIN,
    'train',
    '--pipeline_config_path',
    config,
    '--json',
    '--model_dir',
    modelDir,
    ...flags,
  ];
  try {
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let messages = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (messages += chunk));
    let rssMb = 0;
    const poll = setInterval(() => (rssMb = Math.max(rssMb, peakRssMb(child.pid))), POLL_MS);
    const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    clearInterval(poll);
    if (code !== 0) throw new Error(`easyrec train ended with exit code ${code}:\n${messages}`);
    const result = JSON.parse(output);
    return {
      samples_per_second: result.samples_per_second,
      first_step_ms: result.first_step_ms,
      peak_rss_mb: rssMb,
      global_step: result.global_step,
      auc: result.auc,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const words = process.argv.slice(2);
const own = (word) => word === '--json' || word.startsWith('--runs=');
const [config, ...flags] = words.filter((word) => !own(word));
const runs = Number(words.find((word) => word.startsWith('--runs='))?.slice('--runs='.length) ?? 3);
if (config === undefined || config.startsWith('--') || !(runs >= 1)) {
  console.error('usage: node bench/train.mjs CONFIG [--runs=3] [--json] [FLAGS OF easyrec train]');
  process.exit(2);
}

const results = [];
for (let run = 0; run < runs; run++) results.push(await trainOnce(config, flags));
const of = (name) => median(results.map((result) => result[name]));
const medians = Object.fromEntries(
  ['samples_per_second', 'first_step_ms', 'peak_rss_mb'].map((name) => [name, of(name)]),
);
if (words.includes('--json')) console.log(JSON.stringify({ config, ...medians, runs: results }));
else {
  for (const { samples_per_second: rate, first_step_ms: first, peak_rss_mb: rss, ...rest } of results) {
    console.log(
      `${Math.round(rate)} samples/s, first step after ${Math.round(first)} ms, peak RSS ${Math.round(rss)} MB` +
        ` (${rest.global_step} steps${rest.auc === undefined ? '' : `, AUC ${rest.auc.toFixed(4)}`})`,
    );
  }
  console.log(
    `median of ${runs}: ${Math.round(medians.samples_per_second)} samples/s, first step after ` +
      `${Math.round(medians.first_step_ms)} ms, peak RSS ${Math.round(medians.peak_rss_mb)} MB`,
  );
}
