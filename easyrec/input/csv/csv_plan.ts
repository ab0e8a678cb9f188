import { ConfigError, type SourceLocation } from '../../errors.js';
import { planReader, type ReaderPlan } from '../reader_plan.js';
import type { ReaderOptions } from '../reader.js';

/** Checked options of a CSV reader: files found, separator as a byte. Plain data. */
export interface CsvPlan extends ReaderPlan {
  readonly separator: number;
}

const ESCAPES: ReadonlyMap<string, number> = new Map([
  ['\\t', 9],
  ['\\\\', 92],
]);

/**
 * The byte that a `separator` setting means.
 * @throws ConfigError unless it is one ASCII character other than a quote or a line end.
 */
export function separatorByte(text: string, at?: SourceLocation): number {
  const coded = /^\\(?:x([0-9a-f]{1,2})|([0-7]{1,3}))$/i.exec(text);
  const byte =
    ESCAPES.get(text) ??
    (coded === null ? undefined : parseInt(coded[1] ?? coded[2] ?? '', coded[1] === undefined ? 8 : 16)) ??
    (text.length === 1 ? text.charCodeAt(0) : NaN);
  if (byte >= 0 && byte < 128 && byte !== 10 && byte !== 13 && byte !== 34) return byte;
  throw new ConfigError(
    `separator: expected one ASCII character other than a quote or a line end, received ${JSON.stringify(text)}`,
    { at },
  );
}

/**
 * Checks everything that can be told without reading the files.
 * @throws ConfigError for options that make no sense, DataError for files that are not there.
 */
export function planCsv(options: ReaderOptions): CsvPlan {
  const separator = separatorByte(options.separator, options.settingsAt?.['separator']);
  return { ...planReader(options), separator };
}
