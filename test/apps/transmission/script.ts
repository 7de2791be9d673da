import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ScriptContext } from '../application.ts';
import { makeTorrent } from './torrent.ts';

export async function use({ page, tag, app }: ScriptContext): Promise<void> {
  const name = `${tag}.bin`;
  const content = Buffer.alloc(200_000, tag);
  writeFileSync(join(app.data, name), content);
  const torrent = join(app.data, `${tag}.torrent`);
  writeFileSync(torrent, makeTorrent(name, content));
  const click = (expression: string) => page.evaluate(`(${expression}.click(), undefined)`);
  const item = `[...document.querySelectorAll('#torrent_list > li')].find((i) => i.innerText.includes('${name}'))`;

  await page.waitFor(`window.transmission && document.querySelector('#toolbar-open')`);
  await click(`document.querySelector('#toolbar-open')`);
  await page.waitFor(`document.querySelector('#torrent_upload_file')?.checkVisibility()`);
  await page.chooseFiles('#torrent_upload_file', torrent);
  await click(`document.querySelector('#upload_confirm_button')`);
  await page.waitFor(`/seeding|100%/i.test(${item}?.innerText)`);

  const select = `${item}.dispatchEvent(new MouseEvent('mousedown', { bubbles: true })), ${item}.click()`;
  await page.evaluate(`(${select}, undefined)`);
  await page.waitFor(`${item}.classList.contains('selected')`);
  await click(`document.querySelector('#toolbar-pause')`);
  await page.waitFor(`/paused/i.test(${item}.innerText)`);
  await click(`document.querySelector('#toolbar-start')`);
  await page.waitFor(`/seeding|idle/i.test(${item}.innerText)`);

  await click(`document.querySelector('#toolbar-inspector')`);
  await click(`document.querySelector('#inspector-tab-files')`);
  await page.waitFor(
    `document.querySelector('#inspector_file_list')?.innerText.includes('${name}')`,
  );
  await click(`document.querySelector('#toolbar-inspector')`);

  await click(`document.querySelector('#toolbar-remove')`);
  await page.waitFor(`document.querySelector('#dialog_confirm_button')?.checkVisibility()`);
  await click(`document.querySelector('#dialog_confirm_button')`);
  await page.waitFor(`!(${item})`);
  expect(existsSync(join(app.data, name))).toBe(true);
}
