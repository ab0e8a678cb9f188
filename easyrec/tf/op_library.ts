import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { NativeError } from '../errors.js';
import { copyBytes } from './buffer.js';
import { leastElfSize } from './elf_check.js';
import { native } from './native.js';
import type { OpDef } from './protos.js';
import { decodeMessage } from './protos.js';
import { TensorflowError, withStatus } from './status.js';

/** An op library in this process. */
export interface OpLibrary {
  /** The file it was first loaded from. */
  readonly path: string;
  readonly sha256: string;
  /** The ops it registered. */
  readonly ops: readonly OpDef[];
}

// TensorFlow recognises a library by its path alone; the same file under a second path would register its kernels
// twice, and graphs using them fail then. Nothing is ever unloaded, so neither is this list.
const loadedBySha256 = new Map<string, OpLibrary>();

/** What has to hold for a library to be loaded. */
export interface LoadOpLibraryOptions {
  /** The content it must have, as 64 hexadecimal digits. Default: any. */
  readonly sha256?: string;
}

/**
 * Loads a native op library; its ops can be used at once. The same content is loaded once per process, whatever
 * its path.
 *
 * @throws NativeError when the file is missing, is no library, does not fit this TensorFlow, or has another content.
 */
export function loadOpLibrary(path: string, expected: LoadOpLibraryOptions = {}): OpLibrary {
  const file = resolve(path);
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new NativeError(`op library ${path}: cannot be read: ${reason}`, { cause: error });
  }
  const sha256 = createHash('sha256').update(content).digest('hex');
  if (expected.sha256 !== undefined && expected.sha256 !== sha256) {
    throw new NativeError(
      `op library ${path}: has changed: expected SHA-256 ${expected.sha256}, received ${sha256}`,
    );
  }
  const known = loadedBySha256.get(sha256);
  if (known !== undefined) return known;
  const least = leastElfSize(content);
  if (content.length < least) {
    throw new NativeError(
      `op library ${path}: cannot be loaded: the file is cut off: expected at least ${least} bytes, received ${content.length}`,
    );
  }
  const library: OpLibrary = { path: file, sha256, ops: load(path, file) };
  loadedBySha256.set(sha256, library);
  return library;
}

/** The op libraries of this process, in the order of loading. */
export function loadedOpLibraries(): readonly OpLibrary[] {
  return [...loadedBySha256.values()];
}

function load(path: string, file: string): readonly OpDef[] {
  const api = native();
  try {
    const handle = withStatus((status) => api.TF_LoadLibrary(file, status));
    if (handle === null || handle === 0n) return [];
    const { data, length } = api.TF_GetOpList(handle);
    return decodeMessage('OpList', copyBytes(data, length)).op ?? [];
  } catch (error) {
    if (!(error instanceof TensorflowError)) throw error;
    const { detail } = error;
    const hint = hintAt(detail, api.TF_Version());
    throw new NativeError(`op library ${path}: cannot be loaded: ${detail}${hint}`, { cause: error });
  }
}

/** What the words of the dynamic linker mean. */
function hintAt(detail: string, version: string): string {
  if (detail.includes('undefined symbol')) {
    return `; it was built for another TensorFlow than ${version}: rebuild it, best on the stable C kernel API`;
  }
  const isNone = /file too short|invalid ELF header|wrong ELF class|cannot open shared object/.test(detail);
  return isNone ? '; expected a shared library for this machine (an ELF file *.so)' : '';
}
