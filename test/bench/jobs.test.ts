import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { jobsOf } from '../../bench/jobs.js';
import { commandText, measure, resultOf } from '../../bench/measure.js';
import { pinnedVersions } from '../../bench/peers.js';
import { SYSTEMS } from '../../bench/systems.js';
import { lazyVariant, type Workload } from '../../bench/workloads.js';
import { packageFile } from '../../easyrec/package_files.js';
import { projectFiles } from '../rules/project_files.js';

const folder = mkdtempSync(join(tmpdir(), 'easyrec-bench-test-'));
after(() => rmSync(folder, { recursive: true }));

function workload(id: Workload['id'], batches: readonly number[]): Workload {
  const files = { config: 'c.config', lazyConfig: 'l.config', train: 'train', test: 'test' };
  return { id, ...files, trainRows: 1, testRows: 1, oracleAuc: null, batches };
}

test('systems take turns: those that are compared follow each other', () => {
  const jobs = jobsOf(SYSTEMS, [workload('criteo', [4096])], [2]);
  const order = (mode: string): string[] =>
    jobs.filter((job) => job.mode === mode).map(({ system }) => system);
  assert.deepEqual(
    jobs.map(({ mode }) => mode),
    [...order('model only').map(() => 'model only'), ...order('end to end').map(() => 'end to end')],
  );
  assert.deepEqual(order('end to end'), ['ours', 'lazy', 'plain', 'torch', 'fbgemm', 'easyrec']);
  assert.ok(!order('model only').includes('easyrec'), 'EasyRec has no mode for steps alone');
});

test('batch sizes and numbers of threads are all combined', () => {
  const jobs = jobsOf(SYSTEMS.slice(0, 1), [workload('movielens', [1024, 4096])], [1, 2]);
  const kinds = jobs.map(({ batch, threads, mode }) => `${batch} ${threads} ${mode}`);
  assert.deepEqual(
    kinds,
    ['1024 1', '1024 2', '4096 1', '4096 2'].map((kind) => `${kind} end to end`),
  );
});

test('every system trains the rows of the workload with the batch size and threads of the job', () => {
  const peers = { torchPython: 'py', easyrecPython: 'py12', easyrec: '/er', tcmalloc: '/t.so' };
  for (const system of SYSTEMS) {
    for (const mode of system.modes) {
      const job = { system: system.id, workload: 'criteo', mode, batch: 512, threads: 3 } as const;
      const data = workload('criteo', [512]);
      const text = commandText(system.command({ job, workload: data, directory: '/run', steps: 7, peers }));
      assert.match(text, /[= ]train\b/, text);
      assert.match(text, /batch(_size)?[= ]512\b/, text);
      assert.match(text, /threads[= ]3\b/, text);
    }
  }
});

test('peers are pinned to one version each', () => {
  const files = projectFiles('bench/peers/*_requirements.txt');
  assert.equal(files.length, 2);
  for (const { path, text } of files) {
    const versions = pinnedVersions(text);
    assert.ok(versions.length > 2, path);
    for (const line of versions) assert.match(line, /^[A-Za-z0-9_.-]+==\d[\w.]*$/, path);
  }
});

test('the peers on PyTorch have the numbers of the config on Criteo', () => {
  const config = readFileSync(packageFile('configs/deepfm_backbone_on_criteo.config'), 'utf8');
  const peer = readFileSync(packageFile('bench/peers/peer.py'), 'utf8');
  const most = [...config.matchAll(/max_val: (\d+)\.0/g)].map(([, value]) => value);
  assert.equal(most.length, 13);
  assert.ok(peer.includes(`MOST = [${most.join(', ')}]`));
  assert.equal(config.match(/hash_bucket_size: 1000000 /g)?.length, 26);
  assert.match(peer, /^BUCKETS = 1_000_000$/m);
  assert.match(peer, /^REGULARIZATION = 1e-5$/m);
  assert.match(config, /embedding_regularization: 1e-5$/m);
});

test('the lazy variant of a config differs in its optimizer alone', () => {
  const config = packageFile('configs/deepfm_backbone_on_criteo.config');
  const lazy = readFileSync(lazyVariant(config, folder), 'utf8');
  assert.equal(lazy.replace('lazy_adam_optimizer', 'adam_optimizer'), readFileSync(config, 'utf8'));
  assert.match(lazy, /\n {4}lazy_adam_optimizer \{/);
});

test('a program is watched: what it printed, its memory and its time', async () => {
  const script =
    'const b = Buffer.alloc(1e8, 1); setTimeout(() => console.log(JSON.stringify({ n: b.length })), 300)';
  const finished = await measure({ file: process.execPath, args: ['-e', script], env: { X: 'y' } });
  assert.deepEqual(resultOf(finished), { n: 1e8 });
  assert.ok(finished.peakRssMb > 100, `expected above 100 MB, received ${finished.peakRssMb}`);
  assert.ok(finished.wallSeconds >= 0.3);
});

test('a program that fails is an error with its last words', async () => {
  const script = 'console.error("no such table"); process.exit(3)';
  await assert.rejects(
    measure({ file: process.execPath, args: ['-e', script] }),
    /ended with 3:\nno such table/,
  );
});

test('a command is written as one would type it', () => {
  const command = { file: 'python3', args: ['a b.py', '--n=1'], env: { LD_PRELOAD: '/x.so' } };
  assert.equal(commandText(command), "LD_PRELOAD=/x.so python3 'a b.py' --n=1");
});
