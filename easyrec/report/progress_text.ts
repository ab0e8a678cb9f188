import { displayWidth } from './table.js';

/** `61.2k`, `950`, `1.25M`: three significant digits and a suffix. */
export function formatCount(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (value >= 999_500) return `${(value / 1e6).toPrecision(3)}M`;
  if (value >= 999.5) return `${(value / 1e3).toPrecision(3)}k`;
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** `42s`, `2m03s`, `1h05m`; `-` when it is not known. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '-';
  const total = Math.round(seconds);
  const two = (n: number): string => String(n).padStart(2, '0');
  if (total < 60) return `${total}s`;
  if (total < 3600) return `${Math.floor(total / 60)}m${two(total % 60)}s`;
  return `${Math.floor(total / 3600)}h${two(Math.floor((total % 3600) / 60))}m`;
}

/** A metric with at most 6 significant digits; NaN and infinities by name. */
export function formatValue(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value);
}

/** `[=====>    ]`, `width` columns in all, `fraction` of it (0 to 1) filled. */
export function formatBar(fraction: number, width: number): string {
  const inner = Math.max(0, width - 2);
  const filled = Math.floor(Math.min(1, Math.max(0, fraction)) * inner);
  const tip = filled < inner ? '>' : '';
  return `[${`${'='.repeat(filled)}${tip}`.padEnd(inner)}]`;
}

/** As many of `parts` (most important first) as fit into `width` columns, two spaces apart; the first is cut if it must be. */
export function fitParts(parts: readonly string[], width: number): string {
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line}  ${part}`;
    if (displayWidth(longer) > width) return line === '' ? part.slice(0, Math.max(0, width)) : line;
    line = longer;
  }
  return line;
}
