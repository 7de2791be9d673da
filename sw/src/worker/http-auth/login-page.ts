/**
 * The dialog for a log-in of the application itself, in the place of the page that asked for it. It is
 * sandboxed into an origin of its own: script of the application can neither read nor fill it.
 */
import { fill } from '@postern/shared/language';
import { pageTexts } from '../../words/pages/index.ts';
import { html } from '../pages/html.ts';
import type { Look } from '../pages/look.ts';
import { pageResponse } from '../pages/page.ts';

export const LOGIN_PATH = '/.postern/authenticate';

/** Longest field of the form taken. */
const MAX_LENGTH = 1_024;

export interface LoginPageOptions {
  origin: string;
  realm: string;
  /** Path and query to open after it. */
  target: string;
  wasWrong: boolean;
}

export function loginPage(
  look: Look,
  { origin, realm, target, wasWrong }: LoginPageOptions,
): Promise<Response> {
  const { host } = new URL(origin);
  const texts = pageTexts[look.language].logIn;
  return pageResponse(look, {
    status: 401,
    title: texts.title,
    body: html`<h1>${texts.title}</h1>
      <p>${fill(texts.text, { host, realm })}</p>
      ${wasWrong ? html`<p role="alert">${texts.wrong}</p>` : ''}
      <form method="post" action="${origin + LOGIN_PATH}">
        <input type="hidden" name="realm" value="${realm}" />
        <input type="hidden" name="target" value="${target}" />
        <label>${texts.name} <input name="user" autocomplete="username" autofocus /></label>
        <label
          >${texts.password} <input name="password" type="password" autocomplete="current-password"
        /></label>
        <button type="submit">${texts.action}</button>
      </form>`,
    sandbox: 'allow-forms',
    formAction: origin,
  });
}

export interface LoginForm {
  realm: string;
  target: string;
  user: string;
  password: string;
}

/** What the form sent; `undefined` for anything else. */
export async function readLoginForm(
  request: Request,
  origin: string,
): Promise<LoginForm | undefined> {
  if (request.method !== 'POST') return undefined;
  const text = await request.text();
  if (text.length > 8 * MAX_LENGTH) return undefined;
  const form = new URLSearchParams(text);
  const [realm, target, user, password] = ['realm', 'target', 'user', 'password'].map(
    (name) => form.get(name) ?? '',
  );
  if (!realm || user === undefined || password === undefined) return undefined;
  if (user.length > MAX_LENGTH || password.length > MAX_LENGTH) return undefined;
  // Never to another origin, whatever the form says.
  const url = URL.canParse(target ?? '', origin) ? new URL(target ?? '', origin) : undefined;
  const place = url?.origin === origin ? url.pathname + url.search : '/';
  return { realm, target: place, user, password };
}
