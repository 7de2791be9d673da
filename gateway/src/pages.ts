/** The gateway's own pages: what a person reads when there is no application to open. */
import { brandStyle, logoPath, type Branding } from '@postern/shared/branding';
import { chooseLanguage, parseAcceptLanguage, type Language } from '@postern/shared/language';
import { hashSource, pageCsp } from './csp.ts';
import { escapeHtml } from './escape-html.ts';
import type { Reply } from './responses.ts';
import { gatewayTexts } from './words/index.ts';

/** Each page with its status and code. */
export const pages = {
  unknownHost: { status: 421, code: 'ERR_GATEWAY_UNKNOWN_HOST' },
  controllerUnreachable: { status: 503, code: 'ERR_CONTROLLER_UNREACHABLE' },
  switchedOff: { status: 503, code: 'ERR_GATEWAY_SWITCHED_OFF' },
  notFound: { status: 404, code: 'ERR_GATEWAY_NOT_FOUND' },
} as const;
export type PageName = keyof typeof pages;

/** @param tokens the style all pages share, from the build of `sw` */
export function createPages(tokens: string) {
  return async (
    name: PageName,
    acceptLanguage: string | null,
    branding: Branding = {},
  ): Promise<Reply> => {
    const language = chooseLanguage(parseAcceptLanguage(acceptLanguage));
    const style = tokens + brandStyle(branding);
    return {
      status: pages[name].status,
      body: render(name, language, branding, style),
      type: 'text/html; charset=utf-8',
      csp: pageCsp(await hashSource(style)),
      headers: { vary: 'Accept-Language' },
    };
  };
}

function render(name: PageName, language: Language, branding: Branding, style: string): string {
  const texts = gatewayTexts[language];
  const { title, happened, next } = texts[name];
  const { status, code } = pages[name];
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
${brandMark(branding)}<main class="card">
<h1>${title}</h1>
<p>${happened}</p>
<p>${next}</p>
${status === 503 ? `<p><a class="button" href="">${texts.tryAgain}</a></p>\n` : ''}<p class="code">${texts.code}: <code>${code}</code></p>
${supportBox(branding, texts.help)}</main>
</body>
</html>
`;
}

function brandMark({ logo, name }: Branding): string {
  if (logo === undefined && name === undefined) return '';
  const image = logo === undefined ? '' : `<img src="${logoPath(logo)}" alt="">`;
  return `<header class="brand">${image}${escapeHtml(name ?? '')}</header>\n`;
}

function supportBox({ supportText, helpUrl }: Branding, help: string): string {
  if (supportText === undefined && helpUrl === undefined) return '';
  const text = supportText === undefined ? '' : `<p>${escapeHtml(supportText)}</p>`;
  const link =
    helpUrl === undefined ? '' : `<a href="${escapeHtml(helpUrl)}" rel="noreferrer">${help}</a>`;
  return `<div class="support">${text}${link}</div>\n`;
}
