import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ScriptContext } from '../application.ts';

const isFocused = (selector: string) => `document.activeElement?.closest('${selector}')`;

export async function use({ page, origin, tag, app }: ScriptContext): Promise<void> {
  const folder = join(app.data, tag);
  mkdirSync(folder);
  const file = join(folder, 'letter.md');
  writeFileSync(file, '\nDear Ada\n');
  const explorer = `document.querySelector('.explorer-folders-view')?.innerText`;

  await page.goto(`${origin}/?folder=${folder}`);
  await page.waitFor(`${explorer}?.includes('letter.md')`, 60_000);
  await page.click('.explorer-folders-view .monaco-list-row[aria-label^="letter.md"]');
  await page.waitFor(
    `document.querySelector('.editor-instance .view-lines')?.innerText.includes('Dear')`,
  );
  await page.click('.editor-instance .view-lines');
  await page.press('Home', 'Control');
  await page.type(`From ${tag}`);
  await page.waitFor(`document.querySelector('.tab.dirty')`);
  await page.press('s', 'Control');
  await page.waitFor(`!document.querySelector('.tab.dirty')`);
  expect(readFileSync(file, 'utf8')).toBe(`From ${tag}\nDear Ada\n`);

  await page.press('F1');
  await page.waitFor(isFocused('.quick-input-widget'));
  await page.type('Terminal: Create New Terminal');
  await page.waitFor(
    `/Create New Terminal/.test(document.querySelector('.quick-input-list')?.innerText)`,
  );
  await page.press('Enter');
  await page.waitFor(isFocused('.terminal-wrapper'));
  await page.waitFor(`document.querySelector('.terminal-wrapper .xterm-screen')`);
  await page.type(`echo $((6*7)) > made.txt`);
  await page.press('Enter');
  await page.waitFor(`${explorer}.includes('made.txt')`);
  expect(readFileSync(join(folder, 'made.txt'), 'utf8')).toBe('42\n');
}
