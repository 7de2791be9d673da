/** The gateway's own pages: what a person reads when there is no application to open. */

export interface PageText {
  title: string;
  /** What happened and what to do, one paragraph each. */
  paragraphs: string[];
  code: string;
}

export const pages = {
  unknownHost: {
    title: 'There is no application at this address',
    paragraphs: [
      'Check the address for typing errors.',
      'If somebody gave it to you, ask whether the application was renamed or removed.',
    ],
    code: 'ERR_GATEWAY_UNKNOWN_HOST',
  },
  controllerUnreachable: {
    title: 'The controller cannot be reached',
    paragraphs: [
      'This gateway cannot find out which application belongs to this address, because the controller does not answer.',
      'Try again in a minute. If it stays so, tell the person who runs this service.',
    ],
    code: 'ERR_CONTROLLER_UNREACHABLE',
  },
  switchedOff: {
    title: 'Access is switched off',
    paragraphs: [
      'The person who runs this service switched off access to all applications for now.',
      'Nothing is wrong with your account or your device. Try again later.',
    ],
    code: 'ERR_GATEWAY_SWITCHED_OFF',
  },
  notFound: {
    title: 'There is no page at this address',
    paragraphs: ['This is the sign-in site. Open the address of the application you want to use.'],
    code: 'ERR_GATEWAY_NOT_FOUND',
  },
} as const satisfies Record<string, PageText>;

/** Inline style of every page; its hash is in their policy. */
export const pageStyle = `
:root { color-scheme: light dark; --text: #1b1f24; --muted: #57606a; --back: #f6f7f9; --card: #fff; --line: #d8dee4; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e8eb; --muted: #9aa4af; --back: #14171b; --card: #1d2126; --line: #30363d; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--back);
  color: var(--text); font: 1rem/1.55 system-ui, sans-serif; }
main { width: min(100%, 30rem); padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; }
h1 { margin: 0 0 0.75rem; font-size: 1.35rem; line-height: 1.3; }
p { margin: 0 0 0.75rem; }
.code { margin: 1.25rem 0 0; color: var(--muted); font-size: 0.85rem; }
code { font-family: ui-monospace, monospace; }
`;

export function renderPage({ title, paragraphs, code }: PageText): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${paragraphs.map((text) => `<p>${text}</p>`).join('\n')}
<p class="code">Code: <code>${code}</code></p>
</main>
</body>
</html>
`;
}
