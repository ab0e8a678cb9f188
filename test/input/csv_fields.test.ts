import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, DataError } from '../../easyrec/errors.js';
import type { BufferColumn } from '../../easyrec/input/batch.js';
import { bufferColumn } from '../../easyrec/input/columns.js';
import type { ReaderOptions } from '../../easyrec/input/reader.js';
import { fieldsOf, openCsv, optionsFor, readAll, temporaryFolder, writeIn } from './reader_case.js';

const folder = temporaryFolder();

async function rows(
  content: string | Uint8Array,
  changes: Partial<ReaderOptions> = {},
): Promise<unknown[][]> {
  const path = writeIn(folder, 'rows.csv', content);
  return (await readAll(openCsv(optionsFor(path, changes)))).flat();
}

async function failure(content: string | Uint8Array, changes: Partial<ReaderOptions> = {}): Promise<string> {
  const error: unknown = await rows(content, changes).then(
    () => assert.fail('expected the rows to be refused'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DataError, String(error));
  return error.message;
}

test('reads each type into its own array', async () => {
  const fields = fieldsOf('a:int32', 'b:int64', 'c:float32', 'd:float64', 'e:bool', 'f:string');
  const path = writeIn(folder, 'types.csv', '1,-9007199254740993,0.1,0.1,true,x y\n-2,12,1e3,-1e-3,0,é\n');
  const batch = await openCsv(optionsFor(path, { fields })).next();
  assert.equal(batch?.rows, 2);
  const column = (name: string): BufferColumn | null => {
    const found = batch.columns.get(name);
    return found === undefined ? null : bufferColumn(found);
  };
  assert.deepEqual(column('a'), { dtype: 'int32', values: Int32Array.of(1, -2) });
  assert.deepEqual(column('b'), {
    dtype: 'int64',
    values: BigInt64Array.of(-9007199254740993n, 12n),
  });
  assert.deepEqual(column('c'), { dtype: 'float32', values: Float32Array.of(0.1, 1000) });
  assert.deepEqual(column('d'), { dtype: 'float64', values: Float64Array.of(0.1, -0.001) });
  assert.deepEqual(column('e'), { dtype: 'bool', values: Uint8Array.of(1, 0) });
  const text = column('f');
  assert.ok(text?.dtype === 'string');
  assert.deepEqual([...text.offsets], [0, 3, 5]);
  assert.equal(Buffer.from(text.bytes).toString('utf8'), 'x yé');
});

test('puts int64 values of either sign and any length into their two halves', async () => {
  const texts = [
    '0',
    '-1',
    '4294967296',
    '-4294967297',
    '99999999999999',
    '-99999999999999',
    '9223372036854775807',
    '-9223372036854775808',
  ];
  const read = await rows(`${texts.join('\n')}\n`, { fields: fieldsOf('v:int64') });
  assert.deepEqual(read.flat(), texts.map(BigInt));
});

test('an empty field, quoted or not, stands for its default value', async () => {
  const fields = fieldsOf(
    'a:int32=7',
    'b:int64=-3',
    'c:float32=0.5',
    'd:float64=2',
    'e:bool=true',
    'f:string=none',
  );
  assert.deepEqual(await rows(',,,,,\n"","","","","",""\n', { fields }), [
    [7, -3n, 0.5, 2, 1, 'none'],
    [7, -3n, 0.5, 2, 1, 'none'],
  ]);
});

test('an empty field without default is zero, false or empty', async () => {
  const fields = fieldsOf('a:int32', 'b:int64', 'c:float32', 'd:float64', 'e:bool', 'f:string');
  assert.deepEqual(await rows(',,,,,\n', { fields }), [[0, 0n, 0, 0, 0, '']]);
});

test('keeps blanks around text and ignores those around numbers', async () => {
  assert.deepEqual(await rows(' 5\t,  x \n'), [[5, '  x ']]);
});

test('takes quotes as RFC 4180 says', async () => {
  assert.deepEqual(await rows('"1","a,b"\n2,"say ""hi"""\n3,""""\n'), [
    [1, 'a,b'],
    [2, 'say "hi"'],
    [3, '"'],
  ]);
});

test('refuses misplaced quotes, naming file, line and column', async () => {
  assert.match(
    await failure('1,a\n2,b"c\n'),
    /rows\.csv:2: column "name" \(field 2\): expected no quote .* received "b\\"c"$/,
  );
  assert.match(await failure('1,"a"b\n'), /rows\.csv:1: column "name" \(field 2\): expected a closing quote/);
  assert.match(await failure('1,"a\n2,b\n'), /rows\.csv:1: .*closing quote/);
  assert.match(await failure('1, "a"\n'), /expected no quote/);
});

test('refuses a row with too few or too many fields, and an empty line', async () => {
  assert.match(
    await failure('1,a\n2\n'),
    /rows\.csv:2: expected 2 fields separated by ",", received 1: "2"$/,
  );
  assert.match(
    await failure('1,a,b\n'),
    /rows\.csv:1: expected 2 fields separated by ",", received 3: "1,a,b"$/,
  );
  assert.match(await failure('1,a,\n'), /received 3/);
  assert.match(await failure('1,a\n\n2,b\n'), /rows\.csv:2: .*received an empty line$/);
  assert.match(
    await failure('\n', { fields: fieldsOf('only:string') }),
    /rows\.csv:1: expected 1 fields .*empty line$/,
  );
});

test('refuses a number that does not fit its column', async () => {
  assert.match(
    await failure('1.0,a\n'),
    /rows\.csv:1: column "id" \(field 1\): expected a whole number .*\(int32\), received "1\.0"$/,
  );
  assert.match(await failure('2147483648,a\n'), /received "2147483648"$/);
  assert.match(
    await failure('x,a\n', { fields: fieldsOf('v:float32', 's') }),
    /column "v" .*a number \(float32\), received "x"$/,
  );
  assert.match(await failure('maybe\n', { fields: fieldsOf('v:bool') }), /true, false, 1 or 0/);
  assert.match(await failure('9223372036854775808\n', { fields: fieldsOf('v:int64') }), /int64/);
});

test('shortens a long field in messages', async () => {
  const message = await failure(`${'9'.repeat(5000)},a\n`);
  assert.match(message, /received "9{40}…"$/);
});

test('refuses text that is not UTF-8, also where neighbours would complete it', async () => {
  const fields = fieldsOf('a:string', 'b:string');
  const broken = Buffer.concat([
    Buffer.from('x,'),
    Buffer.of(0xc3),
    Buffer.from('\n'),
    Buffer.of(0xa9),
    Buffer.from(',y\n'),
  ]);
  assert.match(
    await failure(broken, { fields }),
    /rows\.csv:1: column "b" \(field 2\): expected UTF-8 text \(string\), received "�"$/,
  );
});

test('reads non-ASCII text and separators of one byte', async () => {
  const options = { fields: fieldsOf('a:string', 'b:string'), separator: '\u0002' };
  assert.deepEqual(await rows('上海\u0002são paulo\n', options), [['上海', 'são paulo']]);
});

test('understands separators that are spelt as escapes', async () => {
  const fields = fieldsOf('a:int32', 'b:int32');
  assert.deepEqual(await rows('1\t2\n', { fields, separator: '\\t' }), [[1, 2]]);
  assert.deepEqual(await rows('1\u00022\n', { fields, separator: '\\x02' }), [[1, 2]]);
  assert.deepEqual(await rows('1\u00022\n', { fields, separator: '\\002' }), [[1, 2]]);
  for (const separator of ['', '||', '"', '\n', 'é', '\\xff']) {
    assert.throws(
      () => openCsv(optionsFor('rows.csv', { separator })),
      ConfigError,
      JSON.stringify(separator),
    );
  }
});

test('reads CRLF, a missing final newline and a byte order mark', async () => {
  assert.deepEqual(await rows('\ufeff1,a\r\n2,b\r\n3,c'), [
    [1, 'a'],
    [2, 'b'],
    [3, 'c'],
  ]);
});

test('builds only wanted columns, in field order, and does not check the others', async () => {
  const [a, b, c] = fieldsOf('a:int32', 'b:int32', 'c:string');
  assert.ok(a && b && c);
  const fields = [a, { ...b, wanted: false }, c];
  assert.deepEqual(await rows('1,not a number,z\n', { fields }), [[1, 'z']]);
});

test('refuses a default value that is not of the field type, naming where the config says so', () => {
  const [field] = fieldsOf('age:int32=0.0');
  assert.ok(field);
  const at = { file: 'a.config', line: 12, column: 3 };
  const options = optionsFor('rows.csv', { fields: [{ ...field, at }] });
  assert.throws(() => openCsv(options), {
    name: 'ConfigError',
    message:
      'a.config:12:3: default_val of input field "age": expected a value of type int32, received "0.0"',
  });
});

test('refuses two fields of one name and senseless counts', () => {
  const twice = optionsFor('rows.csv', { fields: fieldsOf('a', 'a') });
  assert.throws(() => openCsv(twice), /input field "a" is named twice/);
  assert.throws(
    () => openCsv(optionsFor('rows.csv', { batchSize: 0 })),
    /batch_size: expected .* from 1, received 0/,
  );
});
