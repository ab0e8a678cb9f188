import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { NativeError } from '../../easyrec/errors.js';
import { EXPORT_RECORD_FILE, exportRecordText, readExportRecord } from '../../easyrec/trust/export_record.js';
import { withTempFolder } from '../support/temp_folder.js';

const SUM = 'ab'.repeat(32);

async function readBack(text: string): ReturnType<typeof readExportRecord> {
  return withTempFolder(async (folder) => {
    mkdirSync(join(folder, 'assets.extra'));
    writeFileSync(join(folder, EXPORT_RECORD_FILE), text);
    return readExportRecord(folder);
  });
}

test('a record is read as it was written', async () => {
  const record = {
    opLibraries: new Map([
      ['b/lib.so', SUM],
      ['a.so', 'cd'.repeat(32)],
    ]),
    rowsIndependent: true,
    tensorflowVersion: '2.21.0',
  };
  assert.deepEqual(await readBack(exportRecordText(record)), record);
});

test('a model without a record has none', async () => {
  await withTempFolder(async (folder) => assert.equal(await readExportRecord(folder), undefined));
});

test('what a record does not say is not assumed', async () => {
  assert.deepEqual(await readBack('{"format_version": 1, "more": [1]}'), {
    opLibraries: new Map(),
    rowsIndependent: false,
    tensorflowVersion: '',
  });
});

const WRONG: Readonly<Record<string, RegExp>> = {
  '{': /easyrec_export\.json: expected JSON, received /,
  '[]': /expected an object/,
  '{}': /format_version: expected 1, received undefined/,
  '{"format_version": 2}': /format_version: expected 1, received 2/,
  '{"format_version": 1, "op_libraries": []}': /op_libraries: expected an object/,
  '{"format_version": 1, "op_libraries": {"a.so": "AB"}}': /"a\.so": expected a SHA-256 sum, received "AB"/,
};

for (const [text, pattern] of Object.entries(WRONG)) {
  test(`the record ${text} is refused`, async () => {
    await assert.rejects(
      readBack(text),
      (error: unknown) => error instanceof NativeError && pattern.test(error.message),
    );
  });
}
