import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { paint, type Rectangle, writeDetector } from '../../../easyrec/serving/detector/index.js';
import {
  type LoadedSavedModel,
  loadSavedModel,
  makeStep,
  type Output,
  tensor,
} from '../../../easyrec/tf/index.js';
import { BLUE, GREEN, RED } from './colours.js';

interface Found {
  readonly label: number;
  readonly score: number;
  /** xmin, ymin, xmax, ymax in pixels. */
  readonly box: readonly number[];
}

describe('the detector of coloured rectangles', () => {
  const folder = mkdtempSync(join(tmpdir(), 'easyrec-detector-'));
  let model: LoadedSavedModel;

  before(async () => {
    await writeDetector(join(folder, 'model'));
    model = await loadSavedModel(join(folder, 'model'));
  });

  after(async () => {
    await model.dispose();
    rmSync(folder, { recursive: true });
  });

  async function run(pixels: Uint8Array, batch: number, width: number, height: number): Promise<Found[][]> {
    const { graph, session, signatures } = model;
    const signature = signatures.get('serving_default');
    assert.ok(signature);
    const output = (tensorName = ''): Output => {
      const [name = '', index = '0'] = tensorName.split(':');
      const operation = graph.operation(name);
      assert.ok(operation, tensorName);
      return operation.output(Number(index));
    };
    const aliases = ['detection_boxes', 'detection_scores', 'detection_classes', 'num_detections'];
    const step = makeStep({
      feeds: [output(signature.inputs.get('input_tensor')?.name)],
      fetches: aliases.map((alias) => output(signature.outputs.get(alias)?.name)),
    });
    using input = tensor('uint8', [batch, height, width, 3], pixels);
    const [boxes, scores, classes, counts] = await session.run(step, [input]);
    assert.ok(boxes && scores && classes && counts);
    assert.deepEqual(boxes.shape, [batch, 100, 4]);
    return Array.from({ length: batch }, (_, b) =>
      Array.from({ length: counts.data('float32')[b] ?? 0 }, (_, i) => {
        const [ymin = 0, xmin = 0, ymax = 0, xmax = 0] = boxes.data('float32').slice((b * 100 + i) * 4);
        return {
          label: classes.data('float32')[b * 100 + i] ?? 0,
          score: scores.data('float32')[b * 100 + i] ?? 0,
          box: [xmin * width, ymin * height, xmax * width, ymax * height],
        };
      }),
    );
  }

  async function detect(width: number, height: number, shown: readonly Rectangle[]): Promise<Found[]> {
    const [found = []] = await run(paint(width, height, shown), 1, width, height);
    return found.filter(({ score }) => score >= 0.5);
  }

  /** Each rectangle is found once, with its class, and to within `atol` pixels. */
  function matches(
    found: readonly Found[],
    labels: readonly number[],
    shown: readonly Rectangle[],
    atol: number,
  ) {
    const key = ({ box: [x = 0, y = 0] }: Found): number => Math.round(x) * 10_000 + Math.round(y);
    const sorted = [...found].sort((a, b) => key(a) - key(b));
    assert.deepEqual(
      sorted.map(({ label }) => label),
      labels,
      JSON.stringify(found),
    );
    for (const [i, { xmin, ymin, xmax, ymax }] of shown.entries()) {
      const box = sorted[i]?.box ?? [];
      for (const [j, edge] of [xmin, ymin, xmax, ymax].entries()) {
        assert.ok(
          Math.abs((box[j] ?? NaN) - edge) <= atol,
          `${i}: ${box.join(' ')} for ${xmin} ${ymin} ${xmax} ${ymax}`,
        );
      }
    }
  }

  test('finds rectangles of each colour, size and aspect', async () => {
    const shown = [
      { colour: RED, xmin: 20, ymin: 30, xmax: 90, ymax: 100 },
      { colour: BLUE, xmin: 110, ymin: 10, xmax: 250, ymax: 40 },
      { colour: GREEN, xmin: 130, ymin: 150, xmax: 142, ymax: 200 },
      { colour: RED, xmin: 200, ymin: 120, xmax: 300, ymax: 230 },
    ];
    const found = await detect(320, 240, shown);
    matches(found, [1, 3, 2, 1], shown, 1.5);
    assert.ok(found.every(({ score }) => score > 0.8 && score <= 1));
  });

  test('finds nothing where there is nothing, and white, grey and dim rectangles are nothing', async () => {
    assert.deepEqual(await detect(200, 100, []), []);
    for (const colour of [
      [250, 250, 250],
      [90, 90, 90],
      [60, 20, 20],
    ] as const) {
      assert.deepEqual(await detect(200, 100, [{ colour, xmin: 20, ymin: 20, xmax: 80, ymax: 60 }]), []);
    }
  });

  test('two rectangles of one colour with half of their size between them are two', async () => {
    const shown = [
      { colour: RED, xmin: 40, ymin: 40, xmax: 80, ymax: 80 },
      { colour: RED, xmin: 100, ymin: 40, xmax: 140, ymax: 80 },
    ];
    matches(await detect(200, 150, shown), [1, 1], shown, 1.5);
  });

  test('a rectangle that fills the picture is found, up to its edges', async () => {
    const shown = [{ colour: GREEN, xmin: 0, ymin: 0, xmax: 120, ymax: 90 }];
    matches(await detect(120, 90, shown), [2], shown, 1);
  });

  test('is the same wherever the rectangle lies', async () => {
    let worst = 0;
    for (let i = 0; i < 24; i++) {
      const [xmin, ymin] = [(i * 37) % 250, (i * 53) % 170];
      const shown = [{ colour: BLUE, xmin, ymin, xmax: xmin + 20 + i, ymax: ymin + 60 - i }];
      const found = await detect(320, 240, shown);
      matches(found, [3], shown, 1.5);
      worst = Math.max(worst, 1 - (found[0]?.score ?? 0));
    }
    assert.ok(worst < 0.3, `a score of ${1 - worst}`);
  });

  test('takes a batch', async () => {
    const one = { colour: RED, xmin: 10, ymin: 10, xmax: 60, ymax: 60 };
    const two = { colour: GREEN, xmin: 30, ymin: 20, xmax: 90, ymax: 50 };
    const pixels = Uint8Array.from([...paint(100, 80, [one]), ...paint(100, 80, [two])]);
    const [first = [], second = []] = await run(pixels, 2, 100, 80);
    matches(first, [1], [one], 1);
    matches(second, [2], [two], 1);
  });
});
