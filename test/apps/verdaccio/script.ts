import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { ScriptContext } from '../application.ts';

export async function use({ page, origin, tag }: ScriptContext): Promise<void> {
  const has = (text: string) => `document.body.innerText.includes(${JSON.stringify(text)})`;
  await page.waitFor(`document.querySelector('[data-testid="header--button-login"]')`);
  await page.click('[data-testid="header--button-login"]');
  await page.fill('input[name=username]', 'ada');
  await page.fill('input[name=password]', 'lovelace');
  await page.click('#login--dialog-button-submit:not([disabled])');
  await page.waitFor(`document.querySelector('#header--button-account')`);

  await page.waitFor(has('lattice'));
  await page.evaluate(
    `[...document.querySelectorAll('a')].find((a) => a.pathname.endsWith('/detail/lattice')).click()`,
  );
  await page.waitFor(
    `document.querySelector('[data-testid=readme] strong')?.textContent === 'lattices'`,
  );

  const name = `made-${tag}`;
  const content = Buffer.from(`archive of ${tag} `.repeat(10_000));
  const published = await page.evaluate<number>(`(async () => {
    const login = await fetch('/-/user/org.couchdb.user:ada', {
      method: 'PUT',
      headers: { 'content-type': 'application/json', authorization: 'Basic ' + btoa('ada:lovelace') },
      body: JSON.stringify({ name: 'ada', password: 'lovelace' }),
    });
    const { token } = await login.json();
    const bytes = new TextEncoder().encode('archive of ${tag} '.repeat(10_000));
    let binary = '';
    for (const byte of bytes) binary += String.fromCharCode(byte);
    const file = '${name}-1.0.0.tgz';
    const answer = await fetch('/${name}', {
      method: 'PUT',
      headers: { 'content-type': 'application/json', authorization: 'Bearer ' + token },
      body: JSON.stringify({
        _id: '${name}', name: '${name}', 'dist-tags': { latest: '1.0.0' },
        versions: { '1.0.0': { name: '${name}', version: '1.0.0', description: 'Made here', readme: 'x', dist: {
          shasum: '${createHash('sha1').update(content).digest('hex')}', tarball: location.origin + '/${name}/-/' + file } } },
        _attachments: { [file]: { content_type: 'application/octet-stream', data: btoa(binary), length: bytes.length } },
      }),
    });
    return answer.status;
  })()`);
  expect(published).toBe(201);

  await page.goto(`${origin}/-/web/detail/${name}`);
  await page.waitFor(`${has(name)} && ${has('Made here')} || ${has('1.0.0')}`);
  const archive = await page.evaluate<{ origin: string; sha1: string }>(`(async () => {
    const { versions } = await (await fetch('/${name}')).json();
    const url = new URL(versions['1.0.0'].dist.tarball);
    const bytes = await (await fetch(url)).arrayBuffer();
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-1', bytes));
    return { origin: url.origin, sha1: [...hash].map((b) => b.toString(16).padStart(2, '0')).join('') };
  })()`);
  expect(archive).toEqual({
    origin,
    sha1: createHash('sha1').update(content).digest('hex'),
  });
}
