import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SILENT_LOG } from '../../../easyrec/log.js';
import { startOperatorServer } from '../../../easyrec/serving/operator/index.js';
import { loadModelOperator } from '../../../easyrec/serving/operator/model_operator.js';
import type { Operator } from '../../../easyrec/serving/operator/operator.js';
import { readOperatorFile } from '../../../easyrec/serving/operator/operator_file.js';
import { ops } from '../../../easyrec/tf/index.js';
import { withTempFolder } from '../../support/temp_folder.js';
import { temporaryFolder } from '../../support/temporary.js';
import { base64, bmp, lineLog, plain, withOperator, writeModel } from './support.js';

const MEAN_COLOUR = ['name: mean', 'type: encoder', 'dimension: 3', 'image_size: 4', 'batch_size: 2'];

/** The mean colour of each picture. */
function meanColour(folder: string, yaml: readonly string[]): Promise<string> {
  return writeModel(folder, yaml, (graph) => {
    const images = ops.placeholder(graph, 'float32', [-1, 4, 4, 3], 'images');
    const mean = graph.op('Mean', [images, ops.ints(graph, [1, 2])]).output();
    return { inputs: { images }, outputs: { mean } };
  });
}

test('a SavedModel of pixels encodes in batches, and pictures that are none are left out', () =>
  withTempFolder(async (folder) =>
    withOperator({ file: await meanColour(folder, MEAN_COLOUR) }, async ({ client, lines }) => {
      const files = [
        plain(10, 20, 30),
        Buffer.from('none'),
        plain(1, 2, 3),
        plain(4, 5, 6, 9),
        plain(7, 8, 9),
      ];
      const { vectors } = await client.execute({ datas: files.map(base64), urls: [] });
      const expected = [
        [10, 20, 30],
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ];
      assert.deepEqual(
        vectors.map(({ element }) => element),
        expected,
      );
      assert.ok(lines.some((line) => line.includes('image 1 is left out')));
    }),
  ));

test('vectors are brought to length 1 on demand, and zeros stay zeros', () =>
  withTempFolder(async (folder) =>
    withOperator(
      { file: await meanColour(folder, [...MEAN_COLOUR, 'l2_normalize: true']) },
      async ({ client }) => {
        const datas = [plain(30, 40, 0), plain(0, 0, 0)].map(base64);
        const { vectors } = await client.execute({ datas, urls: [] });
        const [[x = 0, y = 0, z = 0] = [], zeros] = vectors.map(({ element }) => element);
        assert.ok(Math.abs(x - 0.6) < 1e-6 && Math.abs(y - 0.8) < 1e-6 && z === 0);
        assert.deepEqual(zeros, [0, 0, 0]);
      },
    ),
  ));

test('a model that decodes files itself is given them, and a bad one costs no other its vector', () =>
  withTempFolder(async (folder) => {
    const yaml = ['name: sum', 'type: encoder', 'dimension: 1'];
    const file = await writeModel(folder, yaml, (graph) => {
      const files = ops.placeholder(graph, 'string', [-1], 'files');
      const raw = graph.op('DecodeRaw', [files], { out_type: 'uint8' }).output();
      const sum = graph
        .op('Sum', [ops.cast(raw, 'float32'), ops.ints(graph, [1])], { keep_dims: true })
        .output();
      return { inputs: { files }, outputs: { sum } };
    });
    await withOperator({ file }, async ({ client, lines }) => {
      const one = await client.execute({ datas: ['AQI=', 'AwQ='], urls: [] });
      assert.deepEqual(
        one.vectors.map(({ element }) => element),
        [[3], [7]],
      );
      // DecodeRaw refuses a batch of different lengths, so these go one by one.
      const two = await client.execute({ datas: ['AQID', 'AwQ='], urls: [] });
      assert.deepEqual(
        two.vectors.map(({ element }) => element),
        [[6], [7]],
      );
      assert.deepEqual(
        lines.filter((line) => line.includes('left out')),
        [],
      );
    });
  }));

test("images of requests that arrive at the same time go through an encoder together, a processor's do not", async (t) => {
  const cases = [
    { yaml: ['type: encoder', 'dimension: 1'], seen: [4, 4, 4, 4] },
    { yaml: ['type: encoder', 'dimension: 1', 'batch_size: 2'], seen: [2, 2, 2, 2] },
    { yaml: ['type: encoder', 'dimension: 1', 'batch_size: 1'], seen: [1, 1, 1, 1] },
    { yaml: ['type: processor'], seen: [1, 1, 1, 1] },
  ];
  for (const { yaml, seen } of cases) {
    const operator = await countingOperator(temporaryFolder(t), ['name: counts', ...yaml]);
    const { signal } = new AbortController();
    const results = await Promise.all(
      seen.map(() => operator.execute({ datas: ['x'], urls: [] }, signal)),
    ).finally(() => operator.close());
    const counts = results.map((result) =>
      result.kind === 'vectors'
        ? result.vectors.map((vector) => vector[0])
        : result.images.map((image) => Number(Buffer.from(image, 'base64'))),
    );
    assert.deepEqual(counts.flat(), seen, yaml.join());
  }
});

/** An operator that tells of each file how many went through its model together. */
async function countingOperator(folder: string, yaml: readonly string[]): Promise<Operator> {
  const isEncoder = yaml.includes('type: encoder');
  const file = await writeModel(folder, yaml, (graph) => {
    const files = ops.placeholder(graph, 'string', [-1], 'files');
    const count = ops.cast(graph.op('Size', [files]).output(), 'float32');
    const zeros = ops.mul(ops.cast(graph.op('StringLength', [files]).output(), 'float32'), 0);
    const counts = ops.add(zeros, count);
    const texts = graph.op('AsString', [ops.cast(counts, 'int32')]).output();
    return { inputs: { files }, outputs: { counts: isEncoder ? ops.expandDims(counts, 1) : texts } };
  });
  const spec = await readOperatorFile(file);
  assert.ok(spec.kind === 'model');
  return loadModelOperator(spec, {
    readFiles: ({ datas }) => Promise.resolve(datas.map((datum) => Buffer.from(datum))),
    trust: { fromModels: false },
    timeoutMs: 60_000,
    log: SILENT_LOG,
  });
}

test('a processor makes pictures of pixels', () =>
  withTempFolder(async (folder) => {
    const yaml = ['name: flip', 'type: processor', 'image_size: [8, 16]'];
    const file = await writeModel(folder, yaml, (graph) => {
      const images = ops.placeholder(graph, 'float32', [-1, -1, -1, 3], 'images');
      const flipped = graph.op('ReverseV2', [images, ops.ints(graph, [2])]).output();
      return { inputs: { images }, outputs: { flipped } };
    });
    await withOperator({ file }, async ({ client, endpoint }) => {
      const { output, dimension, metricType } = await client.identity();
      assert.deepEqual([output, dimension, metricType], ['images', '-1', '-1'], endpoint);
      const datum = base64(bmp(16, 8, (x) => (x < 8 ? [250, 0, 0] : [0, 0, 250])));
      const { vectors, metadata } = await client.execute({ datas: [datum], urls: [] });
      assert.equal(vectors.length, 0);
      const text = Buffer.from(metadata[0]?.data ?? []).toString('utf8');
      // What it made is a picture that an encoder takes: the left half is blue now.
      await withTempFolder(async (other) => {
        const encoder = await meanColour(
          other,
          MEAN_COLOUR.filter((line) => !line.startsWith('image_size')).concat('image_size: 4'),
        );
        await withOperator({ file: encoder }, async (next) => {
          const { vectors: means } = await next.client.execute({ datas: [text], urls: [''] });
          const [red = 0, green = 0, blue = 0] = means[0]?.element ?? [];
          assert.ok(
            Math.abs(red - 125) < 8 && green < 8 && Math.abs(blue - 125) < 8,
            `${red} ${green} ${blue}`,
          );
        });
      });
    });
  }));

test('a tower of features takes JSON, as the export of a recommendation model does', () =>
  withTempFolder(async (folder) => {
    const yaml = ['name: tower', 'type: encoder', 'input: user', 'dimension: 2', 'data: features'];
    const file = await writeModel(folder, yaml, (graph) => {
      const age = ops.placeholder(graph, 'float32', [-1], 'age');
      const id = ops.placeholder(graph, 'string', [-1], 'id');
      const hash = graph.op('StringToNumber', [id], { out_type: 'float32' }).output();
      return { inputs: { age, id }, outputs: { user_emb: ops.stack([age, hash], 1) } };
    });
    await withOperator({ file }, async ({ client, lines }) => {
      const rows = [
        '{"age": 30, "id": "7"}',
        '{"age": "x", "id": "7"}',
        'no json',
        '{"id": "8", "age": 4.5}',
      ];
      const { vectors } = await client.execute({
        datas: rows.map((row) => base64(Buffer.from(row))),
        urls: [],
      });
      assert.deepEqual(
        vectors.map(({ element }) => element),
        [
          [30, 7],
          [4.5, 8],
        ],
      );
      assert.equal(lines.filter((line) => / is left out: /.test(line)).length, 2);
    });
  }));

const misfits: readonly (readonly [string, readonly string[], RegExp])[] = [
  [
    'another dimension',
    ['name: a', 'type: encoder', 'dimension: 4', 'image_size: 4'],
    /expected vectors of length 4, the model's output "mean" is float32 \[-1, 3\]/,
  ],
  [
    'another size',
    ['name: a', 'type: encoder', 'dimension: 3', 'image_size: 5'],
    /expected float32 \[batch, 5, 5, 3\], the model's "images" is float32 \[-1, 4, 4, 3\]/,
  ],
  ['no size', ['name: a', 'type: encoder', 'dimension: 3'], /image_size is missing/],
  [
    'a missing output',
    [...MEAN_COLOUR, 'model_output: men'],
    /the model has no "men", it has mean; did you mean "mean"/,
  ],
  [
    'a missing signature',
    [...MEAN_COLOUR, 'signature: other'],
    /there is no "other", it has serving_default/,
  ],
];

for (const [what, yaml, message] of misfits) {
  test(`a file that says ${what} than the model has is refused at the start`, () =>
    withTempFolder(async (folder) => {
      const file = await meanColour(folder, yaml);
      await assert.rejects(
        startOperatorServer({ file, endpoint: '127.0.0.1:0', log: lineLog().log }),
        message,
      );
    }));
}
