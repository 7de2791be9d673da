import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ScriptContext } from '../application.ts';

const editor = `document.querySelector('iframe.tc-edit-texteditor, iframe.tc-edit-texteditor-body')?.contentDocument`;
/** It saves a moment later: first to the server, which writes the file then. */
const inTime = { timeout: 20_000 };

export async function use({ page, origin, tag, app }: ScriptContext): Promise<void> {
  const title = `Note ${tag}`;
  const text = `All about //${tag}//`;
  const file = join(app.data, 'tiddlers', `${title}.tid`);

  await page.waitFor(
    `document.querySelector('.tc-page-controls button[aria-label="new tiddler"]')`,
  );
  await page.click('.tc-page-controls button[aria-label="new tiddler"]');
  await page.waitFor(`${editor}?.querySelector('textarea')`);
  await page.fill('.tc-tiddler-edit-frame input.tc-titlebar', title);
  await page.fill('.tc-edit-add-tag input', 'work');
  await page.press('Enter');
  await page.waitFor(`document.querySelector('.tc-edit-tags .tc-tag-label')`);
  await page.evaluate(`(() => {
    const area = ${editor}.querySelector('textarea');
    area.value = ${JSON.stringify(text)};
    area.dispatchEvent(new area.ownerDocument.defaultView.Event('input', { bubbles: true }));
  })()`);
  await page.click('.tc-tiddler-edit-frame button[aria-label="Confirm changes to this tiddler"]');
  const shown = `[...document.querySelectorAll('.tc-tiddler-view-frame')].find((f) => f.dataset.tiddlerTitle === '${title}')`;
  await page.waitFor(`${shown}?.querySelector('.tc-tiddler-body em')?.textContent === '${tag}'`);
  await expect.poll(() => readFileSync(file, 'utf8'), inTime).toMatch(/tags: work[^]*All about/);
  // While anything is unsaved, it asks before the page is left.
  await page.waitFor(`!document.body.classList.contains('tc-dirty')`);

  await page.goto(`${origin}/`);
  await page.waitFor(`document.querySelector('.tc-search input[type=search]')`);
  await page.fill('.tc-search input[type=search]', tag);
  await page.waitFor(
    `[...document.querySelectorAll('.tc-search-drop-down a')].some((a) => a.textContent === '${title}')`,
  );
  await page.evaluate(
    `[...document.querySelectorAll('.tc-search-drop-down a')].find((a) => a.textContent === '${title}').click()`,
  );
  await page.waitFor(`${shown}?.querySelector('.tc-tiddler-body em')?.textContent === '${tag}'`);

  await page.evaluate(
    `(${shown}.querySelector('button[aria-label="Edit this tiddler"]').click(), undefined)`,
  );
  await page.waitFor(`document.querySelector('button[aria-label="Delete this tiddler"]')`);
  await page.evaluate(`(window.confirm = () => true, undefined)`);
  await page.click('button[aria-label="Delete this tiddler"]');
  await expect.poll(() => existsSync(file), inTime).toBe(false);
}
