/** What the login origin shows. Each screen replaces the one before and takes the focus. */
import { mergeBranding, type Branding } from '@postern/shared/branding';
import { fill, type Language } from '@postern/shared/language';
import type { Interaction } from '@postern/shared/schemas';
import { applyColors, brandMark, supportBox } from '../look/brand.ts';
import { loginTexts, type LoginTexts } from '../words/login/index.ts';
import { problemTexts } from '../words/problems/index.ts';
import { actionButton } from './action-button.ts';
import { hasAuthenticator } from './authenticator.ts';
import { element } from './elements.ts';
import type { ExternalMethod } from './identity-provider.ts';
import type { LastApplication } from './login-store.ts';
import { passwordForm } from './password-form.ts';
import type { Problem } from './problems.ts';
import {
  secondFactorScreen,
  type SecondFactorHandlers,
  type TotpFactor,
} from './second-factor-screen.ts';
import type { SignedOut } from './sign-in.ts';

/** A wait shorter than this shows nothing at all. */
const PROGRESS_DELAY_MS = 300;

export class Screens {
  readonly #screen = byId('screen');
  readonly #progress = byId('progress');
  readonly #language: Language;
  readonly #texts: LoginTexts;
  #branding: Branding = {};
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(language: Language) {
    this.#language = language;
    this.#texts = loginTexts[language];
    document.documentElement.lang = language;
  }

  /** The operator's look; what an application says goes before what was said until now. */
  dress(branding: Branding | undefined): void {
    if (branding === undefined) return;
    this.#branding = mergeBranding(this.#branding, branding);
    applyColors(this.#branding, document);
    const mark = brandMark(this.#branding, document);
    if (mark) byId('brand').replaceChildren(mark);
  }

  /** Says what is going on, once it takes noticeable time. An empty text ends it. */
  progress(text: string): void {
    clearTimeout(this.#timer);
    if (text === '') this.#progress.textContent = '';
    else this.#timer = setTimeout(() => (this.#progress.textContent = text), PROGRESS_DELAY_MS);
  }

  choose(
    { application, methods }: Interaction,
    on: {
      external: (method: ExternalMethod) => void;
      password: (username: string, password: string) => Promise<Problem | undefined>;
      passkey: () => Promise<Problem | undefined>;
    },
  ): void {
    const buttons: HTMLElement[] = methods
      .filter((method) => method.type === 'ext-jwt')
      .map((method) =>
        element('button', {
          type: 'button',
          textContent: fill(this.#texts.continueWith, { name: method.name }),
          onclick: () => on.external(method),
        }),
      );
    if (methods.some(({ type }) => type === 'passkey') && hasAuthenticator())
      buttons.unshift(actionButton(this.#texts.withPasskey, on.passkey));
    const form = methods.some(({ type }) => type === 'password')
      ? passwordForm(on.password, { plain: buttons.length > 0, texts: this.#texts })
      : undefined;
    this.#show(
      fill(this.#texts.signInTo, { name: application.name }),
      element('p', { className: 'host', textContent: new URL(application.origin).host }),
      ...(buttons.length > 0 ? [element('div', { className: 'methods' }, ...buttons)] : []),
      ...(buttons.length > 0 && form
        ? [element('p', { className: 'or', textContent: this.#texts.orPassword })]
        : []),
      ...(form ? [form] : []),
    );
    if (buttons.length === 0) form?.querySelector('input')?.focus();
  }

  secondFactor(factor: TotpFactor, on: SecondFactorHandlers): void {
    const { title, content } = secondFactorScreen(factor, on, this.#texts);
    this.#show(title, ...content);
    const input = this.#screen.querySelector('input');
    // A set-up is read from its top; a code is typed at once.
    if (factor.setup === undefined && !factor.passkey) input?.focus();
  }

  /** The second identity provider of an account that needs two. */
  secondProvider(method: ExternalMethod, go: () => void): void {
    this.#show(
      this.#texts.moreStep,
      text(fill(this.#texts.secondProvider, { name: method.name })),
      element(
        'div',
        { className: 'methods' },
        element('button', {
          type: 'button',
          textContent: fill(this.#texts.continueWith, { name: method.name }),
          onclick: go,
        }),
      ),
    );
  }

  problem({ title, next, code }: Problem, action: { text: string; url: string } | undefined): void {
    const support = supportBox(this.#branding, problemTexts[this.#language].help, document);
    this.#show(
      title,
      text(next),
      ...(action ? [link(action.text, action.url)] : []),
      element(
        'p',
        { className: 'code' },
        `${this.#texts.code}: `,
        element('code', { textContent: code }),
      ),
      ...(support ? [support] : []),
    );
  }

  signedOut({ confirmed, lastApplication }: SignedOut): void {
    const { signedOut: words, tryAgain } = this.#texts;
    if (confirmed) {
      this.#show(words.title, text(words.text), ...applicationLink(words.again, lastApplication));
    } else {
      this.#show(words.onlyHere, text(words.notTold), link(tryAgain, '/signout'));
    }
  }

  /** The page of this origin for somebody who is not signed in. */
  notSignedIn(signIn: () => Promise<Problem | undefined>): void {
    const { own } = this.#texts;
    this.#show(own.notTitle, text(own.notText), actionButton(own.signIn, signIn));
  }

  /** The same for a signed-in person, in two columns where there is room. */
  portal(
    name: string,
    { first, sections }: { first: readonly HTMLElement[]; sections: readonly HTMLElement[] },
  ): void {
    const { own } = this.#texts;
    const signOut = element('a', {
      className: 'button plain',
      href: '/signout',
      textContent: own.signOut,
    });
    this.#show(
      own.title,
      element('div', { className: 'who' }, text(fill(own.text, { name })), signOut),
      ...first,
      element('div', { className: 'columns' }, ...sections),
    );
    this.#screen.classList.add('wide');
  }

  /** Asks for access, or says that it was asked for or is held. */
  access(
    words: { title: string; text: string },
    next: { form: HTMLElement } | { text: string; url: string },
  ): void {
    this.#show(
      words.title,
      text(words.text),
      'form' in next ? next.form : link(next.text, next.url),
    );
  }

  #show(title: string, ...content: Node[]): void {
    this.progress('');
    this.#screen.classList.remove('wide');
    document.title = title;
    const heading = element('h1', { textContent: title, tabIndex: -1 });
    this.#screen.replaceChildren(heading, ...content);
    heading.focus();
  }
}

const text = (words: string) => element('p', { className: 'text', textContent: words });

const link = (words: string, url: string) =>
  element(
    'div',
    { className: 'methods' },
    element('a', { className: 'button', href: url, textContent: words }),
  );

/** The origin was described by the controller; a URL schema checked it again when it was read. */
const applicationLink = (words: string, application: LastApplication | undefined) =>
  application ? [link(fill(words, { name: application.name }), application.origin)] : [];

function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element ${id}`);
  return found;
}
