import { expect } from 'vitest';
import type { ScriptContext } from '../application.ts';

const button = `document.querySelector('.graphiql-execute-button')`;
/** Text of the editor that shows results; it breaks lines and draws spaces as no-break ones. */
const result = `(document.querySelector('.result-window .view-lines')?.innerText ?? '').replace(/\\s+/g, ' ')`;

export async function use({ browser, page, origin, tag }: ScriptContext): Promise<void> {
  const run = async (tab: typeof page, query: string): Promise<void> => {
    await tab.goto(`${origin}/?query=${encodeURIComponent(query)}`);
    await tab.waitFor(
      `${button} && document.querySelector('.graphiql-editor .view-lines')?.innerText.length > 10`,
    );
    await tab.click('.graphiql-execute-button');
  };
  await run(page, 'subscription { postAdded { id title } }');
  await page.waitFor(`/stop/i.test(${button}.getAttribute('aria-label'))`);
  const second = await browser.newPage();
  try {
    await run(second, `mutation { addPost(title: "Post of ${tag}") { id } }`);
    await second.waitFor(`${result}.includes('"addPost"')`);
    await page.waitFor(`${result}.includes('Post of ${tag}')`);
  } finally {
    await second.close();
  }
  const events = await page.evaluate<{ type: string; values: number[]; chunks: number }>(
    `(${countDown.toString()})()`,
  );
  expect(events.type).toContain('text/event-stream');
  expect(events.values).toEqual([5, 4, 3, 2, 1, 0]);
  expect(events.chunks).toBeGreaterThan(3);
}

/** Runs in the page. */
async function countDown() {
  const response = await fetch('/', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: 'subscription { countdown(from: 5) }' }),
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  let chunks = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    text += part.value;
    chunks++;
  }
  const values = [...text.matchAll(/"countdown":(\d+)/g)].map(([, n]) => Number(n));
  return { type: response.headers.get('content-type'), values, chunks };
}
