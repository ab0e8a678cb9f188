import type { Cells } from './prediction_cells.js';

const QUOTE = 34;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** A field of a separated file: quoted where it holds the separator, a quote or a line break. */
export function quoteField(text: string, separator: string): string {
  return text.includes(separator) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * The lines of a batch in a separated file, fields quoted as `quoteField` does, as UTF-8.
 *
 * @param separator One character or more.
 */
export function encodeLines(columns: readonly Cells[], rows: number, separator: string): Uint8Array {
  const between = Buffer.from(separator, 'utf8');
  const mayNeedQuotes = columns.map(
    ({ alphabet }) =>
      alphabet === undefined || Array.from(separator).every((character) => alphabet.includes(character)),
  );
  // A field with quotes around it, each of its bytes a quote that is doubled.
  const sizes = columns.map(({ maxBytes }, i) =>
    mayNeedQuotes[i] === true ? 2 * maxBytes + 2 * rows : maxBytes,
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const bytes = Buffer.allocUnsafe(total + rows * (columns.length * between.length + 1));
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < columns.length; i++) {
      if (i > 0) for (let j = 0; j < between.length; j++) bytes[at++] = between[j] ?? 0;
      const start = at;
      at = columns[i]?.write(bytes, at, row) ?? at;
      if (mayNeedQuotes[i] === true && needsQuotes(bytes, start, at, between)) at = quote(bytes, start, at);
    }
    bytes[at++] = LINE_FEED;
  }
  return bytes.subarray(0, at);
}

function needsQuotes(bytes: Uint8Array, start: number, end: number, separator: Uint8Array): boolean {
  const [first] = separator;
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte === QUOTE || byte === LINE_FEED || byte === CARRIAGE_RETURN) return true;
    if (byte === first && isAt(bytes, i, end, separator)) return true;
  }
  return separator.length === 0;
}

function isAt(bytes: Uint8Array, at: number, end: number, text: Uint8Array): boolean {
  return at + text.length <= end && text.every((byte, i) => bytes[at + i] === byte);
}

/** Puts quotes around what lies between and doubles those in it. */
function quote(bytes: Uint8Array, start: number, end: number): number {
  let inner = 0;
  for (let i = start; i < end; i++) if (bytes[i] === QUOTE) inner++;
  let to = end + inner + 2;
  const after = to;
  bytes[--to] = QUOTE;
  for (let from = end - 1; from >= start; from--) {
    const byte = bytes[from] ?? 0;
    bytes[--to] = byte;
    if (byte === QUOTE) bytes[--to] = QUOTE;
  }
  bytes[start] = QUOTE;
  return after;
}
