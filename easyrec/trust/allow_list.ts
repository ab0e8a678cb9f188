import { readFile } from 'node:fs/promises';
import { UserError } from '../errors.js';

/** As `sha256sum` writes them: the sum, a space, a space or `*`, and a name, which may be absent. */
const LINE = /^\\?([0-9a-fA-F]{64})(?:\s+\*?.*)?$/;

/**
 * Reads the SHA-256 sums of a file such as `sha256sum libx.so > FILE` writes; the names in it mean nothing. Empty
 * lines and lines that begin with `#` are passed over.
 *
 * @throws UserError when it cannot be read or a line has no sum, with its place.
 */
export async function readAllowList(file: string): Promise<ReadonlySet<string>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`op_library_allow_list ${file}: cannot be read: ${reason}`, { cause: error });
  }
  const sums = new Set<string>();
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, sum] = LINE.exec(line) ?? [];
    if (sum === undefined) {
      throw new UserError(
        `op_library_allow_list: expected a line as sha256sum writes it, received ${JSON.stringify(line.slice(0, 100))}`,
        { at: { file, line: i + 1 } },
      );
    }
    sums.add(sum.toLowerCase());
  }
  return sums;
}
