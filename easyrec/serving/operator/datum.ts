import { DataError } from '../../errors.js';

/** Base64 as the standard has it, or with the URL's two letters; padding may be missing. */
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/**
 * The bytes of a datum: base64 text, line breaks allowed, or a base64 data URL such as `data:image/png;base64,…`.
 * @throws DataError when it is neither, or empty.
 */
export function readDatum(datum: string): Uint8Array {
  const text = datum.startsWith('data:') ? dataUrlContent(datum) : datum;
  const letters = text.replace(/\s+/g, '');
  if (letters === '') throw new DataError('datum: expected base64 text, received nothing');
  if (!BASE64.test(letters) || letters.replace(/=+$/, '').length % 4 === 1) {
    throw new DataError(`datum: expected base64 text, received ${JSON.stringify(shortened(letters))}`);
  }
  return Buffer.from(letters, 'base64');
}

function dataUrlContent(url: string): string {
  const comma = url.indexOf(',');
  const header = comma < 0 ? url : url.slice(0, comma);
  if (comma < 0 || !/;base64$/i.test(header)) {
    throw new DataError(
      `datum: expected a data URL that says ";base64,", received ${JSON.stringify(shortened(header))}`,
    );
  }
  const content = url.slice(comma + 1);
  if (!content.includes('%')) return content;
  try {
    return decodeURIComponent(content);
  } catch (cause) {
    throw new DataError('datum: expected a data URL, received one with a broken %-escape', { cause });
  }
}

function shortened(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
