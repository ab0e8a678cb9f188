import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { packageFile } from '../../easyrec/package_files.js';
import { locateLibtensorflow } from '../../easyrec/setup/locate.js';
import { PROTOTYPES } from '../../easyrec/tf/prototypes.js';

const headers = locateLibtensorflow().includeDirectory;
const skip = headers === undefined ? 'this libtensorflow came without headers' : false;

function check(...args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const script = packageFile('scripts/check_capi.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

/** The check's answer to other prototypes. */
function checkPrototypes(change: Readonly<Record<string, string | undefined>>): ReturnType<typeof check> {
  const folder = mkdtempSync(join(tmpdir(), 'easyrec-capi-'));
  try {
    const file = join(folder, 'prototypes.mjs');
    writeFileSync(file, `export const PROTOTYPES = ${JSON.stringify({ ...PROTOTYPES, ...change })};`);
    return check(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('every prototype agrees with the headers, and every other function has its reason', { skip }, () => {
  const { status, output } = check();
  assert.equal(status, 0, output);
  const [, compared = 0, core = 0] = /^(\d+) functions in use agree with (\d+) in /.exec(output) ?? [];
  // All but those that read checkpoints: their header is not always there.
  assert.ok(Object.keys(PROTOTYPES).length - Number(compared) <= 9, output);
  assert.ok(Number(core) >= 195, output);
});

test('a function that does not exist, or has another name than its key, is reported', { skip }, () => {
  const { status, output } = checkPrototypes({
    TF_Imagined: 'void TF_Imagined(void *x)',
    TF_Version: 'const char *TF_Vision()',
  });
  assert.equal(status, 1);
  assert.match(output, /^TF_Imagined: is in none of the headers$/m);
  assert.match(output, /^TF_Version: its prototype declares TF_Vision$/m);
});

test('another number or kind of parameters is reported', { skip }, () => {
  const { status, output } = checkPrototypes({
    TF_Dim: 'int64_t TF_Dim(void *tensor)',
    TF_NumDims: 'int64_t TF_NumDims(void *tensor)',
    TF_SetAttrBool: 'void TF_SetAttrBool(void *desc, const char *attr_name, int value)',
    TF_AddInput: 'void TF_AddInput(void *desc, void *input)',
    TF_SetDevice: 'void TF_SetDevice(void *desc, size_t device)',
  });
  assert.equal(status, 1);
  assert.match(
    output,
    /^TF_Dim: expected int64 \(pointer, int32\) as in the header, received int64 \(pointer\)$/m,
  );
  assert.match(output, /^TF_NumDims: expected int32 /m);
  assert.match(output, /^TF_SetAttrBool: expected void \(pointer, string, uint8\)/m);
  assert.match(output, /^TF_AddInput: expected void \(pointer, TF_Output\)/m);
  assert.match(output, /^TF_SetDevice: expected void \(pointer, string\)/m);
});

test('a function that is neither in use nor listed is reported', { skip }, () => {
  const { status, output } = checkPrototypes({ TF_NewGraph: undefined });
  assert.equal(status, 1);
  assert.match(output, /^TF_NewGraph: is in the headers, but neither in use nor listed/m);
});

test('a folder without headers is reported', () => {
  const { status, output } = check(packageFile('dist/easyrec/tf/prototypes.js'), tmpdir());
  assert.equal(status, 1);
  assert.match(output, /expected TensorFlow's C headers, found no function in them/);
});
