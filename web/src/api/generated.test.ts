import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { generate } from '../../generate-types.mjs';

it('has files as the document of the API says: "npm run -w @postern/web types" renews them', async () => {
  for (const [file, content] of Object.entries(await generate()))
    expect(await readFile(new URL(`../../${file}`, import.meta.url), 'utf8'), file).toBe(content);
});
