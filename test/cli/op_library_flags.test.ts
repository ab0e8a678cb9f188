import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { loadOpLibrary, ops } from '../../easyrec/tf/index.js';
import { buildFaulty, sha256Of, writeRecord } from '../serving/workers/faulty_model.js';
import { type CliResult, runCli } from '../support/cli.js';
import { writePlainModel } from '../support/plain_model.js';
import { checkRefused } from '../support/refusal.js';

const CONFIG = `
model_dir: "unused"
data_config {
  input_type: CSVInput label_fields: "click"
  input_fields { input_name: "click" input_type: INT32 }
  input_fields { input_name: "x" input_type: INT32 }
}`;

const OPERATOR = ['name: doubles', 'type: encoder', 'dimension: 1', 'data: features', 'model: model', ''];

let folder = '';
let library = '';

/** A model that brings a library which nobody knows: y = [2 x]. */
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'easyrec-test-'));
  library = await buildFaulty(folder, 2);
  loadOpLibrary(library);
  await writePlainModel(join(folder, 'model/1'), (graph) => {
    const x = ops.placeholder(graph, 'int32', [-1], 'x');
    const doubled = ops.cast(graph.op('Faulty', [x]).output(), 'float32');
    return { inputs: { x }, outputs: { y: ops.expandDims(doubled, 1) } };
  });
  const assets = join(folder, 'model/1/assets');
  mkdirSync(assets, { recursive: true });
  copyFileSync(library, join(assets, 'libdouble.so'));
  writeFileSync(join(assets, 'pipeline.config'), CONFIG);
  writeFileSync(join(folder, 'rows.csv'), '0,3\n1,5\n');
  writeFileSync(join(folder, 'operator.yaml'), OPERATOR.join('\n'));
  writeFileSync(join(folder, 'allowed'), `${sha256Of(library)}  libdouble.so\n`);
});

after(() => rmSync(folder, { recursive: true, force: true }));

interface Program {
  readonly name: string;
  readonly run: (flags: readonly string[]) => Promise<CliResult>;
  readonly checkWorks: (result: CliResult) => void;
}

const PROGRAMS: readonly Program[] = [
  {
    name: 'predict',
    run(flags) {
      rmSync(join(folder, 'out.csv'), { force: true });
      const paths = ['--saved_model_dir', 'model', '--input_path', 'rows.csv', '--output_path', 'out.csv'];
      return runCli(['predict', ...paths, ...flags], { cwd: folder });
    },
    checkWorks({ code, stderr }) {
      assert.equal(code, 0, stderr);
      assert.equal(readFileSync(join(folder, 'out.csv'), 'utf8'), 'y\n6\n10\n');
    },
  },
  {
    name: 'operator serve',
    run: (flags) =>
      runCli(['operator', 'serve', '--endpoint', '127.0.0.1:0', ...flags], {
        cwd: folder,
        onStart: (child) => {
          let said = '';
          const listen = (chunk: Buffer): void => {
            said += chunk.toString();
            if (!said.includes('serving encoder')) return;
            child.stderr?.off('data', listen);
            child.kill('SIGTERM');
          };
          child.stderr?.on('data', listen);
        },
      }),
    checkWorks({ code, stderr }) {
      assert.equal(code, 0, stderr);
      assert.match(stderr, /serving encoder doubles/);
    },
  },
];

for (const { name, run, checkWorks } of PROGRAMS) {
  test(`${name} loads no library of a model without leave, and names the flag that gives it`, async () => {
    checkRefused(await run([]), 'Faulty', 'assets/libdouble.so', '--load_op_libraries');
  });

  test(`${name} loads with leave what the allow list or the model's record knows, and nothing else`, async (t) => {
    const known = ['--load_op_libraries', '--op_library_allow_list', 'allowed'];
    const unknown = await run(['--load_op_libraries']);
    checkRefused(unknown, 'libdouble.so has SHA-256', 'not trusted', '--op_library_allow_list');
    checkRefused(await run(known.slice(1)), 'op_library_allow_list', 'without load_op_libraries');
    checkWorks(await run(known));
    t.after(() => rmSync(join(folder, 'model/1/assets.extra'), { recursive: true }));
    writeRecord(join(folder, 'model/1'), { 'libdouble.so': sha256Of(library) });
    checkWorks(await run(['--load_op_libraries']));
    writeRecord(join(folder, 'model/1'), { 'libdouble.so': '0'.repeat(64) });
    checkRefused(await run(['--load_op_libraries']), 'libdouble.so', 'the file has changed since');
  });

  test(`${name} loads a library that is named, whatever the model brings`, async () => {
    checkWorks(await run(['--op_library', library]));
  });
}
