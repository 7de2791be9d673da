import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ScriptContext } from '../application.ts';

export async function use({ page, tag, app }: ScriptContext): Promise<void> {
  const path = join(app.data, tag);
  /** The folder's panel, and buttons by what they do. */
  const panel = `[...document.querySelectorAll('#folders .panel')].find((p) => p.innerText.includes('${tag}'))`;
  const click = (expression: string) => page.evaluate(`(${expression}.click(), undefined)`);
  const inPanel = (action: string) => `${panel}.querySelector('button[ng-click="${action}"]')`;

  await page.waitFor(`document.querySelector('button[ng-click="addFolder()"]')?.checkVisibility()`);
  await click(`document.querySelector('button[ng-click="addFolder()"]')`);
  // The dialog takes the focus once it has faded in.
  await page.waitFor(
    `getComputedStyle(document.querySelector('#editFolder.in')).opacity === '1' && document.activeElement.closest('#editFolder')`,
  );
  await page.fill('#folderLabel', tag);
  await page.fill('#folderPath', path);
  await page.waitFor(
    `!document.querySelector('#editFolder button[ng-click="saveFolder()"]').disabled`,
  );
  await click(`document.querySelector('#editFolder button[ng-click="saveFolder()"]')`);
  await page.waitFor(`!document.querySelector('#editFolder.in') && ${panel}`);
  await page.waitFor(`/unshared|up to date/i.test(${panel}.innerText)`);
  expect(existsSync(path)).toBe(true);

  writeFileSync(join(path, 'letter.txt'), 'x'.repeat(5_000));
  // News of the folder may draw its panel anew, closed.
  const heading = `${panel}.querySelector('.panel-heading')`;
  await page.waitFor(
    `${inPanel('rescanFolder(folder.id)')}?.checkVisibility() || (${heading}.getAttribute('aria-expanded') !== 'true' && void ${heading}.click())`,
  );
  await click(inPanel('rescanFolder(folder.id)'));
  await page.waitFor(`/4\\.88 KiB|5,?000 B/.test(${panel}.innerText)`);

  await click(inPanel('setFolderPause(folder.id, true)'));
  await page.waitFor(`/paused/i.test(${panel}.innerText)`);
  await click(inPanel('editFolderExisting(folder)'));
  const remove = `document.querySelector('#editFolder.in [data-target="#remove-folder-confirmation"]')`;
  await page.waitFor(`${remove}?.checkVisibility()`);
  await click(remove);
  await page.waitFor(
    `document.querySelector('#remove-folder-confirmation.in button[ng-click="deleteFolder(currentFolder.id)"]')?.checkVisibility()`,
  );
  await click(
    `document.querySelector('#remove-folder-confirmation.in button[ng-click="deleteFolder(currentFolder.id)"]')`,
  );
  await page.waitFor(`!(${panel})`);
  expect(existsSync(join(path, 'letter.txt'))).toBe(true);
}
