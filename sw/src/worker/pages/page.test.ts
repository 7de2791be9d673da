import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { html } from './html.ts';
import { pageResponse } from './page.ts';

describe('pageResponse', () => {
  it('allows its own style by hash, byte for byte, and nothing else', async () => {
    const response = await pageResponse(200, 'Title', html`<p>body</p>`);
    const style = /<style>([^]*)<\/style>/.exec(await response.text())![1]!;
    const hash = createHash('sha256').update(style).digest('base64');
    expect(response.headers.get('content-security-policy')).toContain(`style-src 'sha256-${hash}'`);
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none';/);
  });

  it('escapes what is text', async () => {
    const response = await pageResponse(200, '<b>', html`<p>${'<script>'}</p>`);
    const text = await response.text();
    expect(text).toContain('&lt;script&gt;');
    expect(text).not.toContain('<script>');
  });
});
