/** Medians and the table that `npm run bench` prints. */

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export interface Figure {
  what: string;
  value: string;
  /** Against what, in the same run. */
  comparedWith: string;
}

export class FigureTable {
  readonly figures: Figure[] = [];

  add(what: string, value: string, comparedWith = ''): void {
    this.figures.push({ what, value, comparedWith });
  }

  /** Markdown, as it stands in docs/performance.md. */
  toString(): string {
    const rows = this.figures.map(
      ({ what, value, comparedWith }) => `| ${what} | ${value} | ${comparedWith} |`,
    );
    return ['| what | figure | compared, in the same run, with |', '|---|---|---|', ...rows].join(
      '\n',
    );
  }
}

export const ratio = (value: number, base: number) => `${(value / base).toFixed(2)}×`;
export const milliseconds = (value: number) => `${value.toFixed(2)} ms`;
