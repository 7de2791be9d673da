import { createHash } from 'node:crypto';
import { AppError } from '@postern/shared/errors';
import { describe, expect, it } from 'vitest';
import { errorPage } from './error-page.ts';
import { html } from './html.ts';
import type { Look } from './look.ts';
import { pageResponse } from './page.ts';

const plain: Look = { language: 'en', branding: {} };
const branded: Look = {
  language: 'de',
  branding: {
    name: 'Acme & <Co>',
    logo: { sha256: 'a'.repeat(64), mediaType: 'image/svg+xml' },
    light: { accent: '#112233' },
    helpUrl: 'https://help.example/"><script>',
    supportText: '<img src=x>',
  },
};

describe('pageResponse', () => {
  it.each([plain, branded])(
    'allows its own styles by hash, byte for byte, and no other',
    async (look) => {
      const page = { status: 200, title: 'Title', body: html`<p>body</p>` };
      const response = await pageResponse(look, page);
      const text = await response.text();
      const policy = response.headers.get('content-security-policy')!;
      const styles = [...text.matchAll(/<style>([^]*?)<\/style>/g)].map(([, style]) => style!);
      const hashes = styles.map((style) => createHash('sha256').update(style).digest('base64'));
      expect(policy).toContain(`style-src ${hashes.map((hash) => `'sha256-${hash}'`).join(' ')};`);
      expect(policy).toMatch(/^default-src 'none';/);
      expect(policy).not.toContain('script-src');
      expect(styles).toHaveLength(look === plain ? 1 : 2);
      expect(text).toContain(`<html lang="${look.language}">`);
    },
  );

  it('escapes what is text', async () => {
    const page = { status: 200, title: '<b>', body: html`<p>${'<script>'}</p>` };
    const text = await (await pageResponse(plain, page)).text();
    expect(text).toContain('&lt;script&gt;');
    expect(text).not.toContain('<script>');
  });
});

describe('errorPage', () => {
  const refusal = new AppError('ERR_NO_PATH', 'internal words');

  it('says what happened, where, what to do and how to try again', async () => {
    const response = await errorPage(plain, refusal, 'https://wiki.example/a?b=1#c');
    const text = await response.text();
    expect(response.status).toBe(503);
    expect(text).toContain('There is no path to the application right now');
    expect(text).toContain('href="/a?b=1"');
    expect(text).toContain('<code>ERR_NO_PATH</code>');
    expect(text).toMatch(/class="failed">\s*Network/);
    expect(text).not.toContain('internal words');
  });

  it('lets whom policy refuses ask for access, and nobody else', async () => {
    const ask = 'https://login.example/?ask=wiki.example';
    const page = async (code: `ERR_${string}`) =>
      await (
        await errorPage(plain, new AppError(code, 'internal'), 'https://wiki.example/', ask)
      ).text();
    expect(await page('ERR_ACCESS_NO_POLICY')).toContain(`href="${ask}">Ask for access`);
    expect(await page('ERR_ACCESS_REMOVED')).toContain(ask);
    expect(await page('ERR_POSTURE_FAILED')).not.toContain(ask);
    expect(await page('ERR_NO_PATH')).not.toContain(ask);
  });

  it('speaks the language and has the look of the operator, none of it as markup', async () => {
    const text = await (await errorPage(branded, refusal, 'https://wiki.example/')).text();
    expect(text).toContain('Zur Anwendung führt gerade kein Weg');
    expect(text).toContain(`src="/.postern/branding/${'a'.repeat(64)}.svg"`);
    expect(text).toContain('Acme &amp; &lt;Co&gt;');
    expect(text).toContain('--brand-light-accent:#112233');
    expect(text).toContain('&lt;img src=x&gt;');
    expect(text).not.toContain('<script>');
  });
});
