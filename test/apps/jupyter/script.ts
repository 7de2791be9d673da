import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ScriptContext } from '../application.ts';

const launcherCard = (title: RegExp) =>
  `[...document.querySelectorAll('.jp-LauncherCard')].find((card) => ${String(title)}.test(card.title + card.innerText))`;

export async function use({ page, origin, tag, app }: ScriptContext): Promise<void> {
  const outputs = `[...document.querySelectorAll('.jp-Notebook .jp-OutputArea-output')].map((o) => o.innerText).join('\\n')`;
  const run = async (...lines: string[]): Promise<void> => {
    for (const line of lines) {
      await page.type(line);
      if (line !== lines.at(-1)) await page.press('Enter');
    }
    await page.press('Enter', 'Shift');
  };
  await page.goto(`${origin}/lab/workspaces/${tag}`);
  await page.waitFor(launcherCard(/^Python 3/), 60_000);
  await page.evaluate(`(${launcherCard(/^Python 3/)}.click(), undefined)`);
  await page.waitFor(
    `document.querySelector('.jp-Notebook .cm-content') && document.querySelector('.jp-Notebook-ExecutionIndicator[data-status=idle]')`,
    60_000,
  );
  await page.click('.jp-Notebook .cm-content');
  await run('import time', 'for n in range(5): print("line", n, flush=True); time.sleep(0.1)');
  await page.waitFor(`${outputs}.includes('line 4')`);
  await run(`print("${tag}".upper()); 1/0`);
  await page.waitFor(
    `${outputs}.includes('${tag.toUpperCase()}') && ${outputs}.includes('ZeroDivisionError')`,
  );
  await run('while True: time.sleep(0.1)');
  await page.waitFor(`document.querySelector('.jp-Notebook-ExecutionIndicator[data-status=busy]')`);
  // Leaves the cell; `i` twice interrupts.
  await page.press('Escape');
  await page.type('ii');
  await page.waitFor(`${outputs}.includes('KeyboardInterrupt')`);

  await page.press('s', 'Control');
  await page.waitFor(
    `document.querySelector('.jp-Dialog') || !document.querySelector('.jp-mod-dirty')`,
  );
  if (await page.evaluate(`document.querySelector('.jp-Dialog') !== null`)) {
    await page.press('Enter');
    await page.waitFor(`!document.querySelector('.jp-Dialog')`);
  }
  await page.waitFor(
    `!document.querySelector('.jp-mod-current.jp-mod-dirty, .lm-TabBar-tab.jp-mod-dirty')`,
  );
  const saved = readdirSync(app.data).filter((file) => {
    return file.endsWith('.ipynb') && readFileSync(join(app.data, file), 'utf8').includes(tag);
  });
  expect(saved).toHaveLength(1);

  await page.goto(`${origin}/lab/workspaces/${tag}t`);
  await page.waitFor(launcherCard(/Terminal/), 60_000);
  await page.evaluate(`(${launcherCard(/Terminal/)}.click(), undefined)`);
  await page.waitFor(`document.querySelector('.jp-Terminal .xterm-helper-textarea')`);
  await page.click('.jp-Terminal .xterm-screen');
  await page.type(`echo $((6*7)) > ${tag}.txt`);
  await page.press('Enter');
  const made = join(app.data, `${tag}.txt`);
  await expect
    .poll(() => existsSync(made) && readFileSync(made, 'utf8'), { timeout: 20_000 })
    .toBe('42\n');

  await page.goto(`${origin}/notebooks/${saved[0]}`);
  await page.waitFor(`${outputs}.includes('${tag.toUpperCase()}')`, 60_000);
}
