import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NativeError } from '../errors.js';

/** In a model's `assets.extra/`: what its export says for servers. */
export const EXPORT_RECORD_NAME = 'easyrec_export.json';

/** The record's place in a model's folder. */
export const EXPORT_RECORD_FILE = `assets.extra/${EXPORT_RECORD_NAME}`;

/** What an export says of the model it wrote. */
export interface ExportRecord {
  /** SHA-256 of each op library, as lower-case hexadecimal digits, by the library's path in `assets/`. */
  readonly opLibraries: ReadonlyMap<string, string>;
  /**
   * Whether each row of the outputs depends on the same row of the inputs alone, so that a server may join requests;
   * false where that is not known.
   */
  readonly rowsIndependent: boolean;
  /** Of the TensorFlow that exported the model, such as `2.21.0`. */
  readonly tensorflowVersion: string;
}

const FORMAT_VERSION = 1;
const SHA256 = /^[0-9a-f]{64}$/;

/** The record as it stands in its file. */
export function exportRecordText({ opLibraries, rowsIndependent, tensorflowVersion }: ExportRecord): string {
  const record = {
    format_version: FORMAT_VERSION,
    tensorflow_version: tensorflowVersion,
    op_libraries: Object.fromEntries([...opLibraries].sort(([a], [b]) => (a < b ? -1 : 1))),
    rows_independent: rowsIndependent,
  };
  return `${JSON.stringify(record, null, 2)}\n`;
}

/**
 * Reads what a model's export says of it; fields that this version does not know are passed over.
 *
 * @param directory Holds saved_model.pb.
 * @returns undefined for a model without a record, as all but the toolkit's own exports are.
 * @throws NativeError when there is a record that cannot be read.
 */
export async function readExportRecord(directory: string): Promise<ExportRecord | undefined> {
  const file = join(directory, EXPORT_RECORD_FILE);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw problem(file, `cannot be read: ${reason(error)}`, error);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw problem(file, `expected JSON, received ${reason(error)}`, error);
  }
  return parse(file, content);
}

function parse(file: string, content: unknown): ExportRecord {
  if (!isObject(content)) throw problem(file, 'expected an object');
  const version = content['format_version'];
  if (version !== FORMAT_VERSION) {
    throw problem(file, `format_version: expected ${FORMAT_VERSION}, received ${JSON.stringify(version)}`);
  }
  const libraries = content['op_libraries'] ?? {};
  if (!isObject(libraries)) throw problem(file, 'op_libraries: expected an object of SHA-256 sums by path');
  const opLibraries = new Map<string, string>();
  for (const [path, sha256] of Object.entries(libraries)) {
    if (typeof sha256 !== 'string' || !SHA256.test(sha256)) {
      throw problem(
        file,
        `op_libraries: "${path}": expected a SHA-256 sum, received ${JSON.stringify(sha256)}`,
      );
    }
    opLibraries.set(path, sha256);
  }
  const tensorflowVersion = content['tensorflow_version'];
  return {
    opLibraries,
    rowsIndependent: content['rows_independent'] === true,
    tensorflowVersion: typeof tensorflowVersion === 'string' ? tensorflowVersion : '',
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function problem(file: string, what: string, cause?: unknown): NativeError {
  return new NativeError(`export record ${file}: ${what}`, { cause });
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
