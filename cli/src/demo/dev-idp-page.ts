import { createHash } from 'node:crypto';

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: light-dark(#f4f5f7, #16181d); color: light-dark(#1c2330, #e6e9ef); }
main { width: min(22rem, calc(100vw - 3rem)); padding: 2rem; border-radius: 12px; background: light-dark(#fff, #20242c); box-shadow: 0 1px 3px rgb(0 0 0 / .2); }
h1 { margin: 0 0 .25rem; font-size: 1.35rem; }
p { margin: 0 0 1.25rem; color: light-dark(#5a6475, #a3adbd); }
p.problem { min-height: 1.5em; margin: 0 0 .5rem; color: light-dark(#b3261e, #ff8a80); }
label { display: block; margin-top: .75rem; font-weight: 600; }
input { box-sizing: border-box; width: 100%; margin-top: .25rem; padding: .6rem .7rem; font: inherit; border: 1px solid light-dark(#c3c9d4, #434b59); border-radius: 8px; background: transparent; color: inherit; }
button { width: 100%; margin-top: 1.25rem; padding: .7rem; font: inherit; font-weight: 600; border: 0; border-radius: 8px; background: #2456d6; color: #fff; cursor: pointer; }
:focus-visible { outline: 3px solid #7aa2ff; outline-offset: 2px; }`;

const styleHash = createHash('sha256').update(style).digest('base64');

/**
 * The demo identity provider's sign-in form.
 * @param action Path the form posts to; made by the provider, not by the visitor.
 * @param problem What was wrong with the last try.
 */
export function loginPage(action: string, problem = '') {
  return {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      // No form-action: the redirect after the form goes back to another origin.
      'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; frame-ancestors 'none'`,
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    },
    html: `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Demo identity provider</title>
<style>${style}</style>
<main>
<h1>Sign in</h1>
<p>Demo identity provider, standing in for yours.</p>
<p class="problem" role="alert">${problem}</p>
<form method="post" action="${action}">
<label for="username">User name</label>
<input id="username" name="username" autocomplete="username" autocapitalize="none" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">Sign in</button>
</form>
</main>
</html>
`,
  };
}
