import { JsonWriter } from './json_writer.js';
import { isArray, JsonDouble, JsonObject, type JsonValue } from './json_value.js';

const DEBUG_BYTES = 256;

/**
 * A float32 or float64 as TensorFlow Serving prints it: 6 significant digits, or 9 (17) if 6 do not read back as the
 * same value; always with a point or an exponent; `NaN`, `Infinity` and `-Infinity` as bare words.
 */
export function formatFloat(value: number, dtype: 'float32' | 'float64'): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  // From here to there, both 6 and 9 digits are written without an exponent, and JavaScript writes them as C does.
  if (dtype === 'float32' && size >= 1e-4 && size < 999_999) return formatPlain(value);
  let text = formatG(value, 6);
  const readBack = dtype === 'float32' ? Math.fround(Number(text)) : Number(text);
  if (readBack !== value) text = formatG(value, dtype === 'float32' ? 9 : 17);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** A float32 whose size is neither very small nor very large. */
function formatPlain(value: number): string {
  if (Number.isInteger(value)) return `${value}.0`;
  // Rounding to 6 digits cannot be a tie that reads back: there the two candidates are further off than a float32 is exact.
  const short = value.toPrecision(6);
  if (Math.fround(Number(short)) === value) return withoutZeros(short);
  const long = value.toPrecision(9);
  const isOdd = (long.charCodeAt(long.length - 1) & 1) === 1;
  if (isOdd && value.toPrecision(10).endsWith('5')) return formatG(value, 9);
  return withoutZeros(long);
}

/** `0.500000` gives `0.5`; there must be another digit after the point. */
function withoutZeros(text: string): string {
  let end = text.length;
  while (text.charCodeAt(end - 1) === 0x30) end--;
  return end === text.length ? text : text.slice(0, end);
}

/** C's `%.{digits}g` of a finite number. */
export function formatG(value: number, digits: number): string {
  if (Object.is(value, -0)) return '-0';
  const [mantissa = '', exponentText = '0'] = roundHalfEven(value, digits).split('e');
  const exponent = Number(exponentText);
  const stripped = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  if (exponent < -4 || exponent >= digits) {
    const sign = exponent < 0 ? '-' : '+';
    return `${stripped(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  return stripped(movePoint(mantissa, exponent));
}

/** `toExponential` with C's rounding: where JavaScript takes the larger of two equally near numbers, C takes the even one. */
function roundHalfEven(value: number, digits: number): string {
  const rounded = value.toExponential(digits - 1);
  const [mantissa = '', exponent = '0'] = rounded.split('e');
  if (!/[13579]$/.test(mantissa)) return rounded;
  const [exact = ''] = value.toExponential(Math.min(100, digits + 30)).split('e');
  const cut = mantissa.length;
  if (!/^50*$/.test(exact.slice(cut).replace('.', ''))) return rounded;
  // An odd last digit was reached by rounding a tie up, so the digit before the tie is the even one.
  return `${exact.slice(0, cut)}e${exponent}`;
}

/** `1.2345` and 2 give `123.45`. */
function movePoint(mantissa: string, exponent: number): string {
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const fraction = digits.slice(exponent + 1);
  return `${sign}${digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')}${fraction === '' ? '' : `.${fraction}`}`;
}

/** A JSON value for an error text, cut off after about 256 bytes. */
export function debugJson(value: JsonValue): string {
  const writer = new JsonWriter();
  writer.singleLineArrays = true;
  writeDebug(writer, value);
  return writer.toBytes().toString('utf8');
}

/** False once the limit is reached: then nothing more may be written. */
function writeDebug(writer: JsonWriter, value: JsonValue): boolean {
  if (writer.size >= DEBUG_BYTES) return false;
  if (isArray(value)) {
    writer.startArray();
    if (!value.every((item) => writeDebug(writer, item)) || writer.size >= DEBUG_BYTES) return false;
    writer.endArray();
  } else if (value instanceof JsonObject) {
    writer.startObject();
    const complete = value.members.every(({ key, value: member }) => {
      if (writer.size >= DEBUG_BYTES) return false;
      writer.key(key);
      return writeDebug(writer, member);
    });
    if (!complete || writer.size >= DEBUG_BYTES) return false;
    writer.endObject();
  } else if (value instanceof Uint8Array) {
    writer.string(value);
  } else if (value instanceof JsonDouble) {
    // The original writer cannot print NaN or infinities: it stops there.
    if (!Number.isFinite(value.value)) {
      writer.placeOnly();
      return false;
    }
    writer.raw(shortestDouble(value.value));
  } else {
    writer.raw(String(value));
  }
  return true;
}

function shortestDouble(value: number): string {
  const text = Object.is(value, -0) ? '-0' : String(value).replace('e+', 'e');
  return /[.e]/.test(text) ? text : `${text}.0`;
}
