import stringWidth from 'string-width';
import { printable } from './printable.ts';

const GAP = '  ';
/** No column is cut below this width. */
const MIN_COLUMN = 8;

/**
 * Rows under headings, two blanks apart. Where `width` is known and too small, the widest columns are
 * cut, ending in `…`.
 *
 * @param width columns of the terminal; `undefined` never cuts
 */
export function renderTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  width?: number,
): string {
  const cells = [headings.map((heading) => heading.toUpperCase()), ...rows].map((row) =>
    row.map((cell) => printable(cell).replace(/[\t\n]/g, ' ')),
  );
  const natural = headings.map((_, at) =>
    Math.max(...cells.map((row) => stringWidth(row[at] ?? ''))),
  );
  const widths =
    width === undefined ? natural : fit(natural, width - GAP.length * (headings.length - 1));
  return cells
    .map((row) =>
      row
        .map((cell, at) => pad(cell, widths[at] ?? 0))
        .join(GAP)
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** Takes one column at a time off the widest until all fit. */
function fit(natural: readonly number[], available: number): number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, one) => sum + one, 0) - available;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= MIN_COLUMN) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

function pad(cell: string, width: number): string {
  const own = stringWidth(cell);
  if (own <= width) return cell + ' '.repeat(width - own);
  let cut = '';
  let used = 0;
  for (const { segment } of new Intl.Segmenter().segment(cell)) {
    const next = stringWidth(segment);
    if (used + next > width - 1) break;
    cut += segment;
    used += next;
  }
  return `${cut}…${' '.repeat(width - used - 1)}`;
}
