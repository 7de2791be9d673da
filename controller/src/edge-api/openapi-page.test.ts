import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { buildOpenApi } from './openapi.ts';
import { PAGE_POLICY, renderOpenApiPage } from './openapi-page.ts';
import { detailOf } from './responses.ts';

const hostile = `"><script>alert(1)</script><img src=x onerror='x'>`;
const page = renderOpenApiPage(
  buildOpenApi({ title: hostile, base: '/base' }, [
    {
      method: 'get',
      path: '/things/:id',
      access: 'session',
      summary: hostile,
      note: hostile,
      query: { [hostile]: { schema: z.string(), description: hostile } },
      response: detailOf(z.object({ [hostile]: z.literal(hostile) }).meta({ id: 'Thing' })),
    },
  ]),
);

it('shows every operation and links schemas', () => {
  expect(page).toContain('<b>GET</b> <code>/things/{id}</code>');
  expect(page).toContain('<a href="#Thing">Thing</a>');
  expect(page).toContain('<details id="Thing">');
});

it('escapes whatever a declaration says', () => {
  expect(page).not.toMatch(/<script|<img/);
});

it('carries only the style that its policy names', () => {
  const [, style = ''] = /<style>([^]*?)<\/style>/.exec(page) ?? [];
  expect(PAGE_POLICY).toContain(createHash('sha256').update(style).digest('base64'));
  expect(PAGE_POLICY).toMatch(/^default-src 'none';/);
  expect(page.match(/<style|style=/g)).toHaveLength(1);
});
