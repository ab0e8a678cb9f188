import { existsSync, rmSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

/** Writes the rows of a SELECT as a Parquet file, with DuckDB. */
export async function writeParquet(path: string, select: string, options = ''): Promise<string> {
  const database = await DuckDBInstance.create(':memory:');
  const connection = await database.connect();
  if (existsSync(path)) rmSync(path);
  await connection.run(`COPY (${select}) TO '${path.replaceAll("'", "''")}' (FORMAT parquet${options})`);
  connection.closeSync();
  database.closeSync();
  return path;
}

/** A SELECT of rows that are spelt out: `rowsOf('a, b', "1, 'x'", "2, 'y'")`. */
export function selectOf(columns: string, ...rows: readonly string[]): string {
  return `SELECT * FROM (VALUES ${rows.map((row) => `(${row})`).join(', ')}) AS t(${columns})`;
}
