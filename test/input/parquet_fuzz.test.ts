import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { disposeBatch } from '../../easyrec/input/columns.js';
import { planCsv } from '../../easyrec/input/csv/csv_plan.js';
import { CsvReader } from '../../easyrec/input/csv/csv_reader.js';
import { ParquetInput } from '../../easyrec/input/parquet/parquet_input.js';
import { Random } from '../../easyrec/input/random.js';
import type { BatchReader, InputField, ReaderOptions } from '../../easyrec/input/reader.js';
import { writeParquet } from './parquet_case.js';
import { fieldsOf, optionsFor, rowsOf, temporaryFolder, writeIn } from './reader_case.js';

const folder = temporaryFolder();
const MAX_BATCHES = 60;
/** Types of Parquet columns, by the type of the field. */
const SQL_TYPES = {
  int32: 'INTEGER',
  int64: 'BIGINT',
  float32: 'FLOAT',
  float64: 'DOUBLE',
  string: 'VARCHAR',
} as const;
const DEFAULTS = { int32: '-3', int64: '77', float32: '0.1', float64: '1e-3', string: 'ñone' } as const;
const TYPES = Object.keys(SQL_TYPES) as (keyof typeof SQL_TYPES)[];
const TEXTS = [
  'é',
  '上海',
  'a'.repeat(12),
  'a'.repeat(13),
  'b'.repeat(22),
  'b'.repeat(23),
  'x'.repeat(300),
  ' ',
];

class Fuzz extends Random {
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  once(n: number): boolean {
    return this.below(n) === 0;
  }
}

function fieldText(fuzz: Fuzz, type: string): string {
  if (fuzz.once(6)) return '';
  // Few different ones, so that a file has dictionaries; and many.
  if (type === 'string') return fuzz.once(2) ? fuzz.pick(TEXTS) : `t${fuzz.below(100_000)}`;
  if (type === 'int32') return String(fuzz.below(1000) - 500);
  if (type === 'int64') return `${fuzz.below(1_000_000)}${fuzz.below(1_000_000)}`;
  return String((fuzz.below(1 << 24) - (1 << 23)) / 1024);
}

interface Case {
  readonly csv: ReaderOptions;
  readonly parquet: ReaderOptions;
}

async function randomCase(seed: number): Promise<Case> {
  const fuzz = new Fuzz(seed);
  const types = Array.from({ length: 2 + fuzz.below(6) }, () => fuzz.pick(TYPES));
  const fields = types.map((type, i): InputField => {
    const defaultText = fuzz.once(2) ? DEFAULTS[type] : '';
    return { name: `f${i}`, type, defaultText, wanted: !fuzz.once(5) };
  });
  const rows = seed % 4 === 0 ? 9000 : fuzz.below(300);
  const files = await Promise.all(
    Array.from({ length: 1 + fuzz.below(3) }, async (_, i) => {
      const lines = Array.from({ length: rows }, () => types.map((type) => fieldText(fuzz, type)).join('\t'));
      const csv = writeIn(folder, `case${seed}_${i}.csv`, lines.map((line) => `${line}\n`).join(''));
      const columns = types.map((type, k) => `'f${k}': '${SQL_TYPES[type]}'`).join(', ');
      const from = `read_csv('${csv}', delim='\t', header=false, quote='', escape='', nullstr='', null_padding=true, auto_detect=false, columns={${columns}})`;
      const settings = fuzz.pick([
        '',
        ', ROW_GROUP_SIZE 2048',
        ', COMPRESSION zstd',
        ', PARQUET_VERSION v2',
        ', COMPRESSION uncompressed',
      ]);
      const parquet = await writeParquet(
        join(folder, `case${seed}_${i}.parquet`),
        `SELECT * FROM ${from}`,
        settings,
      );
      return { csv, parquet };
    }),
  );
  const hashable = fields.filter(({ type }) => ['string', 'int32', 'int64'].includes(type));
  const changes = {
    fields,
    hashed: hashable
      .filter(() => fuzz.once(2))
      .map(({ name }) => ({ name: `${name}_id`, field: name, buckets: 1000 })),
    separator: '\t',
    batchSize: fuzz.pick([1, 7, 64, 1000, 5000]),
    epochs: fuzz.below(4),
    shuffle: fuzz.once(2) ? null : { bufferSize: fuzz.pick([1, 5, 32, 3000]), seed: fuzz.nextUint32() | 0 },
    position: fuzz.once(2) ? 0 : fuzz.below(3 * rows + 1),
    onBadRow: fuzz.pick(['fail', { maxSkipped: Infinity }] as const),
    prefetch: 1 + fuzz.below(4),
    threads: 1 + fuzz.below(3),
  };
  return {
    csv: optionsFor(files.map(({ csv }) => csv).join(), changes),
    parquet: optionsFor(files.map(({ parquet }) => parquet).join(), changes),
  };
}

/** Rows and positions, or how it ended. */
async function transcript(reader: BatchReader): Promise<unknown[]> {
  const seen: unknown[] = [];
  try {
    while (seen.length < MAX_BATCHES) {
      const batch = await reader.next();
      if (batch === null) break;
      seen.push([rowsOf(batch), reader.stats.position]);
      disposeBatch(batch);
    }
  } catch (error) {
    // One has no last row where the other has no last line.
    seen.push(String(error).replace(/.*(expected rows|no row fits).*/s, '$1'));
  }
  await reader.close();
  return seen;
}

test('gives the rows that text files of the same values give', async () => {
  let batches = 0;
  for (let seed = 0; seed < 60; seed++) {
    const { csv, parquet } = await randomCase(seed);
    const expected = await transcript(new CsvReader(planCsv(csv)));
    assert.deepEqual(await transcript(new ParquetInput(parquet)), expected, JSON.stringify(parquet));
    batches += expected.length;
  }
  assert.ok(batches > 500, String(batches));
});

test('a large shuffle buffer holds about its own rows, and the order is that of text files', async () => {
  const select =
    "SELECT range AS id, 'some text of more than a few bytes ' || range AS text FROM range(200000)";
  const parquet = await writeParquet(join(folder, 'shuffled.parquet'), select);
  const lines = Array.from({ length: 200_000 }, (_, i) => `${i},some text of more than a few bytes ${i}\n`);
  const csv = writeIn(folder, 'shuffled.csv', lines.join(''));
  const changes = {
    fields: fieldsOf('id:int32', 'text'),
    batchSize: 10_000,
    shuffle: { bufferSize: 30_000, seed: 7 },
  };
  const expected = new CsvReader(planCsv(optionsFor(csv, changes)));
  const received = new ParquetInput(optionsFor(parquet, changes));
  let rows = 0;
  for (let batch = await expected.next(); batch !== null; batch = await expected.next()) {
    const same = await received.next();
    assert.ok(same);
    assert.deepEqual(rowsOf(same), rowsOf(batch));
    rows += batch.rows;
    disposeBatch(same);
  }
  assert.equal(rows, 200_000);
  assert.equal(await received.next(), null);
  await Promise.all([expected.close(), received.close()]);
});
