import type { ScriptContext } from '../application.ts';

/** The terminal has a colour: red, green, blue as bits. Away from the middle, where the pointer is. */
const painted = (bits: [0 | 1, 0 | 1, 0 | 1]) => `(() => {
  const canvas = document.querySelector('#noVNC_container canvas');
  const [...pixel] = canvas.getContext('2d').getImageData(canvas.width * 0.75, canvas.height * 0.75, 1, 1).data;
  return ${JSON.stringify(bits)}.every((bit, n) => (bit ? pixel[n] > 200 : pixel[n] < 60));
})()`;
const isConnected = `document.documentElement.classList.contains('noVNC_connected')`;

export async function use({ page }: ScriptContext): Promise<void> {
  const connect = async (): Promise<void> => {
    await page.waitFor(
      `!/noVNC_(loading|connecting|connected|disconnecting)/.test(document.documentElement.className)`,
    );
    await page.evaluate(`(document.querySelector('#noVNC_connect_button').click(), undefined)`);
    await page.waitFor(
      `document.querySelector('#noVNC_credentials_dlg.noVNC_open, #noVNC_password_dlg.noVNC_open')`,
    );
    await page.fill('#noVNC_password_input', 'lovelace');
    await page.press('Enter');
    await page.waitFor(isConnected);
    await page.waitFor(painted([1, 1, 1]));
    await page.clickAt(500, 300);
  };
  await connect();
  await page.type('sh paint red');
  await page.press('Enter');
  await page.waitFor(painted([1, 0, 0]));
  await page.type('sh paint blue');
  await page.press('Enter');
  await page.waitFor(painted([0, 0, 1]));
  await page.type('sh paint white');
  await page.press('Enter');
  await page.waitFor(painted([1, 1, 1]));
  await page.evaluate(`(document.querySelector('#noVNC_disconnect_button').click(), undefined)`);
  await page.waitFor(`!${isConnected}`);
  await connect();
  await page.type('sh paint red');
  await page.press('Enter');
  await page.waitFor(painted([1, 0, 0]));
  await page.type('sh paint white');
  await page.press('Enter');
  await page.waitFor(painted([1, 1, 1]));
}
