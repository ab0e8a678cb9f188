import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { DataError } from '../../easyrec/errors.js';
import { resolveInputFiles } from '../../easyrec/input/input_files.js';
import { fieldsOf, openCsv, optionsFor, readAll, temporaryFolder, writeIn } from './reader_case.js';

const folder = temporaryFolder();

test('finds comma separated paths and globs in order, each glob by name, without _SUCCESS', () => {
  const parts = join(folder, 'parts');
  mkdirSync(parts);
  for (const name of ['part-2', 'part-10', 'part-1', '_SUCCESS', 'x_SUCCESS']) writeIn(parts, name, '1,a\n');
  const named = (paths: readonly string[]): string[] => paths.map((path) => path.slice(parts.length + 1));
  assert.deepEqual(named(resolveInputFiles(`${parts}/part-2, ${parts}/part-1*`)), [
    'part-2',
    'part-1',
    'part-10',
  ]);
  assert.deepEqual(named(resolveInputFiles(`${parts}/*`)), ['part-1', 'part-10', 'part-2']);
  assert.deepEqual(named(resolveInputFiles(`${parts}/part-[1]`)), ['part-1']);
});

test('takes a path that exists for itself, whatever characters it has', () => {
  const odd = writeIn(folder, 'data[1].csv', '1,a\n');
  assert.deepEqual(resolveInputFiles(odd), [odd]);
});

test('says which path or pattern matches nothing, and where the config names it', () => {
  const at = { file: 'a.config', line: 3 };
  assert.throws(() => resolveInputFiles(`${folder}/none.csv`, at), {
    name: 'DataError',
    message: `a.config:3: input "${folder}/none.csv": no such file`,
  });
  assert.throws(() => resolveInputFiles(`${folder}/none-*`), /input ".*none-\*": no file matches$/);
  assert.throws(() => resolveInputFiles(' , '), /no input file is named/);
});

test('refuses folders, archives and URLs', () => {
  const archive = writeIn(folder, 'rows.tar.gz', 'x');
  assert.throws(
    () => resolveInputFiles(folder),
    /expected files, received a directory; name them, as in ".*\/\*"/,
  );
  assert.throws(() => resolveInputFiles(archive), /received an archive/);
  assert.throws(() => resolveInputFiles('hdfs://host/rows'), /expected a local path, received a URL/);
});

test('tells gzip by its content, file by file', async () => {
  const members = Buffer.concat([gzipSync('1,a\n2,'), gzipSync('b\n')]);
  const paths = [
    writeIn(folder, 'packed.csv.gz', members),
    writeIn(folder, 'plain.csv', '3,c\n'),
    writeIn(folder, 'packed_without_suffix', gzipSync('4,d')),
  ];
  const read = await readAll(openCsv(optionsFor(paths.join(','))));
  assert.deepEqual(read.flat(), [
    [1, 'a'],
    [2, 'b'],
    [3, 'c'],
    [4, 'd'],
  ]);
});

test('says which file is no gzip or is cut off', async () => {
  const plain = writeIn(folder, 'lie.gz', '1,a\n');
  await assert.rejects(readAll(openCsv(optionsFor(plain))), /lie\.gz: expected gzip, as its name says/);
  const cut = writeIn(folder, 'cut.gz', gzipSync('1,a\n'.repeat(1000)).subarray(0, 30));
  await assert.rejects(readAll(openCsv(optionsFor(cut))), (error) => {
    assert.ok(error instanceof DataError);
    assert.match(error.message, /cut\.gz: cannot read: unexpected end of file/);
    return true;
  });
});

test('an empty file is an error, an empty one among others is not', async () => {
  const empty = writeIn(folder, 'empty.csv', '');
  const full = writeIn(folder, 'full.csv', '1,a\n');
  await assert.rejects(readAll(openCsv(optionsFor(empty))), {
    name: 'DataError',
    message: `${empty}: expected rows, received an empty file`,
  });
  assert.deepEqual(await readAll(openCsv(optionsFor(`${empty},${full},${empty}`))), [[[1, 'a']]]);
});

test('a file of a header alone is an error', async () => {
  const bare = writeIn(folder, 'bare.csv', 'id,name\n');
  await assert.rejects(
    readAll(openCsv(optionsFor(bare, { withHeader: true }))),
    /an empty file, apart from its header$/,
  );
});

test('finds columns by the header of each file and passes over columns that no field names', async () => {
  const first = writeIn(folder, 'h1.csv', '\ufeff"name",extra,id\r\na,not a field,1\r\n');
  const second = writeIn(folder, 'h2.csv', 'id,name\n2,b');
  assert.deepEqual(await readAll(openCsv(optionsFor(`${first},${second}`, { withHeader: true }))), [
    [
      [1, 'a'],
      [2, 'b'],
    ],
  ]);
});

test('refuses a header without an input field, with the nearest name, or with one twice', async () => {
  const absent = writeIn(folder, 'absent.csv', 'id,nmae\n1,a\n');
  await assert.rejects(readAll(openCsv(optionsFor(absent, { withHeader: true }))), {
    name: 'DataError',
    message: `${absent}:1: input field "name" is not in the header; did you mean "nmae"?`,
  });
  const twice = writeIn(folder, 'twice.csv', 'id,name,id\n1,a,2\n');
  await assert.rejects(
    readAll(openCsv(optionsFor(twice, { withHeader: true }))),
    /"id" is in the header 2 times/,
  );
});

test('counts lines from 1, the header included', async () => {
  const path = writeIn(folder, 'counted.csv', 'id,name\n1,a\nx,b\n');
  await assert.rejects(
    readAll(openCsv(optionsFor(path, { withHeader: true }))),
    /counted\.csv:3: column "id"/,
  );
});

test('reads rows across the borders of its buffer, long lines included', async () => {
  const names = Array.from({ length: 3000 }, (_, i) => `${i}:${'x'.repeat((i * 7919) % 400)}`);
  names[1500] = 'y'.repeat(700_000);
  const path = writeIn(folder, 'long.csv', names.map((name, i) => `${i},${name}\r\n`).join(''));
  const packed = writeIn(folder, 'long.csv.gz', gzipSync(names.map((name, i) => `${i},${name}\n`).join('')));
  const expected = names.map((name, i) => [i, name]);
  const fields = fieldsOf('id:int32', 'name:string');
  assert.deepEqual((await readAll(openCsv(optionsFor(path, { fields, batchSize: 256 })))).flat(), expected);
  assert.deepEqual((await readAll(openCsv(optionsFor(packed, { fields, batchSize: 256 })))).flat(), expected);
});
