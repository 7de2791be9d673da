import { expect } from 'vitest';
import type { ScriptContext } from '../application.ts';

const upgraded = `socket.connected && socket.io.engine.transport.name === 'websocket'`;

export async function use({ browser, page, origin, tag }: ScriptContext): Promise<void> {
  await page.waitFor(upgraded);
  const friend = await browser.newPage();
  const admin = await browser.newPage();
  try {
    await friend.goto(`${origin}/`);
    await friend.waitFor(upgraded);
    const texts = Array.from({ length: 10 }, (_, n) => `${tag} says ${n}`);
    for (const text of texts) {
      await page.fill('#input', text);
      await page.press('Enter');
    }
    for (const tab of [page, friend]) {
      await tab.waitFor(`document.querySelectorAll('#messages li').length === ${texts.length}`);
      expect(
        await tab.evaluate(
          `[...document.querySelectorAll('#messages li')].map((i) => i.textContent)`,
        ),
      ).toEqual(texts);
    }
    expect(await page.evaluate(`JSON.parse(document.getElementById('answer').value)`)).toEqual({
      characters: texts[0]!.length,
      by: 'websocket',
    });
    expect(
      await page.evaluate(`(async () => {
        const sent = crypto.getRandomValues(new Uint8Array(60_000));
        const got = new Uint8Array(await socket.emitWithAck('picture', sent));
        return got.length === sent.length && got.every((byte, n) => byte === sent[n]);
      })()`),
    ).toBe(true);
    await watch(admin, friend, origin);
  } finally {
    await friend.close();
    await admin.close();
  }
}

/** The Admin UI finds the friend's socket and takes its connection away. */
async function watch(
  admin: ScriptContext['page'],
  friend: ScriptContext['page'],
  origin: string,
): Promise<void> {
  const id = await friend.evaluate<string>('socket.id');
  await admin.goto(`${origin}/admin/`);
  const connected = `!document.querySelector('.v-dialog--active') && /connected/i.test(document.body.innerText)`;
  await admin.waitFor(`document.querySelector('.v-dialog--active input') || ${connected}`);
  // It remembers the server it was given before.
  const isKnown = await admin.evaluate(connected);
  if (!isKnown) await logIn(admin, origin);
  await admin.waitFor(connected);
  await admin.evaluate(`location.hash = '#/sockets/'`);
  await admin.waitFor(`document.body.innerText.includes('${id}')`);
  await friend.evaluate(`socket.once('disconnect', (why) => (window.lost = why))`);
  await admin.evaluate(
    `[...document.querySelectorAll('tbody tr')].find((row) => row.innerText.includes('${id}')).querySelector('button:last-of-type').click()`,
  );
  await friend.waitFor(`window.lost === 'io server disconnect'`);
  await friend.evaluate(`socket.connect() && undefined`);
  await friend.waitFor(`${upgraded} && socket.id !== '${id}'`);
}

async function logIn(admin: ScriptContext['page'], origin: string): Promise<void> {
  await admin.fill('.v-dialog--active input[type=text]', origin);
  await admin.click('.v-dialog--active form button[type=submit]');
}
