import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ScriptContext } from '../application.ts';
import { makePicture } from './picture.ts';

export async function use({ page, origin, tag, app }: ScriptContext): Promise<void> {
  const title = `Zürich ${tag}`;
  const at = (query: string) => `${origin}/index.php?title=${query}`;
  const ready = `document.readyState === 'complete' && window.mw?.config`;
  const open = async (query: string): Promise<void> => {
    await page.goto(at(query));
    await page.waitFor(`${ready} && location.href.includes(${JSON.stringify(query)})`);
  };

  await open('Special:UserLogin');
  await page.fill('#wpName1', 'Ada');
  await page.fill('#wpPassword1', 'engine-of-1843');
  await page.click('#wpLoginAttempt');
  await page.waitFor(`${ready} && mw.config.get('wgUserName') === 'Ada'`);
  expect(await page.evaluate(`document.cookie`)).not.toMatch(/_session=/);

  await open(`${encodeURIComponent(title)}&action=edit`);
  await page.fill('#wpTextbox1', `== Fluss ==\nDie '''Limmat''' von ${tag}.\n`);
  await page.click('#wpPreview');
  await page.waitFor(`document.querySelector('#wikiPreview b')?.textContent === 'Limmat'`);
  await page.waitFor(`${ready} && document.getElementById('wpTextbox1').value.includes('Limmat')`);
  await page.click('#wpSave');
  await page.waitFor(
    `${ready} && mw.config.get('wgAction') === 'view' && document.querySelector('#mw-content-text h2')?.textContent.startsWith('Fluss')`,
  );

  await page.waitFor(`document.querySelector('#ca-unwatch a, #ca-watch a')`);
  const was = await page.evaluate<string>(`document.querySelector('#ca-unwatch, #ca-watch').id`);
  await page.evaluate(`mw.loader.using('mediawiki.page.watch.ajax').then(() => true)`);
  await page.evaluate(`(document.querySelector('#ca-unwatch a, #ca-watch a').click(), undefined)`);
  await page.waitFor(
    `document.getElementById('${was === 'ca-watch' ? 'ca-unwatch' : 'ca-watch'}')`,
  );

  const file = join(app.data, `${tag}.png`);
  writeFileSync(file, makePicture(24, 16));
  await open('Special:Upload');
  await page.chooseFiles('#wpUploadFile', file);
  await page.waitFor(`document.getElementById('wpDestFile').value !== ''`);
  await page.click('#mw-upload-form input[name=wpUpload]');
  await page.waitFor(`${ready} && document.querySelector('#file img')?.naturalWidth === 24`);

  await open(`${encodeURIComponent(title)}&action=edit`);
  await page.fill('#wpTextbox1', `== Fluss ==\nDie '''Sihl'''. [[File:${tag}.png]]\n`);
  await page.click('#wpSave');
  const image = `document.querySelector('#mw-content-text img')`;
  await page.waitFor(`${ready} && ${image}?.complete && ${image}.naturalWidth === 24`);
  await open(`${encodeURIComponent(title)}&diff=cur`);
  await page.waitFor(`/Limmat/.test(document.querySelector('.diff-deletedline')?.innerText)`);

  await page.goto(`${origin}/index.php?search=${tag}&title=Special:Search&fulltext=1`);
  await page.waitFor(`${ready} && document.body.innerText.includes('${title}')`);

  await open('Special:UserLogout');
  await page.click('#mw-content-text button[type=submit], #mw-content-text input[type=submit]');
  await page.waitFor(`${ready} && mw.config.get('wgUserName') === null`);
}
