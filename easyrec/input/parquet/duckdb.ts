import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { NativeError } from '../../errors.js';

const PACKAGE = '@duckdb/node-api';
/** What the C functions in ops/reader/duckdb_library.h were tried with. */
const VERSION = '1.5.5-r.5';

/**
 * The file of DuckDB's library, from the npm package that brings it.
 *
 * @throws NativeError, with the command that installs it, when it is not there.
 */
export function duckdbLibrary(): string {
  let file: string;
  try {
    // Each package finds the next: none of the inner ones need lie beside ours.
    const api = createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`);
    const bindings = createRequire(api).resolve('@duckdb/node-bindings/package.json');
    const platform = `@duckdb/node-bindings-${process.platform}-${process.arch}/package.json`;
    file = join(dirname(createRequire(bindings).resolve(platform)), 'libduckdb.so');
  } catch (cause) {
    throw missing(cause);
  }
  if (!existsSync(file)) throw missing();
  return file;
}

function missing(cause?: unknown): NativeError {
  return new NativeError(
    `reading Parquet files needs DuckDB, which is not installed: npm install ${PACKAGE}@${VERSION}`,
    { cause },
  );
}
