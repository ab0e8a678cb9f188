import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../../easyrec/log.js';
import type { ModelCatalog, VersionStatus } from '../../../easyrec/serving/catalog.js';
import type { LoadRequest, ModelLoader } from '../../../easyrec/serving/loader.js';
import type { ServableModel } from '../../../easyrec/serving/servable.js';
import {
  LATEST_VERSION,
  type ModelConfig,
  type ModelServerConfig,
  TENSORFLOW_PLATFORM,
} from '../../../easyrec/serving/versions/model_server_config.js';
import { ModelManager, type ModelManagerOptions } from '../../../easyrec/serving/versions/model_manager.js';
import { Graph, makeStep, ops, Session, Variable, writeSavedModel } from '../../../easyrec/tf/index.js';
import type { FakeModel } from '../support.js';
import { halfPlusTwo } from '../support.js';

/** Writes a SavedModel of one variable: y = x * factor. */
export async function writeScale(directory: string, factor: number): Promise<void> {
  using graph = new Graph();
  const handle = ops.varHandle(graph, 'factor', 'float32', []);
  const initialize = ops.assign(handle, ops.constant(graph, 'float32', factor));
  const variable = new Variable({
    name: 'factor',
    shape: [],
    dtype: 'float32',
    trainable: true,
    handle,
    initialize,
  });
  const x = ops.placeholder(graph, 'float32', [-1], 'x');
  const y = graph.op('Mul', [x, variable.read()]).output();
  await using session = Session.create(graph);
  await session.run(makeStep({ targets: [initialize] }));
  const signature = { inputs: new Map([['x', x]]), outputs: new Map([['y', y]]) };
  await writeSavedModel(directory, {
    session,
    variables: [variable],
    signatures: new Map([['serving_default', signature]]),
  });
}

/** What a model of `writeScale` makes of 1: its factor. */
export async function factorOf(model: ServableModel): Promise<number> {
  const outputs = await model.run({
    signatureName: 'serving_default',
    inputs: new Map([['x', { dtype: 'float32', shape: [1], values: Float32Array.of(1) }]]),
  });
  return Number(outputs.get('y')?.values[0]);
}

/** Makes a folder that looks like a SavedModel as far as its files tell, for loaders that do not read it. */
export function writeShell(directory: string): void {
  mkdirSync(directory, { recursive: true });
  // A message with the version of its schema and nothing else.
  writeFileSync(join(directory, 'saved_model.pb'), Uint8Array.of(8, 1));
}

/** Loads what `load` says, and counts. */
export class FakeLoader implements ModelLoader {
  readonly loads: string[] = [];
  readonly models = new Map<string, FakeModel>();
  isClosed = false;

  constructor(
    readonly make: (request: LoadRequest, attempt: number) => FakeModel | Promise<FakeModel> = halfPlusTwo,
  ) {}

  async load(request: LoadRequest): Promise<ServableModel> {
    const key = `${request.modelName}/${request.version}`;
    this.loads.push(key);
    const model = await this.make(request, this.loads.filter((load) => load === key).length);
    this.models.set(key, model);
    return model;
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

/** A config of models by name: their base path, or all of their config. */
export function configOf(
  models: Readonly<Record<string, string | (Partial<ModelConfig> & { readonly basePath: string })>>,
): ModelServerConfig {
  const common = { platform: TENSORFLOW_PLATFORM, versionPolicy: LATEST_VERSION, versionLabels: new Map() };
  return {
    models: Object.entries(models).map(([name, model]) => ({
      name,
      ...common,
      ...(typeof model === 'string' ? { basePath: model } : model),
    })),
  };
}

/** A manager that looks often and waits little. */
export function quickManager(
  options: Partial<ModelManagerOptions> & { readonly loader: ModelLoader; readonly log: Log },
) {
  const patience = { quietMs: 0, incompleteMs: 300 };
  return new ModelManager({ pollMs: 10, patience, loadRetryIntervalMs: 10, drainMs: 5000, ...options });
}

/** Each version and its state, as in `3 AVAILABLE`. */
export function states(catalog: ModelCatalog, name: string): string[] {
  return catalog.status({ name }).map(({ version, state }: VersionStatus) => `${version} ${state}`);
}

/** Whether the newest version of a model that takes requests, or the labelled one, is this one. */
export function isServed(catalog: ModelCatalog, name: string, version: bigint, label?: string): boolean {
  try {
    return catalog.find({ name, ...(label !== undefined && { label }) }).version === version;
  } catch {
    return false;
  }
}

/** Looks until something is so; fails after `limitMs`. */
export async function until(isSo: () => boolean, limitMs = 10_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`not so within ${limitMs} ms: ${String(isSo)}`);
    await delay(5);
  }
}
