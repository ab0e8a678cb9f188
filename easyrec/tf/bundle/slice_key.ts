/** A part of a dimension; a length of -1 is all of it. */
export interface Extent {
  readonly start: number;
  readonly length: number;
}

/** The key under which the index of a checkpoint has a slice of a tensor: text and numbers that sort as they read. */
export function sliceKey(name: string, extents: readonly Extent[]): Uint8Array {
  return Buffer.concat([
    unsigned(0),
    text(name),
    unsigned(extents.length),
    ...extents.flatMap(({ start, length }) => [signed(start), signed(length)]),
  ]);
}

/** How many bytes follow, and they themselves, the highest first. */
function unsigned(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.of(bytes.length, ...bytes);
}

/** The bytes 0 and 255 are followed by another one, so that 0 1 is the end and sorts before all that goes on. */
function text(value: string): Uint8Array {
  const bytes = Array.from(Buffer.from(value, 'utf8')).flatMap((byte) => {
    if (byte === 0) return [0, 0xff];
    return byte === 0xff ? [0xff, 0] : [byte];
  });
  return Uint8Array.of(...bytes, 0, 1);
}

/**
 * In two's complement: 6 bits of a number fit into one byte, 13 into two and so on. As many leading bits as there are
 * bytes say how many, inverted for the sign.
 */
function signed(value: number): Uint8Array {
  const magnitude = BigInt(value < 0 ? -value - 1 : value);
  let size = 1;
  while (magnitude >= 1n << BigInt(7 * size - 1)) size++;
  const bits = BigInt(8 * size);
  // The highest bit of a positive number is set, as are the ones that count the bytes after the first.
  const header = ((1n << BigInt(size)) - 1n) << (bits - BigInt(size));
  const encoded = value < 0 ? ((1n << bits) - 1n - magnitude) ^ header : magnitude ^ header;
  const bytes = encoded.toString(16).padStart(2 * size, '0');
  return Buffer.from(bytes, 'hex');
}
