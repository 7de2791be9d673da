/** What a person sees when an authorization request fails before it can go back to the application. */

/** Nothing loads, nothing runs, nobody frames it. */
export const ERROR_PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** Only codes of RFC 6749 §4.1.2.1 and alike are shown: what a request said is never reflected. */
export function renderErrorPage(error: string): string {
  const code = /^[a-z_]{1,64}$/.test(error) ? error : 'server_error';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign-in could not be completed</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; }
  main { max-width: 30rem; padding: 2rem; }
  h1 { font-size: 1.5rem; line-height: 1.2; }
  code { padding: 0.1em 0.4em; border-radius: 0.25em; background: color-mix(in srgb, currentcolor 12%, transparent); }
</style>
</head>
<body>
<main>
<h1>Sign-in could not be completed</h1>
<p>The sign-in took too long, was already used, or was started in another browser.</p>
<p>Open the application again to start over. If it happens again, report this code: <code>${code}</code></p>
</main>
</body>
</html>
`;
}
