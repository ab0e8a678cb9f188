// The 64-bit ELF of the System V ABI, little endian.
const HEADER_SIZE = 64;
const MAGIC = 0x7f454c46;
const LOADABLE = 1;

/**
 * The size in bytes that a shared library has at the least, as its own headers tell; 0 for what is no 64-bit
 * little-endian ELF file. The dynamic linker does not look whether a file is cut off: the process dies in it.
 */
export function leastElfSize(content: Buffer): number {
  if (content.length < HEADER_SIZE || content.readUInt32BE(0) !== MAGIC) return 0;
  if (content[4] !== 2 || content[5] !== 1) return 0;
  const start = Number(content.readBigUInt64LE(32));
  const [size, count] = [content.readUInt16LE(54), content.readUInt16LE(56)];
  const end = start + size * count;
  if (end > content.length || size < 40) return end;
  const segments = Array.from({ length: count }, (_, i) => {
    const at = start + i * size;
    if (content.readUInt32LE(at) !== LOADABLE) return 0;
    return Number(content.readBigUInt64LE(at + 8) + content.readBigUInt64LE(at + 32));
  });
  return Math.max(end, ...segments);
}
