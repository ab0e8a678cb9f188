import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EXPORT_RECORD_FILE, exportRecordText } from '../../../easyrec/trust/export_record.js';
import type { ServableModel } from '../../../easyrec/serving/servable.js';
import { packageFile } from '../../../easyrec/package_files.js';
import { buildOp } from '../../../easyrec/setup/index.js';
import { loadOpLibrary, ops } from '../../../easyrec/tf/index.js';
import { writePlainModel } from '../../support/plain_model.js';

/** What the op Faulty does when its first element is this, besides multiplying. */
export const ASK = { crash: 666, hang: 777, freeze: 888, print: 555, sleep400Ms: 444 } as const;

/** Compiles the op Faulty, which multiplies by `factor`; returns the library. */
export async function buildFaulty(folder: string, factor: number): Promise<string> {
  const source = readFileSync(packageFile('test/serving/workers/faulty.cc'), 'utf8');
  const file = join(folder, `faulty_${factor}.cc`);
  writeFileSync(file, source.replace('kFactor = 2', `kFactor = ${factor}`));
  const { library } = await buildOp([file], { out: join(folder, `libfaulty_${factor}.so`) });
  return library;
}

/** Writes a model whose output y is that of the op Faulty for the input x; it brings no library along. */
export async function writeFaultyModel(directory: string, library: string): Promise<void> {
  loadOpLibrary(library);
  await writePlainModel(directory, (graph) => {
    const x = ops.placeholder(graph, 'int32', [-1], 'x');
    return { inputs: { x }, outputs: { y: graph.op('Faulty', [x]).output() } };
  });
}

/** Gives a model a library, and the record of an export that names it. */
export function addLibrary(directory: string, library: string): void {
  const to = join(directory, 'assets', basename(library));
  mkdirSync(dirname(to), { recursive: true });
  cpSync(library, to);
  writeRecord(directory, { [basename(library)]: sha256Of(library) });
}

/** Writes the record of an export. */
export function writeRecord(directory: string, sums: Readonly<Record<string, string>>): void {
  const file = join(directory, EXPORT_RECORD_FILE);
  mkdirSync(dirname(file), { recursive: true });
  const record = { opLibraries: new Map(Object.entries(sums)), rowsIndependent: false };
  writeFileSync(file, exportRecordText({ ...record, tensorflowVersion: '2.21.0' }));
}

export function sha256Of(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** What a model answers to x. */
export async function callWith(
  model: ServableModel,
  x: readonly number[],
  settings: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): Promise<number[]> {
  const input = { dtype: 'int32', shape: [x.length], values: Int32Array.from(x) } as const;
  const inputs = new Map([['x', input]]);
  const results = await model.run({ signatureName: 'serving_default', inputs, ...settings });
  return Array.from(results.get('y')?.values ?? [], Number);
}
