import { openByteSource } from '../byte_source.js';
import { resolveInputFiles } from '../input_files.js';
import { separatorByte } from './csv_plan.js';

const QUOTE = 34;
const NEWLINE = 10;
const FIRST_READ = 1 << 16;

/**
 * How many fields the first line of the first file has; 0 for an empty file.
 *
 * @throws DataError or ConfigError as a reader of these files would.
 */
export async function countFields(files: string, separator: string): Promise<number> {
  const [path] = resolveInputFiles(files);
  if (path === undefined) return 0;
  const wanted = separatorByte(separator);
  const source = await openByteSource(path);
  const chunk = new Uint8Array(FIRST_READ);
  let fields = 0;
  let quoted = false;
  try {
    for (;;) {
      const length = await source.read(chunk);
      if (length === 0) return fields;
      if (fields === 0) fields = 1;
      for (const byte of chunk.subarray(0, length)) {
        // A doubled quote inside a quoted field turns this off and on again.
        if (byte === QUOTE) quoted = !quoted;
        else if (byte === NEWLINE) return fields;
        else if (byte === wanted && !quoted) fields++;
      }
    }
  } finally {
    await source.close();
  }
}
