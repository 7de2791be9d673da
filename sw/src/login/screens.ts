/** What the login origin shows. Each screen replaces the one before and takes the focus. */
import type { Interaction } from '@postern/shared/schemas';
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
  #timer: ReturnType<typeof setTimeout> | undefined;

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
          textContent: `Continue with ${method.name}`,
          onclick: () => on.external(method),
        }),
      );
    if (methods.some(({ type }) => type === 'passkey') && hasAuthenticator())
      buttons.unshift(actionButton('Sign in with a passkey', on.passkey));
    const form = methods.some(({ type }) => type === 'password')
      ? passwordForm(on.password, { plain: buttons.length > 0 })
      : undefined;
    this.#show(
      `Sign in to ${application.name}`,
      element('p', { className: 'host', textContent: new URL(application.origin).host }),
      ...(buttons.length > 0 ? [element('div', { className: 'methods' }, ...buttons)] : []),
      ...(buttons.length > 0 && form
        ? [element('p', { className: 'or', textContent: 'or with a password' })]
        : []),
      ...(form ? [form] : []),
    );
    if (buttons.length === 0) form?.querySelector('input')?.focus();
  }

  secondFactor(factor: TotpFactor, on: SecondFactorHandlers): void {
    const { title, content } = secondFactorScreen(factor, on);
    this.#show(title, ...content);
    const input = this.#screen.querySelector('input');
    // A set-up is read from its top; a code is typed at once.
    if (factor.setup === undefined && !factor.passkey) input?.focus();
  }

  /** The second identity provider of an account that needs two. */
  secondProvider(method: ExternalMethod, go: () => void): void {
    this.#show(
      'One more step',
      text(`Your account also needs a sign-in at ${method.name}.`),
      element(
        'div',
        { className: 'methods' },
        element('button', {
          type: 'button',
          textContent: `Continue with ${method.name}`,
          onclick: go,
        }),
      ),
    );
  }

  problem({ title, next, code }: Problem, action: { text: string; url: string } | undefined): void {
    this.#show(
      title,
      text(next),
      ...(action ? [link(action.text, action.url)] : []),
      element('p', { className: 'code' }, 'Code: ', element('code', { textContent: code })),
    );
  }

  signedOut({ confirmed, lastApplication }: SignedOut): void {
    if (confirmed) {
      this.#show(
        'You are signed out',
        text('Every application you opened in this browser asks you to sign in again.'),
        ...applicationLink('Sign in again to', lastApplication),
      );
    } else {
      this.#show(
        'You are signed out on this page only',
        text('The controller could not be told. Applications that are open may go on working.'),
        link('Try again', '/signout'),
      );
    }
  }

  status(
    signedIn: boolean,
    lastApplication: LastApplication | undefined,
    own: readonly HTMLElement[],
  ): void {
    this.#show(
      signedIn ? 'You are signed in' : 'You are not signed in',
      text(
        signedIn
          ? 'Open the address of an application to use it.'
          : 'Open the address of an application; you sign in on the way.',
      ),
      ...own,
      ...(signedIn ? [link('Sign out', '/signout')] : applicationLink('Open', lastApplication)),
    );
  }

  #show(title: string, ...content: Node[]): void {
    this.progress('');
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
  application ? [link(`${words} ${application.name}`, application.origin)] : [];

function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element ${id}`);
  return found;
}
