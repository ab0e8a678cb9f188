import { mkdirSync, openSync, writeSync, fsyncSync, closeSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

const CHUNK_CHARACTERS = 1 << 20;

/** Writes lines to a file, each ended by `\n`; the file appears only when it is complete. Its folder is made if need be. */
export function writeLines(path: string, lines: Iterable<string>): void {
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.partial-${process.pid}`;
  const descriptor = openSync(partial, 'w');
  try {
    let chunk = '';
    for (const line of lines) {
      chunk += line + '\n';
      if (chunk.length >= CHUNK_CHARACTERS) {
        writeAll(descriptor, chunk);
        chunk = '';
      }
    }
    writeAll(descriptor, chunk);
    fsyncSync(descriptor);
  } catch (error) {
    closeSync(descriptor);
    rmSync(partial, { force: true });
    throw error;
  }
  closeSync(descriptor);
  renameSync(partial, path);
}

function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written);
}
