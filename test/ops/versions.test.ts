import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ORACLE_VERSIONS, runPython, skipWithoutTensorflow } from '../support/python.js';
import { opLibrary } from './support.js';

const run = promisify(execFile);

const PROGRAM = `
import sys, tensorflow as tf
overlap, edit_distance, zero_out = [tf.load_op_library(path) for path in sys.argv[1:]]
print(overlap.overlap_fg_op(
    ['high,high2,fiberglass,abc', ''], ['high,quality,fiberglass,tube,for,golf,bag', 'x'], separator=',',
    methods=['query_common_ratio', 'title_common_ratio', 'is_contain', 'is_equal']).numpy().tolist())
print(edit_distance.my_edit_distance(['kitten', '\\u4e2d'], ['sitting', ''], normalize=False, encoding='utf-8',
                                     dtype=tf.int32).numpy().tolist())
print(zero_out.zero_out([[1, 2], [3, 4]]).numpy().tolist())
`;

describe('one build of an op library', () => {
  for (const version of ORACLE_VERSIONS) {
    test(`loads in Python TensorFlow ${version}`, { skip: skipWithoutTensorflow(version) }, async () => {
      const libraries = ['overlap', 'edit_distance', 'zero_out'].map(opLibrary);
      assert.deepEqual((await runPython(version, PROGRAM, libraries)).trim().split('\n'), [
        '[[5.0, 28.0, 0.0, 0.0], [-1.0, -1.0, -1.0, -1.0]]',
        '[3, 1]',
        '[[1, 0], [0, 0]]',
      ]);
    });
  }

  const versions = process.env.EASYREC_TEST_TF_VERSIONS?.split(' ') ?? [];
  const skip = versions.length === 0 && 'EASYREC_TEST_TF_VERSIONS is not set: run bash scripts/test';
  test('passes the tests of its op in every libtensorflow', { skip }, async () => {
    const files = ['overlap', 'edit_distance', 'zero_out'].map((name) =>
      fileURLToPath(new URL(`${name}.test.js`, import.meta.url)),
    );
    for (const version of versions) {
      // A test process inside a test process would otherwise report to its parent and print nothing itself.
      const env = {
        ...process.env,
        EASYREC_TF_VERSION: version,
        EASYREC_LIBTENSORFLOW: '',
        NODE_TEST_CONTEXT: undefined,
      };
      const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', ...files], { env });
      assert.match(stdout, /^# pass [1-9]\d*$/m, version);
      assert.match(stdout, /^# fail 0$/m, version);
      assert.match(stdout, /^# skipped 0$/m, version);
    }
  });
});
