/** What a signed-in person sees and does on the page of their own: the portal's side of the controller. */
import { AppError } from '@postern/shared/errors';
import type { OwnPasskeys, OwnSessions, OwnTotp, Portal } from '@postern/shared/schemas';
import type { Authenticator } from './authenticator.ts';
import type { ControllerApi, PasskeyAct, TotpAct } from './controller-api.ts';
import type { SignIn } from './sign-in.ts';

interface AccountOptions {
  api: ControllerApi;
  authenticator: Authenticator;
  session: Pick<SignIn, 'withSession'>;
}

/** Each method throws an AppError `ERR_SESSION_ENDED` when nobody is signed in any more, save `portal`. */
export class Account {
  readonly #options: AccountOptions;

  constructor(options: AccountOptions) {
    this.#options = options;
  }

  /** What the person may open and asked for; `undefined` when nobody is signed in. */
  async portal(): Promise<Portal | undefined> {
    const { api, session } = this.#options;
    return await session.withSession((token) => api.portal(token));
  }

  /** @param host of the application, with its port unless default */
  async askForAccess(host: string, message: string): Promise<void> {
    await this.#signedIn(async (token) => {
      await this.#options.api.askForAccess(token, host, message);
      return true;
    });
  }

  /** Where the person is signed in. */
  async sessions(): Promise<OwnSessions['sessions']> {
    return await this.#signedIn((token) => this.#options.api.ownSessions(token));
  }

  /** Ends another session of the person, and says what is left. */
  async endSession(id: string): Promise<OwnSessions['sessions']> {
    const { api } = this.#options;
    return await this.#signedIn(async (token) => {
      await api.endOwnSession(token, id);
      return await api.ownSessions(token);
    });
  }

  async passkeys(): Promise<OwnPasskeys['passkeys']> {
    return (await this.#passkeys('list')).passkeys;
  }

  /** Makes a passkey on this device or on a key, and adds it to the person's. */
  async addPasskey(name: string): Promise<OwnPasskeys['passkeys']> {
    const { options } = await this.#passkeys('options');
    const response = await this.#options.authenticator.create(options);
    return (await this.#passkeys('add', { name, response })).passkeys;
  }

  async renamePasskey(id: string, name: string): Promise<OwnPasskeys['passkeys']> {
    return (await this.#passkeys('rename', { id, name })).passkeys;
  }

  async removePasskey(id: string): Promise<OwnPasskeys['passkeys']> {
    return (await this.#passkeys('remove', { id })).passkeys;
  }

  async totp(act: TotpAct, code?: string): Promise<OwnTotp> {
    return await this.#signedIn((token) => this.#options.api.totp(token, act, code));
  }

  #passkeys(act: PasskeyAct, body?: object): Promise<OwnPasskeys> {
    return this.#signedIn((token) => this.#options.api.passkeys(token, act, body));
  }

  async #signedIn<T>(work: (token: string) => Promise<T>): Promise<T> {
    const done = await this.#options.session.withSession(work);
    if (done === undefined) throw new AppError('ERR_SESSION_ENDED', 'nobody is signed in');
    return done;
  }
}
