/** The pages of the login origin by itself: a person's portal, and asking for access. */
import { fill, type Language } from '@postern/shared/language';
import type { Portal } from '@postern/shared/schemas';
import { loginTexts } from '../words/login/index.ts';
import type { Account } from './account.ts';
import { applicationList } from './application-list.ts';
import { askForm } from './ask-form.ts';
import { hasAuthenticator } from './authenticator.ts';
import { passkeyList } from './passkey-list.ts';
import type { Problem } from './problems.ts';
import { requestList } from './request-list.ts';
import type { Screens } from './screens.ts';
import { sessionList } from './session-list.ts';
import type { SignIn } from './sign-in.ts';
import { totpSection } from './totp-section.ts';

interface PortalPagesOptions {
  account: Account;
  signIn: Pick<SignIn, 'beginForPortal'>;
  screens: Screens;
  language: Language;
  /** What went wrong, for a form to show. */
  tried: (work: () => Promise<void>) => Promise<Problem | undefined>;
  /** Navigates. */
  go: (there: string) => void;
}

/** The host in `/?ask=`, as a page that nobody may open names it; none if it is no host. */
export function hostToAsk({ searchParams }: URL): string | undefined {
  const host = searchParams.get('ask')?.toLowerCase();
  return host !== undefined && /^[a-z0-9.-]{1,253}(:\d{1,5})?$/.test(host) ? host : undefined;
}

export class PortalPages {
  readonly #options: PortalPagesOptions;

  constructor(options: PortalPagesOptions) {
    this.#options = options;
  }

  /** @param ask host of an application to ask access to */
  async open(ask: string | undefined): Promise<void> {
    const { account, signIn, screens, tried, go } = this.#options;
    const portal = await account.portal();
    if (portal === undefined)
      screens.notSignedIn(() => tried(async () => go(await signIn.beginForPortal(ask))));
    else if (ask === undefined) await this.#show(portal);
    else this.#ask(portal, ask);
  }

  async #show({ identity, applications, accessRequests }: Portal): Promise<void> {
    const { account, screens, language } = this.#options;
    const [sessions, passkeys, totp] = await Promise.all([
      account.sessions(),
      account.passkeys(),
      account.totp('state'),
    ]);
    const requests = requestList(accessRequests, language);
    const devices = sessionList(
      sessions,
      { end: (id) => account.endSession(id), signOut: () => location.assign('/signout') },
      language,
    );
    const keys = passkeyList(
      passkeys,
      {
        ...(hasAuthenticator() && { add: (name) => account.addPasskey(name) }),
        remove: (id) => account.removePasskey(id),
        rename: (id, name) => account.renamePasskey(id, name),
      },
      language,
    );
    const app = totpSection(totp, (...act) => account.totp(...act), language);
    const column = (...parts: (HTMLElement | undefined)[]): HTMLElement => {
      const made = document.createElement('div');
      made.append(...parts.filter((part) => part !== undefined));
      return made;
    };
    screens.portal(identity.name, {
      first: applicationList(applications, loginTexts[language]),
      sections: [column(requests, devices), column(keys, app)],
    });
  }

  #ask({ identity, applications, accessRequests }: Portal, host: string): void {
    const { account, screens, language, tried } = this.#options;
    const texts = loginTexts[language];
    const isAsked = ({ origin }: { origin: string }): boolean => new URL(origin).host === host;
    const toPortal = { text: texts.ask.toPortal, url: '/' };
    const held = applications.find(isAsked);
    const open = accessRequests.find(
      ({ application, state }) => state === 'open' && isAsked(application),
    );
    const sent = (): void =>
      screens.access(
        { title: fill(texts.ask.sentTitle, { name: host }), text: texts.ask.sentText },
        toPortal,
      );
    if (held)
      screens.access(
        { title: fill(texts.ask.heldTitle, { name: held.name }), text: texts.ask.heldText },
        { text: fill(texts.open, { name: held.name }), url: held.origin },
      );
    else if (open) sent();
    else
      screens.access(
        {
          title: fill(texts.ask.title, { name: host }),
          text: fill(texts.ask.text, { identity: identity.name }),
        },
        {
          form: askForm(
            (message) =>
              tried(async () => {
                await account.askForAccess(host, message);
                sent();
              }),
            texts,
          ),
        },
      );
  }
}
