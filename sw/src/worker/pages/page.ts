/** The frame of the worker's own pages: no outside resource, no framing, no script but one known. */
import { brandStyle, logoPath } from '@postern/shared/branding';
import tokens from '../../look/tokens.css?raw';
import { problemTexts } from '../../words/problems/index.ts';
import { html, Markup } from './html.ts';
import type { Look } from './look.ts';
import pageStyle from './page.css?raw';

export interface Page {
  status: number;
  /** Text. */
  title: string;
  /** Content of `<main>`. */
  body: Markup;
  /** Fixed text of ours, the only script that may run. */
  script?: string;
  /** Fixed text of ours, after the style all pages have. */
  style?: string;
  /** Flags of the CSP directive `sandbox`. A page in a sandbox loads nothing, not even a logo. */
  sandbox?: string;
  /** The script may start web workers of this origin. */
  workers?: boolean;
  /** Origin that forms may go to. */
  formAction?: string;
  /** Ends with where to find help. */
  isProblem?: boolean;
}

/** A whole response. */
export async function pageResponse(look: Look, page: Page): Promise<Response> {
  const { script = '', sandbox, formAction = "'none'" } = page;
  const styles = [tokens + pageStyle + (page.style ?? ''), brandStyle(look.branding)].filter(
    (style) => style !== '',
  );
  const document = html`<!doctype html>
    <html lang="${look.language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${page.title}</title>
        ${all(styles.map((style) => new Markup(`<style>${style}</style>`)))}
      </head>
      <body>
        ${brandMark(look, sandbox === undefined)}
        <main class="card">${page.body} ${page.isProblem === true ? supportBox(look) : ''}</main>
        ${script === '' ? '' : new Markup(`<script>${script}</script>`)}
      </body>
    </html>`;
  const policy = [
    "default-src 'none'",
    `style-src ${(await Promise.all(styles.map(hashSource))).join(' ')}`,
    ...(script === '' ? [] : [`script-src ${await hashSource(script)}`]),
    ...(page.workers === true ? ["worker-src 'self'"] : []),
    ...(sandbox === undefined ? ["img-src 'self'"] : [`sandbox ${sandbox}`]),
    `base-uri 'none'; form-action ${formAction}; frame-ancestors 'none'`,
  ].join('; ');
  return new Response(document.text, {
    status: page.status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': policy,
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      'referrer-policy': 'same-origin',
    },
  });
}

/** Several pieces of markup as one. */
export function all(pieces: readonly Markup[]): Markup {
  return new Markup(pieces.map(({ text }) => text).join(''));
}

function brandMark({ branding: { logo, name } }: Look, mayLoad: boolean): Markup | '' {
  const image = mayLoad && logo !== undefined ? html`<img src="${logoPath(logo)}" alt="" />` : '';
  return image === '' && name === undefined
    ? ''
    : html`<header class="brand">${image}${name ?? ''}</header>`;
}

function supportBox({ branding: { supportText, helpUrl }, language }: Look): Markup | '' {
  if (supportText === undefined && helpUrl === undefined) return '';
  return html`<div class="support">
    ${supportText === undefined ? '' : html`<p>${supportText}</p>`}
    ${
      helpUrl === undefined
        ? ''
        : html`<a href="${helpUrl}" rel="noreferrer">${problemTexts[language].help}</a>`
    }
  </div>`;
}

async function hashSource(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`;
}
