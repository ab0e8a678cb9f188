/** How a column's cells are placed; numbers read best on the right. */
export type Alignment = 'left' | 'right';

/** One column of a table: its heading, and where its cells stand (default left). */
export interface TableColumn {
  readonly title: string;
  readonly align?: Alignment;
}

/** Code points that take no column of their own: combining marks, joiners, variation selectors. */
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** Scripts and symbols that terminals draw two columns wide. */
const WIDE =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6\p{Emoji_Presentation}]$/u;

/** The number of terminal columns that `text` takes. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (ZERO_WIDTH.test(character)) continue;
    width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

/** Control characters would break the rows apart, so they are shown as escapes. */
function printable(cell: string): string {
  return cell.replace(/\p{Cc}/gu, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/**
 * Rows in aligned columns, two spaces apart, under a heading and a rule; no trailing spaces, one newline at the end.
 * @throws RangeError when a row has another number of cells than there are columns.
 */
export function formatTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const body = rows.map((row, index) => {
    if (row.length !== columns.length) {
      throw new RangeError(`table row ${index}: expected ${columns.length} cells, received ${row.length}`);
    }
    return row.map((cell) => printable(String(cell)));
  });
  const head = columns.map(({ title }) => title);
  const widths = columns.map((_, j) => Math.max(...[head, ...body].map((row) => displayWidth(row[j] ?? ''))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, j) => {
        const padding = ' '.repeat((widths[j] ?? 0) - displayWidth(cell));
        return columns[j]?.align === 'right' ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width));
  return [head, rule, ...body].map((row) => `${line(row)}\n`).join('');
}
