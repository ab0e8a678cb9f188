/**
 * Numbers from the bytes of a field, accepted and rounded as TensorFlow 2.21's decode_csv does
 * (absl::SimpleAtoi, SimpleAtof): blanks around are ignored, all of the rest must be the number.
 */

const MINUS = 45;
const PLUS = 43;
const DOT = 46;
const ZERO = 48;

/** Powers of ten that a double holds exactly. */
const EXACT_POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
/** Up to here every whole number is a double. */
const MAX_EXACT_DIGITS = 15;

/** Space, `\t`, `\n`, `\v`, `\f`, `\r`. */
function isBlank(byte: number | undefined): boolean {
  return byte === 32 || (byte !== undefined && byte >= 9 && byte <= 13);
}

/** Text of `bytes[start .. end)` without blanks around it. */
export function trimmedText(bytes: Uint8Array, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(bytes[from])) from++;
  while (to > from && isBlank(bytes[to - 1])) to--;
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
}

/** The whole number that `bytes[start .. end)` spells, NaN if it spells none; exact up to 15 digits. */
export function parseInteger(bytes: Uint8Array, start: number, end: number): number {
  let p = start;
  let to = end;
  while (p < to && isBlank(bytes[p])) p++;
  while (to > p && isBlank(bytes[to - 1])) to--;
  const negative = bytes[p] === MINUS;
  if (p < to && (negative || bytes[p] === PLUS)) p++;
  if (p === to) return NaN;
  let value = 0;
  for (; p < to; p++) {
    const digit = (bytes[p] as number) - ZERO;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

const DECIMAL = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i;
/** At most 13 hexadecimal digits, so that no rounding is needed. */
const HEXADECIMAL = /^([+-]?)0x(?=\.?[0-9a-f])([0-9a-f]*)\.?([0-9a-f]*)(?:p([+-]?\d+))?$/i;
const NOT_A_NUMBER = /^[+-]?nan(\([a-z0-9_]*\))?$/i;
const INFINITE = /^[+-]?inf(inity)?$/i;

/** Everything the fast path leaves: long mantissas, large exponents, inf, nan, hexadecimal. */
function parseUnusual(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text);
  if (INFINITE.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (NOT_A_NUMBER.test(text)) return NaN;
  const hexadecimal = HEXADECIMAL.exec(text);
  if (hexadecimal === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = hexadecimal;
  const digits = (whole + fraction).replace(/^0+/, '') || '0';
  if (digits.length > 13) return undefined;
  const magnitude = Number(`0x${digits}`) * 2 ** (Number(exponent) - 4 * fraction.length);
  return sign === '-' ? -magnitude : magnitude;
}

/** The double nearest to the number that `bytes[start .. end)` spells, undefined if it spells none. */
export function parseDouble(bytes: Uint8Array, start: number, end: number): number | undefined {
  let p = start;
  const negative = bytes[p] === MINUS;
  if (p < end && (negative || bytes[p] === PLUS)) p++;
  let mantissa = 0;
  let digits = 0;
  let scale = 0;
  let fraction = false;
  for (; p < end; p++) {
    const byte = bytes[p] as number;
    if (byte === DOT && !fraction) {
      fraction = true;
    } else {
      const digit = byte - ZERO;
      if (digit < 0 || digit > 9) break;
      mantissa = mantissa * 10 + digit;
      digits++;
      if (fraction) scale++;
    }
  }
  // Both mantissa and power exact: one division, correctly rounded (Clinger's fast path).
  if (p === end && digits > 0 && digits <= MAX_EXACT_DIGITS) {
    const value = mantissa / (EXACT_POWERS[scale] as number);
    return negative ? -value : value;
  }
  return parseUnusual(trimmedText(bytes, start, end));
}

/** Sign of (the decimal number that `text` spells) - `value`, both exact; 0 if `text` is no decimal number. */
function compareExactly(text: string, value: number): number {
  const decimal = DECIMAL.exec(text);
  if (decimal === null) return 0;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = decimal;
  const power = Number(exponent) - fraction.length;
  let left = BigInt(`0${whole}${fraction}`) * (sign === '-' ? -1n : 1n);
  let scaled = value;
  let shift = 0n;
  for (; !Number.isInteger(scaled); shift++) scaled *= 2;
  let right = BigInt(scaled);
  left <<= shift;
  if (power >= 0) left *= 10n ** BigInt(power);
  else right *= 10n ** BigInt(-power);
  return left < right ? -1 : left > right ? 1 : 0;
}

const LARGEST_FLOAT = 3.4028234663852886e38;
/** Half way from the largest float to the next one there would be. */
const OVERFLOW_MIDPOINT = 3.4028235677973366e38;

/** The float32 nearest to the number that `bytes[start .. end)` spells, undefined if it spells none. */
export function parseFloat32(bytes: Uint8Array, start: number, end: number): number | undefined {
  const value = parseDouble(bytes, start, end);
  if (value === undefined) return undefined;
  const rounded = Math.fround(value);
  if (rounded === value || Number.isNaN(value)) return rounded;
  const overflow = Math.abs(value) === OVERFLOW_MIDPOINT;
  const other = overflow ? Math.sign(value) * LARGEST_FLOAT : 2 * value - rounded;
  if (Math.abs(rounded) === Infinity && !overflow) return rounded;
  if (Math.fround(other) !== other) return rounded;
  // The double lies half way between two floats: only the text can tell to which side, if it was rounded itself.
  const side = compareExactly(trimmedText(bytes, start, end), value);
  if (side === 0) return rounded;
  return side > 0 === other > rounded ? other : rounded;
}

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** The int64 that `bytes[start .. end)` spells, undefined if it spells none or one out of range; for any length. */
export function parseInt64(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  const text = trimmedText(bytes, start, end);
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return value >= INT64_MIN && value <= INT64_MAX ? value : undefined;
}
