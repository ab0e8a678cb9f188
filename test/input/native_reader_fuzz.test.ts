import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { UserError } from '../../easyrec/errors.js';
import type { FieldType } from '../../easyrec/input/batch.js';
import { disposeBatch } from '../../easyrec/input/columns.js';
import { planCsv } from '../../easyrec/input/csv/csv_plan.js';
import { CsvReader } from '../../easyrec/input/csv/csv_reader.js';
import { NativeCsvInput } from '../../easyrec/input/native/native_csv_input.js';
import { Random } from '../../easyrec/input/random.js';
import type { BadRowPolicy, BatchReader, InputField, ReaderOptions } from '../../easyrec/input/reader.js';
import { fieldsOf, optionsFor, rowsOf, temporaryFolder, writeIn } from './reader_case.js';

const folder = temporaryFolder();
const MAX_BATCHES = 40;

/** All that a user can see of a reader: rows, counts, and how it ends. */
async function transcript(reader: BatchReader): Promise<unknown[]> {
  const seen: unknown[] = [];
  try {
    while (seen.length < 2 * MAX_BATCHES) {
      const batch = await reader.next();
      seen.push(batch === null ? 'the end' : rowsOf(batch), reader.stats);
      if (batch === null) break;
      disposeBatch(batch);
    }
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    seen.push([error.name, error.message, error.at]);
  }
  await reader.close();
  return seen;
}

async function assertSame(options: ReaderOptions, what: string): Promise<unknown[]> {
  const expected = await transcript(new CsvReader(planCsv(options)));
  assert.deepEqual(await transcript(new NativeCsvInput(options)), expected, what);
  return expected;
}

class Fuzz extends Random {
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  /** True once in `n` times. */
  once(n: number): boolean {
    return this.below(n) === 0;
  }

  digits(count: number): string {
    return Array.from({ length: count }, () => this.below(10)).join('');
  }
}

const ODD_NUMBERS = [
  '-0',
  '+7',
  ' 5 ',
  '\v8\f',
  '1e5',
  '.5',
  '5.',
  '1.e2',
  '-1e-50',
  '1e400',
  'inf',
  '-Infinity',
  'nan',
  '-NaN(x_1)',
  '0x1.8p3',
  '0x',
  '-0X.8P-1',
  '0x1234567890abc',
  '0x1234567890abcd',
  '0x1p-1080',
  '0x0p9999',
  '2147483647',
  '2147483648',
  '-2147483648',
  '9223372036854775807',
  '-9223372036854775808',
  '9223372036854775808',
  '16777217',
  '16777219.0000000000001',
  '3.4028235677973366e38',
  '7.006492321624085e-46',
  '1e',
  '--1',
  '1 2',
  '.',
  '+',
  '１',
  '000000000000000000000012',
];
const ODD_TEXTS = [
  'é',
  '上海',
  '𝄞',
  '\u0000',
  'a'.repeat(22),
  'b'.repeat(23),
  'x'.repeat(300),
  ' ',
  '\ufeff',
];

function fieldText(fuzz: Fuzz, type: FieldType): string {
  if (fuzz.once(12)) return '';
  if (type === 'string') return fuzz.once(4) ? fuzz.pick(ODD_TEXTS) : fuzz.digits(fuzz.below(12));
  if (fuzz.once(40)) return fuzz.pick(ODD_NUMBERS);
  if (type === 'bool') return fuzz.pick(['true', 'FALSE', '1', '0', ' True ']);
  const whole = `${fuzz.once(3) ? '-' : ''}${fuzz.digits(1 + fuzz.below(type === 'int32' ? 9 : 17))}`;
  return type.startsWith('int') || fuzz.once(2) ? whole : `${whole}.${fuzz.digits(fuzz.below(9))}`;
}

function written(fuzz: Fuzz, text: string, separator: string): string {
  const mustQuote = text.includes(separator) || text.includes('"');
  return mustQuote || fuzz.once(9) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Something that may not belong there. */
function damage(fuzz: Fuzz, line: string, separator: string): string {
  const at = fuzz.below(line.length + 1);
  const added = fuzz.pick(['"', separator, '\r', 'x', '""', `"${separator}"`, '\u00e9', '\n', '']);
  return line.slice(0, at) + added + line.slice(at + fuzz.below(3));
}

function fileContent(fuzz: Fuzz, fields: readonly InputField[], settings: FileSettings): Buffer {
  const { separator, withHeader, badOneIn, rows } = settings;
  const end = fuzz.pick(['\n', '\r\n']);
  const lines: string[] = [];
  const columns = withHeader && fuzz.once(2) ? [...fields].reverse() : fields;
  if (withHeader) lines.push(columns.map(({ name }) => written(fuzz, name, separator)).join(separator));
  for (let row = 0; row < rows; row++) {
    const texts = columns.map(({ type }) => written(fuzz, fieldText(fuzz, type), separator));
    const line = texts.join(separator);
    lines.push(fuzz.once(badOneIn) ? damage(fuzz, line, separator) : line);
  }
  const text = `${fuzz.once(3) ? '\ufeff' : ''}${lines.join(end)}${fuzz.once(2) ? end : ''}`;
  const bytes = Buffer.from(text, 'utf8');
  // Bytes that are not UTF-8.
  if (!withHeader && fuzz.once(3) && bytes.length > 0)
    bytes[fuzz.below(bytes.length)] = 0x80 + fuzz.below(128);
  return bytes;
}

interface FileSettings {
  readonly separator: string;
  readonly withHeader: boolean;
  readonly badOneIn: number;
  readonly rows: number;
}

function randomFields(fuzz: Fuzz): InputField[] {
  const types: readonly FieldType[] = ['int32', 'int64', 'float32', 'float64', 'bool', 'string', 'string'];
  const defaults = {
    int32: '-3',
    int64: '77',
    float32: '0.1',
    float64: '1e-3',
    bool: 'true',
    string: 'ñone',
  };
  return Array.from({ length: 1 + fuzz.below(6) }, (_, i) => {
    const type = fuzz.pick(types);
    const defaultText = fuzz.once(2) ? defaults[type] : '';
    return {
      name: `f${i}`,
      type,
      defaultText,
      wanted: !fuzz.once(5),
      numeric: type === 'string' && fuzz.once(8),
    };
  });
}

function randomCase(seed: number): { readonly options: ReaderOptions; readonly what: string } {
  const fuzz = new Fuzz(seed);
  const fields = randomFields(fuzz);
  const separator = fuzz.pick([',', '\t', '\u0002', ' ', '|', '1']);
  const withHeader = fuzz.once(4);
  const badOneIn = fuzz.pick([3, 40, 1e9]);
  // Every eighth case crosses the borders of the readers' buffers.
  const rows = seed % 8 === 0 ? 12_000 : fuzz.below(400);
  const paths = Array.from({ length: 1 + fuzz.below(3) }, (_, i) => {
    const content = fileContent(fuzz, fields, { separator, withHeader, badOneIn, rows });
    return writeIn(folder, `case${seed % 4}_${i}.csv`, content);
  });
  const policies: readonly BadRowPolicy[] = ['fail', { maxSkipped: Infinity }, { maxSkipped: 3 }];
  const hashable = fields.filter(({ type }) => ['string', 'int32', 'int64'].includes(type));
  const hashed = hashable
    .filter(() => fuzz.once(5))
    .map(({ name }) => ({ name: `${name}_id`, field: name, buckets: 1000 }));
  const options = optionsFor(paths.join(','), {
    fields,
    hashed,
    separator,
    withHeader,
    batchSize: fuzz.pick([1, 7, 64, 1000, 5000]),
    epochs: fuzz.below(4),
    shuffle: fuzz.once(2) ? null : { bufferSize: fuzz.pick([1, 5, 32, 3000]), seed: fuzz.nextUint32() },
    position: fuzz.once(2) ? 0 : fuzz.below(3 * rows + 1),
    onBadRow: fuzz.pick(policies),
    prefetch: 1 + fuzz.below(4),
    threads: 1 + fuzz.below(5),
  });
  return { options, what: `seed ${seed}: ${JSON.stringify(options)}` };
}

test('gives what the plain reader gives, rows, counts and messages, on random files', async () => {
  const endings = new Map<string, number>();
  for (let seed = 0; seed < 160; seed++) {
    const { options, what } = randomCase(seed);
    const seen = await assertSame(options, what);
    const ending = JSON.stringify(seen.at(-1) ?? '').replace(/.*(expected [a-z]+).*/s, '$1');
    endings.set(ending, (endings.get(ending) ?? 0) + 1);
  }
  // The cases are of no use if all of them end alike.
  assert.ok(endings.size > 8, JSON.stringify([...endings]));
});

test('reads gzip as the plain reader does, in several members and padded with zeros', async () => {
  const fuzz = new Fuzz(11);
  const fields = fieldsOf('a:int32', 'b:string');
  const content = fileContent(fuzz, fields, {
    separator: ',',
    withHeader: false,
    badOneIn: 1e9,
    rows: 30_000,
  });
  const third = Math.floor(content.length / 3);
  const members = [content.subarray(0, third), content.subarray(third)].map((part) => gzipSync(part));
  const path = writeIn(folder, 'members.gz', Buffer.concat([...members, Buffer.alloc(1000)]));
  const options = optionsFor(path, { fields, batchSize: 999, onBadRow: { maxSkipped: Infinity }, epochs: 2 });
  const [expected, received] = [new CsvReader(planCsv(options)), new NativeCsvInput(options)];
  for (let batch = await expected.next(); batch !== null; batch = await expected.next()) {
    const same = await received.next();
    assert.ok(same);
    assert.deepEqual(rowsOf(same), rowsOf(batch));
    disposeBatch(same);
  }
  assert.equal(await received.next(), null);
  assert.deepEqual(received.stats, expected.stats);
  await Promise.all([expected.close(), received.close()]);
});

test('says the same of damaged gzip', async () => {
  const packed = gzipSync(Array.from({ length: 5000 }, (_, i) => `${i},name ${i * i}\n`).join(''));
  const ending = async (reader: BatchReader): Promise<unknown> => (await transcript(reader)).at(-1);
  const damaged = [
    packed.subarray(0, 1000),
    packed.subarray(0, 12),
    Buffer.concat([packed, Buffer.from('more')]),
    Buffer.from(packed).fill(0xff, 500, 600),
    Buffer.from(packed).fill(0, packed.length - 8, packed.length - 4),
  ];
  for (const [i, content] of damaged.entries()) {
    const options = optionsFor(writeIn(folder, `damaged${i}.gz`, content), { batchSize: 100_000 });
    const expected = await ending(new CsvReader(planCsv(options)));
    assert.match(String(expected), /cannot read/);
    assert.deepEqual(await ending(new NativeCsvInput(options)), expected);
  }
});

function randomNumber(fuzz: Fuzz): string {
  const parts = ['+', '-', '.', 'e', 'E', ' ', 'x', 'p', '0', '00', 'nan', 'inf', '(', ')', '_', 'a', 'F'];
  if (fuzz.once(3)) {
    return Array.from({ length: 1 + fuzz.below(8) }, () =>
      fuzz.once(2) ? fuzz.digits(1 + fuzz.below(4)) : fuzz.pick(parts),
    ).join('');
  }
  const exponent = fuzz.once(3) ? `e${fuzz.below(700) - 350}` : '';
  return `${fuzz.once(2) ? '-' : ''}${fuzz.digits(fuzz.below(20))}.${fuzz.digits(fuzz.below(20))}${exponent}`;
}

/** Half way between two floats, or so near that rounding to a double first would go wrong. */
function nearMidpoint(fuzz: Fuzz): string {
  // Any float, or one from 1 to 2^24, whose neighbourhood can be spelt in 15 digits.
  const bits = fuzz.once(2) ? fuzz.below(0x7f7f_ffff) : 0x3f80_0000 + fuzz.below(24 << 23);
  const [below = 0, above = 0] = new Float32Array(Int32Array.of(bits, bits + 1).buffer);
  return ((below + above) / 2).toPrecision(14 + fuzz.below(30)) + fuzz.pick(['', '', '1', '0']);
}

test('takes and rounds number texts as the plain reader does', async () => {
  const fuzz = new Fuzz(5);
  const texts = Array.from({ length: 30_000 }, () =>
    fuzz.once(4) ? nearMidpoint(fuzz) : randomNumber(fuzz),
  );
  texts.push(...ODD_NUMBERS);
  const path = writeIn(folder, 'numbers.csv', `${texts.join('\n')}\n`);
  for (const type of ['int32', 'int64', 'float32', 'float64'] as const) {
    const options = optionsFor(path, {
      fields: fieldsOf(`v:${type}`),
      batchSize: 1000,
      onBadRow: { maxSkipped: Infinity },
    });
    const seen = await assertSame(options, type);
    assert.ok(seen.length > 4);
  }
});
