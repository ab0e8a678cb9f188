import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { NativeError } from '../errors.js';

/** A name in the dynamic symbol table of a shared library. */
export interface ElfSymbol {
  readonly name: string;
  /** Whether this library has it; else another one must. */
  readonly isDefined: boolean;
  /** Whether the library also loads where nobody has it. */
  readonly isWeak: boolean;
}

/** What a shared library says of itself, read without loading it. */
export interface ElfFile {
  /** The processor, as `uname -m` names it, or `machine <number>`. */
  readonly machine: string;
  /** The libraries it asks the loader for. */
  readonly needed: readonly string[];
  readonly symbols: readonly ElfSymbol[];
}

// The 64-bit ELF of the System V ABI, little endian.
const HEADER = {
  size: 64,
  class: 4,
  data: 5,
  type: 16,
  machine: 18,
  sections: 40,
  sectionSize: 58,
  sectionCount: 60,
};
const SECTION = { type: 4, offset: 24, size: 32, link: 40 };
const TYPE_DYNAMIC = 6;
const TYPE_DYNSYM = 11;
const SHARED_OBJECT = 3;
const SYMBOL_SIZE = 24;
const WEAK = 2;
const DT_NEEDED = 1n;

const MACHINES: ReadonlyMap<number, string> = new Map([
  [3, 'i386'],
  [40, 'arm'],
  [62, 'x86_64'],
  [183, 'aarch64'],
  [243, 'riscv64'],
]);

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

/**
 * Reads a shared library's own description.
 *
 * @throws NativeError when the file cannot be read or is not a 64-bit ELF shared library.
 */
export function readElf(path: string): ElfFile {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new NativeError(`op library ${path}: cannot be read: ${reason}`, { cause: error });
  }
  try {
    return new Parser(path, descriptor).parse();
  } finally {
    closeSync(descriptor);
  }
}

/** Reads the parts of one open file; a TensorFlow library has a gigabyte, of which this needs a twentieth. */
class Parser {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #size: number;

  constructor(path: string, descriptor: number) {
    this.#path = path;
    this.#descriptor = descriptor;
    this.#size = fstatSync(descriptor).size;
  }

  parse(): ElfFile {
    if (this.#size < HEADER.size) throw this.#problem(`a file of ${this.#size} bytes`);
    const header = this.#read(0, HEADER.size);
    this.#checkHeader(header);
    const machine = header.readUInt16LE(HEADER.machine);
    const sections = this.#sections(header);
    return {
      machine: MACHINES.get(machine) ?? `machine ${machine}`,
      needed: this.#needed(sections),
      symbols: this.#symbols(sections),
    };
  }

  #checkHeader(header: Buffer): void {
    if (header.readUInt32BE(0) !== 0x7f454c46) {
      const start = header
        .subarray(0, 4)
        .toString('latin1')
        .replace(/[^ -~]/g, '.');
      throw this.#problem(`a file that begins with "${start}"`);
    }
    if (header[HEADER.class] !== 2) throw this.#problem('a 32-bit one');
    if (header[HEADER.data] !== 1) throw this.#problem('a big-endian one');
    const type = header.readUInt16LE(HEADER.type);
    if (type !== SHARED_OBJECT)
      throw this.#problem(type === 1 ? 'an object file: link it with -shared' : 'a program');
  }

  #sections(header: Buffer): Section[] {
    const start = Number(header.readBigUInt64LE(HEADER.sections));
    const size = header.readUInt16LE(HEADER.sectionSize);
    const count = header.readUInt16LE(HEADER.sectionCount);
    if (start === 0 || count === 0) throw this.#problem('one without section headers, as sstrip leaves it');
    const table = this.#read(start, size * count);
    return Array.from({ length: count }, (_, i) => {
      const entry = table.subarray(i * size, (i + 1) * size);
      return {
        type: entry.readUInt32LE(SECTION.type),
        offset: Number(entry.readBigUInt64LE(SECTION.offset)),
        size: Number(entry.readBigUInt64LE(SECTION.size)),
        link: entry.readUInt32LE(SECTION.link),
      };
    });
  }

  #needed(sections: readonly Section[]): string[] {
    const dynamic = sections.find(({ type }) => type === TYPE_DYNAMIC);
    if (dynamic === undefined) return [];
    const entries = this.#read(dynamic.offset, dynamic.size);
    const strings = this.#linked(sections, dynamic);
    const needed: string[] = [];
    for (let at = 0; at + 16 <= entries.length; at += 16) {
      if (entries.readBigInt64LE(at) !== DT_NEEDED) continue;
      needed.push(text(strings, Number(entries.readBigUInt64LE(at + 8))));
    }
    return needed;
  }

  #symbols(sections: readonly Section[]): ElfSymbol[] {
    const table = sections.find(({ type }) => type === TYPE_DYNSYM);
    if (table === undefined) return [];
    const entries = this.#read(table.offset, table.size);
    const strings = this.#linked(sections, table);
    const symbols: ElfSymbol[] = [];
    for (let at = SYMBOL_SIZE; at + SYMBOL_SIZE <= entries.length; at += SYMBOL_SIZE) {
      symbols.push({
        name: text(strings, entries.readUInt32LE(at)),
        isDefined: entries.readUInt16LE(at + 6) !== 0,
        isWeak: entries.readUInt8(at + 4) >> 4 === WEAK,
      });
    }
    return symbols;
  }

  #linked(sections: readonly Section[], { link }: Section): Buffer {
    const strings = sections[link];
    if (strings === undefined) throw this.#problem('a damaged one');
    return this.#read(strings.offset, strings.size);
  }

  #read(offset: number, size: number): Buffer {
    if (offset + size > this.#size) throw this.#problem('one that has been cut off');
    const buffer = Buffer.allocUnsafe(size);
    for (let done = 0; done < size;) {
      const count = readSync(this.#descriptor, buffer, done, size - done, offset + done);
      if (count === 0) throw this.#problem('one that has been cut off');
      done += count;
    }
    return buffer;
  }

  #problem(received: string): NativeError {
    return new NativeError(
      `op library ${this.#path}: expected a 64-bit ELF shared library (.so), received ${received}`,
    );
  }
}

function text(strings: Buffer, start: number): string {
  const end = strings.indexOf(0, start);
  return strings.toString('latin1', start, end < 0 ? strings.length : end);
}
