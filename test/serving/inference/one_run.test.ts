import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { SILENT_LOG } from '../../../easyrec/log.js';
import { adaptivelyBatched } from '../../../easyrec/serving/batching/index.js';
import { Inference, type InferenceTaskResult } from '../../../easyrec/serving/inference/index.js';
import { SavedModelServable } from '../../../easyrec/serving/saved_model_servable.js';
import type { ServableModel } from '../../../easyrec/serving/servable.js';
import { SingleModelCatalog } from '../../../easyrec/serving/single_model_catalog.js';
import { WorkerLoader } from '../../../easyrec/serving/workers/index.js';
import {
  Graph,
  loadSavedModel,
  ops,
  type Output,
  Session,
  type SignatureOutputs,
  writeSavedModel,
} from '../../../easyrec/tf/index.js';
import { withTempFolder } from '../../support/temp_folder.js';

/** Writes a model that draws a number for each example, other ones in each run; its signatures share them. */
async function writeDice(directory: string): Promise<void> {
  using graph = new Graph();
  const first = ops.placeholder(graph, 'string', [-1], 'first');
  const second = ops.placeholder(graph, 'string', [-1], 'second');
  const drawn = graph.op('RandomUniform', [ops.shapeOf(first)], { dtype: 'float32' }).output();
  const lengths = ops.cast(ops.stringLength(second), 'float32');
  const signature = (input: Output, alias: string, output: Output): SignatureOutputs => ({
    inputs: new Map([['inputs', input]]),
    outputs: new Map([[alias, output]]),
  });
  const signatures = new Map([
    ['drawn', signature(first, 'outputs', drawn)],
    ['again', signature(first, 'scores', ops.expandDims(drawn, 1))],
    ['lengths', signature(second, 'outputs', lengths)],
  ]);
  await using session = Session.create(graph);
  await writeSavedModel(directory, { session, variables: [], signatures });
}

async function ask(model: ServableModel): Promise<readonly InferenceTaskResult[]> {
  const inference = new Inference(new SingleModelCatalog('m', { version: 1n, model }));
  const spec = { name: 'm' };
  const { result } = await inference.multiInference(
    [
      { spec, signatureName: 'drawn', methodName: 'tensorflow/serving/regress' },
      { spec, signatureName: 'again', methodName: 'tensorflow/serving/classify' },
      { spec, signatureName: 'lengths', methodName: 'tensorflow/serving/regress' },
    ],
    { examples: [Buffer.from('a'), Buffer.from('four')] },
    { entrypoint: 'GRPC' },
  );
  return result;
}

function check([drawn, again, lengths, ...others]: readonly InferenceTaskResult[]): void {
  assert.ok(drawn !== undefined && 'regressions' in drawn);
  assert.ok(again !== undefined && 'classifications' in again);
  assert.equal(new Set(drawn.regressions).size, 2, 'numbers are drawn');
  assert.deepEqual(
    again.classifications.map((classes) => classes.map(({ score }) => score)),
    drawn.regressions.map((value) => [value]),
  );
  assert.deepEqual(lengths, { signatureName: 'lengths', regressions: [1, 4] });
  assert.equal(others.length, 0);
}

test('all tasks of a multi-inference call are computed in one run of the model, batched or in a worker', () =>
  withTempFolder(async (folder) => {
    const directory = join(folder, '1');
    await writeDice(directory);
    const here = adaptivelyBatched(new SavedModelServable(await loadSavedModel(directory)));
    const workers = new WorkerLoader({ trust: { fromModels: false } });
    try {
      check(await ask(here));
      const request = { modelName: 'm', version: 1n, directory };
      check(await ask(await workers.load(request, SILENT_LOG)));
    } finally {
      await here.close();
      await workers.close();
    }
  }));
