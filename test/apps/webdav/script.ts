import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ScriptContext } from '../application.ts';

export async function use({ page, origin, tag, app }: ScriptContext): Promise<void> {
  const run = <T>(body: string): Promise<T> => page.evaluate<T>(`(async () => { ${body} })()`);
  const path = `/Ordner ${tag} ä`;
  await page.goto(`${origin}/index.html`);
  await page.waitFor(`window.client`);

  await run(`await client.createDirectory('${path}')`);
  const bytes = await run<number>(`
    const content = new Uint8Array(300_000).map((_, n) => n % 251).buffer;
    await client.putFileContents('${path}/a b.bin', content);
    await client.putFileContents('${path}/note.txt', 'Grüße von ${tag}');
    return (await client.getFileContents('${path}/a b.bin')).byteLength;`);
  expect(bytes).toBe(300_000);
  expect(readFileSync(join(app.data, path, 'note.txt'), 'utf8')).toBe(`Grüße von ${tag}`);

  const listed = await run(`
    const items = await client.getDirectoryContents('${path}');
    return items.map(({ basename, size, type }) => [basename, size, type]).sort();`);
  expect(listed).toEqual([
    ['a b.bin', 300_000, 'file'],
    ['note.txt', new TextEncoder().encode(`Grüße von ${tag}`).length, 'file'],
  ]);

  await run(`
    await client.copyFile('${path}/note.txt', '${path}/copy.txt');
    await client.moveFile('${path}/note.txt', '${path}/moved.txt');`);
  expect(existsSync(join(app.data, path, 'note.txt'))).toBe(false);
  expect(existsSync(join(app.data, path, 'copy.txt'))).toBe(true);
  expect(await run(`return client.getFileContents('${path}/moved.txt', { format: 'text' })`)).toBe(
    `Grüße von ${tag}`,
  );

  const locked = await run(`
    const lock = await client.lock('${path}/moved.txt');
    const refused = await client.deleteFile('${path}/moved.txt').then(() => 0, (error) => error.status);
    await client.unlock('${path}/moved.txt', lock.token);
    return refused;`);
  expect(locked).toBe(423);

  const part = await run(`
    const range = { headers: { Range: 'bytes=100-199' } };
    const got = new Uint8Array(await client.getFileContents('${path}/a b.bin', range));
    return [got.length, got[0]];`);
  expect(part).toEqual([100, 100]);

  await run(`await client.deleteFile('${path}')`);
  expect(existsSync(join(app.data, path))).toBe(false);
  expect(await run(`return client.exists('${path}')`)).toBe(false);
}
