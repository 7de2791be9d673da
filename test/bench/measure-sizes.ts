/** Compressed sizes of what a browser loads before the first page of an app, against their budgets. */
import { readFileSync } from 'node:fs';
import { ratio, type FigureTable } from './figures.ts';

/** `design.md`, Numbers: KB of 1,000 bytes, compressed by Brotli. */
const budgetBytes = { loaderBrotliBytes: 15_000, openingBrotliBytes: 250_000 };
const names = {
  loaderBrotliBytes: 'Loader, compressed',
  openingBrotliBytes: 'Loader, service worker, runtime and cryptography, compressed',
};

export function measureSizes(table: FigureTable): void {
  const manifest = JSON.parse(
    readFileSync(new URL('../../sw/dist/manifest.json', import.meta.url), 'utf8'),
  ) as { totals: typeof budgetBytes };
  for (const key of ['loaderBrotliBytes', 'openingBrotliBytes'] as const) {
    const bytes = manifest.totals[key];
    const budget = budgetBytes[key];
    table.add(
      names[key],
      `${(bytes / 1e3).toFixed(1)} KB`,
      `budget ${budget / 1e3} KB (${ratio(bytes, budget)})`,
    );
  }
}
