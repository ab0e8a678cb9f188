import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../../easyrec/log.js';
import type { ServableModel } from '../../../easyrec/serving/servable.js';
import { ServingError } from '../../../easyrec/serving/status.js';
import type { WorkerHealth, WorkerLoaderOptions } from '../../../easyrec/serving/workers/index.js';
import { WorkerLoader } from '../../../easyrec/serving/workers/index.js';

/** A model in a process of its own, and what was told of it. */
export interface Loaded {
  readonly model: ServableModel;
  readonly lines: readonly string[];
  readonly healths: readonly WorkerHealth[];
  /** How long it took to be loaded. */
  readonly loadMs: number;
}

/** Loads a model by the name of faulty, version 1; it is closed when the test ends. */
export async function load(
  t: TestContext,
  directory: string,
  options: Partial<WorkerLoaderOptions> = {},
): Promise<Loaded> {
  const lines: string[] = [];
  const healths: WorkerHealth[] = [];
  const note = (line: string): void => void lines.push(line);
  const log: Log = { info: note, warn: note, debug: note };
  const loader = new WorkerLoader({
    trust: { fromModels: true },
    onHealth: (_, health) => healths.push(health),
    ...options,
  });
  t.after(() => loader.close());
  const begin = performance.now();
  const model = await loader.load({ modelName: 'faulty', version: 1n, directory }, log);
  return { lines, healths, model, loadMs: performance.now() - begin };
}

/** The process that the log names last. */
export function pidOf({ lines }: Loaded): number {
  const line = lines.findLast((each) => each.includes('runs in worker process')) ?? '';
  const [, pid] = /worker process (\d+)/.exec(line) ?? [];
  assert.ok(pid !== undefined, lines.join('\n'));
  return Number(pid);
}

/** Whether an error is UNAVAILABLE. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof ServingError && error.code === 'UNAVAILABLE';
}

/** Whether a process is there and has not ended; whoever is to know of its end may not have taken note. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}

/** Waits until a process has ended. */
export async function mustEnd(pid: number, limitMs = 2000): Promise<void> {
  for (let waited = 0; isAlive(pid); waited += 50) {
    assert.ok(waited < limitMs, `process ${pid} is still there`);
    await sleep(50);
  }
}
