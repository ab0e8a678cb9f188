import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runCli, runCliOk } from '../support/cli.js';
import { checkRefused, filesBelow } from '../support/refusal.js';
import { SMALL, smallModel } from '../support/small_model.js';

/** C++ that calls a function of TensorFlow's C++ interface that no version has. */
const GONE = `
  namespace tensorflow { class OpKernel { public: void GoneSince212(); }; }
  void use(tensorflow::OpKernel* kernel) { kernel->GoneSince212(); }`;

interface LibraryCase {
  readonly title: string;
  /** Makes the library; without it there is none. */
  readonly make?: (file: string) => void;
  /** What every command must say of it. */
  readonly says: readonly string[];
}

const CASES: readonly LibraryCase[] = [
  { title: 'a library that is not there', says: ['libwrong.so'] },
  {
    title: 'a text file',
    make: (file) => writeFileSync(file, 'this is no library\n'),
    says: ['op library libwrong.so: ', 'expected a', 'ELF'],
  },
  {
    title: 'an empty file',
    make: (file) => writeFileSync(file, ''),
    says: ['op library libwrong.so: ', 'expected a', 'ELF'],
  },
  {
    title: 'a library for another TensorFlow',
    make: (file) =>
      void execFileSync('g++', ['-shared', '-fPIC', '-x', 'c++', '-', '-o', file], { input: GONE }),
    says: ['op library libwrong.so: ', 'GoneSince212', 'built for another TensorFlow than ', 'rebuild it'],
  },
];

describe('an op library that cannot be loaded is refused, and nothing is written', () => {
  for (const { title, make, says } of CASES) {
    test(title, async (t) => {
      const folder = smallModel(t);
      await runCliOk(['train', ...SMALL, '--train_config.num_steps', '1'], { cwd: folder });
      make?.(join(folder, 'libwrong.so'));
      const before = filesBelow(folder);
      for (const args of [
        ['train', '--model_dir', 'new', '--op_library', 'libwrong.so'],
        ['export', '--export_dir', 'export', '--asset_files', 'libwrong.so'],
      ]) {
        checkRefused(await runCli([...args, ...SMALL], { cwd: folder }), ...says);
        assert.deepEqual(filesBelow(folder), before);
      }
    });
  }
});
