import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError, DataError } from '../../easyrec/errors.js';
import { ParquetInput } from '../../easyrec/input/parquet/parquet_input.js';
import type { ReaderOptions } from '../../easyrec/input/reader.js';
import { selectOf, writeParquet } from './parquet_case.js';
import { fieldsOf, optionsFor, readAll, temporaryFolder } from './reader_case.js';

const folder = temporaryFolder();

async function rowsIn(files: string, changes: Partial<ReaderOptions>): Promise<unknown[][]> {
  return (await readAll(new ParquetInput(optionsFor(files, changes)))).flat();
}

async function skipped(files: string, changes: Partial<ReaderOptions>): Promise<readonly string[]> {
  const reader = new ParquetInput(optionsFor(files, { ...changes, onBadRow: { maxSkipped: Infinity } }));
  await readAll(reader);
  return reader.stats.firstSkipped.map((text) => text.slice(folder.length + 1));
}

test('reads fields by name, whatever else a file holds and in whatever order', async () => {
  const path = await writeParquet(
    join(folder, 'names.parquet'),
    selectOf('"other", "b ""c""", "a"', "1, 'x', 10", '2, NULL, 20'),
  );
  const fields = fieldsOf('a:int32', 'b "c"=none');
  assert.deepEqual(await rowsIn(path, { fields }), [
    [10, 'x'],
    [20, 'none'],
  ]);
});

test('takes every numeric type as every other one that can hold the value', async () => {
  const types =
    'BOOLEAN TINYINT SMALLINT INTEGER BIGINT UTINYINT USMALLINT UINTEGER UBIGINT FLOAT DOUBLE DECIMAL(9,2)';
  const columns = types.split(' ').map((type, i) => `1::${type} AS c${i}`);
  const path = await writeParquet(join(folder, 'types.parquet'), `SELECT ${columns.join(', ')}`);
  for (const type of ['int32', 'int64', 'float32', 'float64', 'bool']) {
    const fields = fieldsOf(...columns.map((_, i) => `c${i}:${type}`));
    const one = type === 'int64' ? 1n : 1;
    assert.deepEqual(await rowsIn(path, { fields }), [columns.map(() => one)], type);
  }
});

test('leaves out rows whose value does not fit, and says which', async () => {
  const rows = [
    "1, 1.5, '7', 1",
    "2147483648, 2, '8', 2",
    "3, 3, 'x', 3",
    '4, NULL, NULL, 300',
    "5, 5, ' 9 ', 0",
  ];
  const path = await writeParquet(join(folder, 'bad.parquet'), selectOf('big, half, text, flag', ...rows));
  const fields = fieldsOf('big:int32', 'text:int64=-1');
  const onBadRow = { maxSkipped: Infinity };
  assert.deepEqual(await rowsIn(path, { fields, onBadRow }), [
    [1, 7n],
    [4, -1n],
    [5, 9n],
  ]);
  assert.deepEqual(await skipped(path, { fields }), [
    'bad.parquet:2: column "big": expected a whole number from -2147483648 to 2147483647 (int32), received "2147483648"',
    'bad.parquet:3: column "text": expected a whole number from -9223372036854775808 to 9223372036854775807 (int64), received "x"',
  ]);
  await assert.rejects(rowsIn(path, { fields }), /bad\.parquet:2: column "big"/);
  assert.deepEqual(await rowsIn(path, { fields: fieldsOf('half:float32=0.25') }), [
    [1.5],
    [2],
    [3],
    [0.25],
    [5],
  ]);
  const messages = await skipped(path, { fields: fieldsOf('half:int32', 'flag:bool') });
  assert.equal(messages.length, 4);
});

test('hashes texts, and integers as decimal text, of whatever width', async () => {
  const select = selectOf('t, n', "'a', 7", "'', 12345678901", 'NULL, NULL');
  const path = await writeParquet(join(folder, 'hash.parquet'), select);
  const hashed = ['t', 'n'].map((field) => ({ name: `${field}_id`, field, buckets: 1000 }));
  const fields = (type: string): ReaderOptions['fields'] =>
    fieldsOf('t', `n:${type}`).map((field) => ({ ...field, wanted: false }));
  // FarmHash of "a".
  const a = 0xb3454265b6df75e3n % 1000n;
  const asText = await rowsIn(path, { fields: fields('string'), hashed });
  const asNumber = await rowsIn(path, { fields: fields('int64'), hashed });
  assert.deepEqual(
    asText.map(([t]) => t),
    [a, -1n, -1n],
  );
  assert.deepEqual(asNumber.slice(0, 2), asText.slice(0, 2));
  assert.equal(asText[2]?.[1], -1n);
  assert.notEqual(asNumber[2]?.[1], -1n);
});

test('bytes that are no UTF-8 are a row that does not fit', async () => {
  const rows = ["'ok'::BLOB", "'\\xFF'::BLOB", "'a longer text, of bytes'::BLOB"];
  const path = await writeParquet(join(folder, 'bytes.parquet'), selectOf('b', ...rows));
  const onBadRow = { maxSkipped: Infinity };
  assert.deepEqual(await rowsIn(path, { fields: fieldsOf('b'), onBadRow }), [
    ['ok'],
    ['a longer text, of bytes'],
  ]);
  assert.deepEqual(await skipped(path, { fields: fieldsOf('b') }), [
    'bytes.parquet:2: column "b": expected UTF-8 text (string), received "\ufffd"',
  ]);
});

test('lists become texts where a field says what separates their parts', async () => {
  const rows = ["['x', 'y'], [1, 2]", '[], NULL', 'NULL, [-7]', "[''], []"];
  const path = await writeParquet(join(folder, 'lists.parquet'), selectOf('tags, ids', ...rows));
  const fields = fieldsOf('tags', 'ids=0').map((field) => ({ ...field, listSeparator: '|;' }));
  assert.deepEqual(await rowsIn(path, { fields }), [
    ['x|y', '1|2'],
    ['', '0'],
    ['', '-7'],
    ['', '0'],
  ]);
  const floats = await writeParquet(
    join(folder, 'floats.parquet'),
    'SELECT [0.1, -2, 1e-30]::FLOAT[] AS v, [0.1::DOUBLE, 3]::DOUBLE[2] AS w, [1.25::DECIMAL(5,2)] AS d',
  );
  const separated = fieldsOf('v', 'w', 'd').map((field) => ({ ...field, listSeparator: ',' }));
  assert.deepEqual(await rowsIn(floats, { fields: separated }), [
    ['0.100000001,-2,1e-30', '0.10000000000000001,3', '1.25'],
  ]);
});

test('lists that would not come out again as they were do not fit', async () => {
  const rows = ["['a|b']", "['a', NULL]", "['a', 'b']", 'NULL'];
  const path = await writeParquet(join(folder, 'oddlists.parquet'), selectOf('tags', ...rows));
  const separated = fieldsOf('tags').map((field) => ({ ...field, listSeparator: '|' }));
  assert.deepEqual(await skipped(path, { fields: separated }), [
    'oddlists.parquet:1: column "tags": expected elements without "|", received "a|b"',
    'oddlists.parquet:2: column "tags": expected a list without nulls, received one in "a|"',
  ]);
  const several =
    'column "tags": expected at most one element, received a list of more; lists are for a TagFeature, or a RawFeature of several numbers';
  assert.deepEqual(await skipped(path, { fields: fieldsOf('tags') }), [
    `oddlists.parquet:2: ${several}`,
    `oddlists.parquet:3: ${several}`,
  ]);
  const onBadRow = { maxSkipped: Infinity };
  assert.deepEqual(await rowsIn(path, { fields: fieldsOf('tags'), onBadRow }), [['a|b'], ['']]);
});

test('says which column is missing or of a type that a field cannot be made of', async () => {
  const select = `SELECT 1 AS user_id, 1.5 AS price, DATE '2020-01-01' AS day, {'a': 1} AS pair`;
  const path = await writeParquet(join(folder, 'columns.parquet'), select);
  const refusal = async (field: string): Promise<string> => {
    const error: unknown = await rowsIn(path, { fields: fieldsOf(field) }).catch((reason: unknown) => reason);
    assert.ok(error instanceof DataError);
    return error.message.slice(folder.length + 1);
  };
  assert.equal(
    await refusal('user'),
    'columns.parquet: input field "user": no such column; did you mean "user_id"? (there are user_id, price, day, pair)',
  );
  assert.equal(
    await refusal('price'),
    'columns.parquet: column "price": expected text or whole numbers for a field of type string, received DECIMAL(2,1)',
  );
  assert.equal(
    await refusal('day:int64'),
    'columns.parquet: column "day": expected numbers or text for a field of type int64, received DATE',
  );
  assert.match(await refusal('pair'), /received STRUCT\(a INTEGER\)$/);
});

test('says which file is no Parquet file, damaged, or not there', async () => {
  const good = await writeParquet(join(folder, 'good.parquet'), 'SELECT range AS id FROM range(5000)');
  const text = join(folder, 'text.parquet');
  writeFileSync(text, 'id\n1\n2\n3\n');
  const bytes = readFileSync(good);
  const cut = join(folder, 'cut.parquet');
  writeFileSync(cut, bytes.subarray(0, bytes.length >> 1));
  const spoilt = join(folder, 'spoilt.parquet');
  writeFileSync(spoilt, Buffer.from(bytes).fill(0xff, 4, 64));
  const fields = fieldsOf('id:int64');
  for (const [path, name] of [
    [text, 'text'],
    [cut, 'cut'],
    [spoilt, 'spoilt'],
  ] as const) {
    await assert.rejects(rowsIn(`${good},${path}`, { fields, batchSize: 100_000 }), (error: unknown) => {
      assert.ok(error instanceof DataError, String(error));
      assert.match(error.message, new RegExp(`/${name}\\.parquet: cannot read`));
      return true;
    });
  }
  assert.throws(() => new ParquetInput(optionsFor(join(folder, 'none.parquet'), { fields })), /no such file/);
  const empty = await writeParquet(join(folder, 'empty.parquet'), 'SELECT 1 AS id WHERE false');
  await assert.rejects(rowsIn(empty, { fields }), /expected rows, received an empty file/);
  assert.deepEqual((await rowsIn(`${empty},${good}`, { fields })).length, 5000);
});

test('reads a path as it is written, and a glob’s files by name', async () => {
  const odd = join(folder, 'a=1', "odd [x]*'?");
  mkdirSync(odd, { recursive: true });
  for (const [i, name] of ['b.parquet', '[a].parquet'].entries()) {
    await writeParquet(join(folder, 'plain.parquet'), `SELECT ${i} AS id`);
    writeFileSync(join(odd, name), readFileSync(join(folder, 'plain.parquet')));
  }
  const fields = fieldsOf('id:int32');
  assert.deepEqual(await rowsIn(join(odd, '[a].parquet'), { fields }), [[1]]);
  assert.deepEqual(await rowsIn(join(folder, 'a=1', '*', '*.parquet'), { fields }), [[1], [0]]);
});

test('leaves the last rows out where they are to fill a batch', async () => {
  const path = await writeParquet(join(folder, 'ten.parquet'), 'SELECT range AS id FROM range(10)');
  const reader = new ParquetInput(optionsFor(path, { fields: fieldsOf('id:int32'), dropRemainder: true }));
  assert.deepEqual(
    (await readAll(reader)).map((batch) => batch.length),
    [4, 4],
  );
});

test('refuses options as every reader does', async () => {
  const path = await writeParquet(join(folder, 'one.parquet'), 'SELECT 1 AS id');
  const fields = fieldsOf('id:int32');
  assert.throws(() => new ParquetInput(optionsFor(path, { fields, batchSize: 0 })), ConfigError);
  assert.throws(() => new ParquetInput(optionsFor(path, { fields: fieldsOf('id:int32=x') })), ConfigError);
});

test('closing stops a reader that waits for room, and one that reads', async () => {
  const path = await writeParquet(join(folder, 'long.parquet'), 'SELECT range AS id FROM range(300000)');
  for (const prefetch of [1, 1000]) {
    const options = optionsFor(path, { fields: fieldsOf('id:int32'), batchSize: 100, epochs: 0, prefetch });
    const reader = new ParquetInput(options);
    assert.ok(await reader.next());
    await reader.close();
    await assert.rejects(reader.next(), /closed/);
  }
});
