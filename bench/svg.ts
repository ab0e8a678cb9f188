import type { Summary } from './statistics.js';

/** One bar: a value with its spread. */
export interface Bar {
  readonly label: string;
  readonly value: Summary;
  /** Drawn in the colour that stands out. */
  readonly isOurs: boolean;
}

/** Bars under one heading; all panels of a chart have one scale. */
export interface Panel {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 720;
const LABELS = 210;
const VALUES = 130;
const BAR = 22;
const HEADING = 34;
const COLORS = { ours: '#1f6feb', theirs: '#8b949e', spread: '#24292f' };

/**
 * A chart of horizontal bars with whiskers from the least to the most, as an SVG file.
 *
 * @param format What stands at the end of a bar.
 */
export function barChart(
  title: string,
  panels: readonly Panel[],
  format: (value: Summary) => string,
): string {
  const most = Math.max(...panels.flatMap(({ bars }) => bars.map(({ value }) => value.most)), 0);
  const scale = most > 0 ? (WIDTH - LABELS - VALUES) / most : 0;
  const parts: string[] = [];
  let y = 30;
  for (const panel of panels) {
    parts.push(text(8, y + 18, panel.title, 'font-weight="600"'));
    y += HEADING;
    for (const bar of panel.bars) {
      parts.push(...barParts(bar, y, scale, format));
      y += BAR + 6;
    }
    y += 8;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y + 4}" viewBox="0 0 ${WIDTH} ${y + 4}"` +
      ' font-family="system-ui, sans-serif" font-size="13" role="img">',
    `<title>${escape(title)}</title>`,
    `<rect width="${WIDTH}" height="${y + 4}" fill="#ffffff"/>`,
    text(8, 20, title, 'font-size="15" font-weight="700"'),
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function barParts(
  { label, value, isOurs }: Bar,
  y: number,
  scale: number,
  format: (value: Summary) => string,
): readonly string[] {
  const x = (count: number): string => (LABELS + count * scale).toFixed(1);
  const middle = y + BAR / 2;
  const color = isOurs ? COLORS.ours : COLORS.theirs;
  const width = (value.median * scale).toFixed(1);
  return [
    text(LABELS - 8, middle + 4, label, 'text-anchor="end"'),
    `<rect x="${LABELS}" y="${y}" width="${width}" height="${BAR}" fill="${color}"/>`,
    `<path d="M${x(value.least)} ${middle}H${x(value.most)}" stroke="${COLORS.spread}" stroke-width="1.5"/>`,
    text(LABELS + value.most * scale + 8, middle + 4, format(value), ''),
  ];
}

function text(x: number, y: number, content: string, attributes: string): string {
  const rest = attributes === '' ? '' : ` ${attributes}`;
  return `<text x="${Number(x.toFixed(1))}" y="${y}" fill="#24292f"${rest}>${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
