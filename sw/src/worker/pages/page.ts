/** The frame of the worker's own pages: no outside resource, no framing, no script but one known. */
import { html, Markup } from './html.ts';

/** The look of the loader and the login pages (sw/src/login/main.css), as much of it as these need. */
const STYLE = `
:root { color-scheme: light dark; --text: #1b1f24; --muted: #57606a; --back: #f6f7f9; --card: #fff; --line: #d8dee4; --accent: #0b5cad; --on-accent: #fff; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --muted: #9aa4af; --back: #14171b; --card: #1d2126; --line: #30363d; --accent: #6cb2ff; --on-accent: #0d1a29; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--back); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main { width: min(100%, 32rem); padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
h1 { margin: 0; font-size: 1.35rem; line-height: 1.3; }
p { margin: .75rem 0 0; }
label { display: block; margin-top: .75rem; }
input { display: block; width: 100%; padding: .5rem; font: inherit; }
a.button, button { display: inline-block; margin-top: .75rem; padding: .6rem 1.25rem; border-radius: .5rem; background: var(--accent); color: var(--on-accent); font-weight: 600; text-decoration: none; border: 0; font-size: 1rem; cursor: pointer; }
a.button:focus-visible, button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
small { display: block; margin-top: 1.5rem; color: var(--muted); }
code { font-family: ui-monospace, monospace; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .4rem 1.5rem; margin: 1.25rem 0 0; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
`;
/** Exactly what the policy's hash is over: not a byte of white space around it. */
const STYLE_ELEMENT = new Markup(`<style>${STYLE}</style>`);

export interface PageOptions {
  /** Fixed text of ours, the only script that may run. */
  script?: string;
  /** Flags of the CSP directive `sandbox`. */
  sandbox?: string;
  /** The script may start web workers of this origin. */
  workers?: boolean;
  /** Origin that forms may go to. */
  formAction?: string;
}

/** A whole response. `title` is text, `body` the content of `<main>`. */
export async function pageResponse(
  status: number,
  title: string,
  body: Markup,
  { script = '', sandbox, workers = false, formAction = "'none'" }: PageOptions = {},
): Promise<Response> {
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        <main>${body}</main>
        ${script === '' ? '' : new Markup(`<script>${script}</script>`)}
      </body>
    </html>`;
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${await hash(STYLE)}'`,
    ...(script === '' ? [] : [`script-src 'sha256-${await hash(script)}'`]),
    ...(workers ? ["worker-src 'self'"] : []),
    ...(sandbox === undefined ? [] : [`sandbox ${sandbox}`]),
    `base-uri 'none'; form-action ${formAction}; frame-ancestors 'none'`,
  ].join('; ');
  return new Response(document.text, {
    status,
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

async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}
