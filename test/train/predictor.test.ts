import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Graph, ops, Session, writeSavedModel } from '../../easyrec/tf/index.js';
import { predictFile, type PredictOptions } from '../../easyrec/train/predictor.js';
import { withTempFolder } from '../support/temp_folder.js';

const CONFIG = `
model_dir: "unused"
data_config {
  input_type: CSVInput separator: "\\t" batch_size: 4 label_fields: "click"
  input_fields { input_name: "click" input_type: INT32 }
  input_fields { input_name: "x" input_type: FLOAT }
  input_fields { input_name: "word" input_type: STRING }
}`;

/** twice = 2 x; both = [x, 2 x]; hash = the word's bucket of 100; word; refused where x is above \`limit\`. */
async function writeModel(directory: string, limit: number): Promise<void> {
  using graph = new Graph();
  const x = ops.placeholder(graph, 'float32', [-1], 'input_1');
  const word = ops.placeholder(graph, 'string', [-1], 'input_2');
  const isAbove = ops.greater(x, ops.constant(graph, 'float32', limit));
  const isAnyAbove = graph.op('Any', [isAbove, ops.ints(graph, [0])]).output();
  const isFine = graph.op('LogicalNot', [isAnyAbove]).output();
  const check = graph.op('Assert', [isFine, [ops.constant(graph, 'string', 'x is too large')]]);
  const twice = graph.withControl([check], () => ops.add(x, x));
  const outputs = new Map([
    ['twice', twice],
    ['both', graph.op('Pack', [[x, twice]], { axis: 1 }).output()],
    ['hash', ops.stringToHashBucketFast(word, 100)],
    ['word', graph.op('Identity', [word]).output()],
  ]);
  await using session = Session.create(graph);
  await writeSavedModel(directory, {
    session,
    variables: [],
    signatures: new Map([
      [
        'serving_default',
        {
          inputs: new Map([
            ['x', x],
            ['word', word],
          ]),
          outputs,
        },
      ],
    ]),
    assets: [{ name: 'pipeline.config', content: CONFIG }],
  });
}

interface Bed {
  readonly folder: string;
  readonly predict: (options?: Partial<PredictOptions>) => Promise<string>;
}

const ROWS = Array.from({ length: 5000 }, (_, i) => ({
  x: i / 8,
  word: `word ${'long '.repeat(i % 9)}${i}`,
}));

async function withBed(use: (bed: Bed) => Promise<void>, limit = 1e9): Promise<void> {
  await withTempFolder(async (folder) => {
    await writeModel(join(folder, 'model'), limit);
    const lines = ROWS.map(({ x, word }) => `${x}\t${word}\n`);
    writeFileSync(join(folder, 'rows.tsv'), lines.join(''));
    const predict: Bed['predict'] = async (options = {}) => {
      const { file } = await predictFile({
        savedModelDir: join(folder, 'model'),
        inputPath: join(folder, 'rows.tsv'),
        outputPath: join(folder, 'out.csv'),
        ...options,
      });
      return readFileSync(file, 'utf8');
    };
    await use({ folder, predict });
  });
}

test('every row has its prediction on its line, whatever the batch size', async () => {
  await withBed(async ({ predict }) => {
    const expected = ['twice,x,word', ...ROWS.map(({ x, word }) => `${2 * x},${x},${word}`), ''].join('\n');
    for (const batchSize of [undefined, 1, 7, 5000, 100_000]) {
      const options = { outputCols: ['twice'], reservedCols: ['x', 'word'] };
      assert.equal(await predict({ ...options, ...(batchSize !== undefined && { batchSize }) }), expected);
    }
  });
});

test('all outputs are written, sorted by name, lists and texts among them', async () => {
  await withBed(async ({ predict }) => {
    const [header, first, second] = (await predict()).split('\n');
    assert.equal(header, 'both,hash,twice,word');
    assert.match(first ?? '', /^"\[0, 0\]",\d+,0,word 0$/);
    assert.match(second ?? '', /^"\[0.125, 0.25\]",\d+,0.25,word long 1$/);
  });
});

test('rows are told of in their order, batch by batch', async () => {
  await withBed(async ({ predict }) => {
    const told: number[] = [];
    await predict({ batchSize: 2000, onBatch: (rows) => told.push(rows) });
    assert.deepEqual(told, [2000, 4000, 5000]);
  });
});

test('a row that an op refuses ends the prediction with its batch and leaves nothing behind', async () => {
  await withBed(async ({ folder, predict }) => {
    await assert.rejects(predict({ batchSize: 64 }), {
      name: 'DataError',
      message: /^prediction, after 4992 rows: INVALID_ARGUMENT: .*x is too large/,
    });
    assert.deepEqual(readdirSync(folder).sort(), ['model', 'rows.tsv']);
  }, 624.5);
});

test('an interrupted prediction leaves nothing behind', async () => {
  await withBed(async ({ folder, predict }) => {
    const abort = new AbortController();
    const stop = (): void => abort.abort(new Error('stopped'));
    await assert.rejects(predict({ batchSize: 8, onBatch: stop, signal: abort.signal }), /stopped/);
    assert.equal(existsSync(join(folder, 'out.csv')), false);
    assert.deepEqual(readdirSync(folder).sort(), ['model', 'rows.tsv']);
  });
});

test('an output that is asked for and not there is named with what there is', async () => {
  await withBed(async ({ predict }) => {
    await assert.rejects(predict({ outputCols: ['twise'] }), /--output_cols: no column "twise".*twice/);
  });
});
