import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ScriptContext } from '../application.ts';

const click = (path: string) =>
  `(document.querySelector('nav a[href="${path}"]').click(), undefined)`;

/** What was to be seen at some time, and at the end: one part before the other. */
const inParts = expect.arrayContaining(['waiting-second first', 'first second']) as unknown;

export async function use({ page, origin, tag, app }: ScriptContext): Promise<void> {
  // As HTML: each part is shown when the server sends it, while the document still loads.
  await page.goto(`${origin}/stream`);
  await page.waitFor(`document.getElementById('second')?.checkVisibility()`);
  expect(await page.evaluate(`seen`)).toEqual(inParts);

  // As server components, into the same document.
  await page.evaluate(`(window.kept = true, undefined)`);
  await page.evaluate(click('/'));
  await page.waitFor(`document.querySelector('h1').textContent === 'Home'`);
  await page.evaluate(`(window.seen = [], undefined)`);
  await page.evaluate(click('/stream'));
  await page.waitFor(`document.getElementById('second')?.checkVisibility()`);
  expect(await page.evaluate(`seen`)).toEqual(inParts);
  await page.evaluate(click('/notes'));
  await page.waitFor(`document.getElementById('add')`);

  await page.click('#counter');
  await page.waitFor(`document.getElementById('counter').textContent === 'Clicked 1'`);
  const file = join(app.data, `${tag}.txt`);
  writeFileSync(file, 'x'.repeat(100_000));
  await page.fill('input[name=text]', `Note ${tag}`);
  await page.chooseFiles('input[name=file]', file);
  await page.click('#add');
  const note = `Note ${tag} with ${tag}.txt of 100000 bytes`;
  await page.waitFor(
    `[...document.querySelectorAll('#notes li')].some((item) => item.textContent === '${note}')`,
  );
  await page.waitFor(
    `document.getElementById('who').textContent === 'Last written by Note ${tag}'`,
  );
  expect(await page.evaluate(`[window.kept, document.cookie.includes('who')]`)).toEqual([
    true,
    false,
  ]);
  expect(await page.evaluate(`document.getElementById('counter').textContent`)).toBe('Clicked 1');

  // Without script of the page: a new document, with the cookie that the action set.
  await page.goto(`${origin}/notes`);
  await page.waitFor(
    `document.getElementById('who')?.textContent === 'Last written by Note ${tag}'`,
  );
}
