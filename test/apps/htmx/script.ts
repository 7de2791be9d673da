import { expect } from 'vitest';
import type { ScriptContext } from '../application.ts';

const texts = (selector: string) =>
  `[...document.querySelectorAll('${selector}')].map((e) => e.textContent.trim()).join('|')`;

export async function use({ page, origin, tag }: ScriptContext): Promise<void> {
  await page.goto(`${origin}/for/${tag}`);
  await page.waitFor(`document.getElementById('edit')`);
  await page.click('#edit');
  await page.waitFor(`document.getElementById('save')`);
  await page.fill('#contact input[name=firstName]', `Jane ${tag} & co`);
  await page.click('#save');
  await page.waitFor(`document.getElementById('first-name')?.textContent === 'Jane ${tag} & co'`);

  await page.waitFor(`document.querySelectorAll('#rows > tr > td > button').length === 3`);
  await page.click('#row-2 button');
  await page.waitFor(`${texts('#rows td:first-child')} === 'Row 1|Row 3'`);

  await page.fill('#search', 'eta');
  await page.waitFor(`${texts('#found > tr > td')} === 'beta|zeta'`);

  await page.fill('#email', 'nobody');
  await page.press('Tab');
  await page.waitFor(`document.getElementById('problem').textContent.includes('with @')`);

  await page.waitFor(`${texts('#list > tr > td')} === 'start|part 1|part 2|part 3'`);
  const tick = `Number(document.querySelector('#clock b')?.textContent.slice('tick '.length))`;
  await page.waitFor(`${tick} > 0`);
  const seen = await page.evaluate<number>(tick);
  await page.waitFor(`${tick} > ${seen + 2}`);

  await page.evaluate(`(window.kept = true, undefined)`);
  await page.click('#home');
  await page.waitFor(
    `location.pathname === '/' && document.body.innerText.includes('Examples of htmx')`,
  );
  expect(await page.evaluate(`window.kept`)).toBe(true);
  await page.evaluate(`(history.back(), undefined)`);
  await page.waitFor(
    `location.pathname === '/for/${tag}' && document.getElementById('first-name')`,
  );
}
