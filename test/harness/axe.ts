/** Holds a page to WCAG 2.2 AA by axe-core. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect } from 'vitest';
import type { TestPage } from './browser.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

interface Finding {
  id: string;
  nodes: { html: string; failureSummary: string }[];
}

/** @param part selector of what is looked at */
export async function expectAccessible(
  page: TestPage,
  where: string,
  schemes: readonly ('light' | 'dark')[],
  part = 'html',
): Promise<void> {
  if (!(await page.evaluate(`typeof axe === 'object'`))) await page.evaluate(`${axe}; undefined`);
  for (const scheme of schemes) {
    await page.emulate?.({ scheme });
    const { violations } = await page.evaluate<{ violations: Finding[] }>(
      `axe.run('${part}', { runOnly: ${JSON.stringify(RULES)}, resultTypes: ['violations'] })`,
    );
    const told = violations.map(
      ({ id, nodes }) =>
        `${where}, ${scheme}: ${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`,
    );
    expect(told).toEqual([]);
  }
}
