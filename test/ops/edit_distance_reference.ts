export interface EditDistanceOptions {
  readonly encoding: 'latin' | 'utf-8';
  readonly normalize: boolean;
}

/** MyEditDistance of one pair: the whole table of prefixes' distances, by the definition. */
export function editDistanceReference(
  hypothesis: Uint8Array,
  truth: Uint8Array,
  { encoding, normalize }: EditDistanceOptions,
): number {
  const split = encoding === 'latin' ? (text: Uint8Array) => [...text].map(String) : codePoints;
  const a = split(hypothesis);
  const b = split(truth);
  const table = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (const [i, x] of a.entries()) {
    const above = table[i] ?? [];
    const row = [i + 1];
    for (const [j, y] of b.entries()) {
      row.push(Math.min((above[j] ?? 0) + (x === y ? 0 : 1), (above[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1));
    }
    table.push(row);
  }
  const distance = table.at(-1)?.at(-1) ?? 0;
  if (!normalize || distance === 0) return distance;
  return distance / b.length;
}

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Code points as text; every byte that starts none that the platform's own strict decoder accepts stands for itself. */
function codePoints(text: Uint8Array): string[] {
  const symbols: string[] = [];
  for (let at = 0; at < text.length;) {
    const length = [1, 2, 3, 4].find(
      (n) => at + n <= text.length && isOneCodePoint(text.subarray(at, at + n)),
    );
    symbols.push(
      length === undefined ? `byte ${String(text[at])}` : DECODER.decode(text.subarray(at, at + length)),
    );
    at += length ?? 1;
  }
  return symbols;
}

function isOneCodePoint(bytes: Uint8Array): boolean {
  try {
    return Array.from(DECODER.decode(bytes)).length === 1;
  } catch {
    return false;
  }
}
