import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DataError } from '../errors.js';

const CHUNK_CHARACTERS = 1 << 20;

function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written);
}

function writeChunks(descriptor: number, lines: Iterable<string>): void {
  let chunk = '';
  for (const line of lines) {
    chunk += line + '\n';
    if (chunk.length >= CHUNK_CHARACTERS) {
      writeAll(descriptor, chunk);
      chunk = '';
    }
  }
  writeAll(descriptor, chunk);
}

/**
 * Writes a file, which appears only when it is complete. Its folder is made if need be.
 *
 * @param fill Writes the content to an open file.
 * @throws DataError when the file cannot be written: no such folder, no permission, no space left.
 */
export function writeFile(path: string, fill: (descriptor: number) => void): void {
  const partial = `${path}.partial-${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    const descriptor = openSync(partial, 'w');
    try {
      fill(descriptor);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(partial, path);
  } catch (error) {
    if (existsSync(partial)) rmSync(partial);
    // What the content itself throws is not ours to explain.
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new DataError(`cannot write: ${error.message}`, { at: { file: path }, cause: error });
  }
}

/**
 * Writes lines to a file, each ended by `\n`, as `writeFile` does.
 *
 * @throws DataError when the file cannot be written.
 */
export function writeLines(path: string, lines: Iterable<string>): void {
  writeFile(path, (descriptor) => writeChunks(descriptor, lines));
}
