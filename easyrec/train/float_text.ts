/** 10^0 .. 10^22: all that are exact as doubles. */
const POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
const TENTHS = Float64Array.from({ length: 7 }, (_, i) => Number(`1e-${i}`));
/** A product that is so near to the middle of two integers is rounded by way of text. */
const NEAR_HALF = 1e-6;
const ZERO = 48;
const MINUS = 45;
const POINT = 46;

/** No number that is written here takes more bytes. */
export const MAX_NUMBER_BYTES = 32;

/** The shortest decimal text of 6 digits or more, zeros at the end left out, that reads back as the same float32. */
export function float32Text(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  for (const digits of [6, 7, 8]) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(9)));
}

/**
 * Writes `float32Text(value)` as bytes, some twenty times as fast for numbers of ordinary size.
 *
 * @param at where to begin; `MAX_NUMBER_BYTES` have to be free there
 * @returns where the text ends
 */
export function writeFloat32(bytes: Uint8Array, at: number, value: number): number {
  const size = Math.abs(value);
  if (value === 0) {
    bytes[at] = ZERO;
    return at + 1;
  }
  // Also false of NaN. Below, JavaScript writes an exponent; above, integers have more digits than are looked for here.
  if (!(size >= 1e-6 && size < 1e9)) return writeText(bytes, at, float32Text(value));
  const exponent = exponentOf(size);
  for (let digits = 6; digits <= 9; digits++) {
    const decimals = digits - 1 - exponent;
    const power = POWERS[Math.abs(decimals)] ?? 1;
    const scaled = decimals < 0 ? size / power : size * power;
    const floor = Math.floor(scaled);
    const rest = scaled - floor;
    if (Math.abs(rest - 0.5) < NEAR_HALF) break;
    const rounded = rest > 0.5 ? floor + 1 : floor;
    // Both are exact, and so the quotient and the product are the doubles nearest to the decimal number.
    const short = decimals < 0 ? rounded * power : rounded / power;
    if (digits < 9 && Math.fround(short) !== size) continue;
    if (value < 0) bytes[at] = MINUS;
    return writeDecimal(bytes, value < 0 ? at + 1 : at, rounded, decimals);
  }
  return writeText(bytes, at, float32Text(value));
}

/** Writes an integer as decimal digits; `MAX_NUMBER_BYTES` have to be free. */
export function writeInteger(bytes: Uint8Array, at: number, value: number): number {
  if (!(Math.abs(value) < 2 ** 31)) return writeText(bytes, at, String(value));
  if (value >= 0) return writeDigits(bytes, at, value, digitsOf(value));
  bytes[at] = MINUS;
  return writeDigits(bytes, at + 1, -value, digitsOf(-value));
}

/** Writes text that is ASCII. */
export function writeText(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  return at + text.length;
}

/** Of the first digit: 0 for 1 up to 10. */
function exponentOf(size: number): number {
  if (size < 1) {
    let exponent = -1;
    while (size < (TENTHS[-exponent] ?? 0)) exponent--;
    return exponent;
  }
  let exponent = 0;
  while (size >= (POWERS[exponent + 1] ?? Infinity)) exponent++;
  return exponent;
}

/** Writes `digits` / 10^`decimals` without zeros at its end. */
function writeDecimal(bytes: Uint8Array, at: number, digits: number, decimals: number): number {
  while (decimals > 0 && digits % 10 === 0) {
    digits /= 10;
    decimals--;
  }
  const count = digitsOf(digits);
  if (decimals <= 0) {
    const end = writeDigits(bytes, at, digits, count);
    bytes.fill(ZERO, end, end - decimals);
    return end - decimals;
  }
  if (count > decimals) {
    // The digits go one place to the right, then those before the point back.
    const end = writeDigits(bytes, at + 1, digits, count);
    const point = at + count - decimals;
    for (let i = at; i < point; i++) bytes[i] = bytes[i + 1] ?? 0;
    bytes[point] = POINT;
    return end;
  }
  bytes[at] = ZERO;
  bytes[at + 1] = POINT;
  const first = at + 2 + decimals - count;
  for (let i = at + 2; i < first; i++) bytes[i] = ZERO;
  return writeDigits(bytes, first, digits, count);
}

function digitsOf(value: number): number {
  let count = 1;
  while (value >= (POWERS[count] ?? Infinity)) count++;
  return count;
}

/** `value` is an integer from 0 to 2^31. */
function writeDigits(bytes: Uint8Array, at: number, value: number, count: number): number {
  let rest = value | 0;
  for (let i = at + count - 1; i >= at; i--) {
    const tenth = (rest / 10) | 0;
    bytes[i] = ZERO + rest - 10 * tenth;
    rest = tenth;
  }
  return at + count;
}
