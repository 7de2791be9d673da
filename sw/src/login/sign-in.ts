/** The steps of signing in, without any page: what to do next is the answer of each. */
import { AppError, isAppError } from '@postern/shared/errors';
import type { Interaction, LoginAnswer, LoginResult, SecondFactor } from '@postern/shared/schemas';
import type { ControllerApi, LoginConfig } from './controller-api.ts';
import { interactionNonce } from './device-proof.ts';
import type { Authenticator } from './authenticator.ts';
import type { ExternalMethod, IdentityProvider } from './identity-provider.ts';
import type { LastApplication, LoginStore } from './login-store.ts';

/** Session tokens are single use: one tab at a time may spend one. */
const SESSION_LOCK = 'postern-session';

/** How a sign-in begins: a live session goes on by itself. */
type Next = Extract<Proved, { kind: 'go' }> | Choose;
interface Choose {
  kind: 'choose';
  interaction: Interaction;
}
export type Proved =
  /** Navigate to `url`. */
  | { kind: 'go'; url: string }
  /** Ask for a second factor. */
  | { kind: 'factor'; secondFactor: SecondFactor };

export interface SignedOut {
  /** False when the controller could not be told: signing out again tries once more. */
  confirmed: boolean;
  lastApplication: LastApplication | undefined;
}

interface SignInOptions {
  config: LoginConfig;
  api: ControllerApi;
  store: LoginStore;
  identityProvider: IdentityProvider;
  authenticator: Authenticator;
  /** RFC 7638 thumbprint of the device key. */
  thumbprint: string;
  /** Of the login pages. */
  ownOrigin: string;
  locks: Pick<LockManager, 'request'>;
  nowMs: () => number;
}

export class SignIn {
  readonly #options: SignInOptions;

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  /**
   * Begins interaction `uid`: a live session or the only identity provider go on by themselves.
   *
   * @param mayGoOn false to let the person choose in any case but a live session
   */
  async begin(uid: string, mayGoOn: boolean): Promise<Next> {
    const { api, store } = this.#options;
    const interaction = await api.getInteraction(uid);
    const { name, origin } = interaction.application;
    if (origin !== this.#options.ownOrigin) await store.setLastApplication({ name, origin });
    const resumeUrl = await this.#continueSession(uid);
    if (resumeUrl !== undefined) return { kind: 'go', url: resumeUrl };
    const [only, ...others] = interaction.methods;
    if (only === undefined) throw new AppError('ERR_LOGIN_NO_METHOD', 'no login method');
    if (mayGoOn && others.length === 0 && only.type === 'ext-jwt') {
      return { kind: 'go', url: await this.beginExternal(only, uid) };
    }
    return { kind: 'choose', interaction };
  }

  /**
   * The identity provider's address to go to.
   *
   * @param askAgain the person wants another account than the one it answered with
   * @param step what was proved before, when this is the second factor
   */
  async beginExternal(
    method: ExternalMethod,
    uid: string,
    askAgain = false,
    step?: string,
  ): Promise<string> {
    const { identityProvider, store, thumbprint } = this.#options;
    const nonce = await interactionNonce(uid, thumbprint);
    return await identityProvider.begin(
      method,
      uid,
      nonce,
      askAgain || (await store.getAskAgain()),
      step,
    );
  }

  /** Ends a sign-in at an identity provider. */
  async completeExternal(callback: URL): Promise<Proved> {
    const { identityProvider, api } = this.#options;
    const { uid, signerId, token, step } = await identityProvider.complete(callback);
    return await this.#accept(() =>
      step === undefined
        ? api.loginWithExternalJwt(uid, signerId, token)
        : api.proveWithExternalJwt(uid, step, signerId, token),
    );
  }

  async withPassword(uid: string, username: string, password: string): Promise<Proved> {
    return await this.#accept(() => this.#options.api.loginWithPassword(uid, username, password));
  }

  /** A code of the authenticator app, as the second factor. */
  async withCode(uid: string, step: string, code: string): Promise<Proved> {
    return await this.#accept(() => this.#options.api.proveWithCode(uid, step, code));
  }

  /** A passkey: the first factor, or with `step` the second. */
  async withPasskey(uid: string, step?: string): Promise<Proved> {
    const { api, authenticator } = this.#options;
    const response = await authenticator.get(await api.passkeyOptions(uid, step));
    return await this.#accept(() => api.loginWithPasskey(uid, response, step));
  }

  /** A sign-in for this origin's own page; its address. `ask`: the application to ask access to then. */
  async beginForPortal(ask: string | undefined): Promise<string> {
    const uid = await this.#options.api.beginPortalSignIn(ask);
    return `/?interaction=${encodeURIComponent(uid)}`;
  }

  /** Ends the session here in any case, and at the controller if it can be reached. */
  async signOut(): Promise<SignedOut> {
    const { api, store } = this.#options;
    const confirmed = await this.#locked(async () => {
      const session = (await store.getSession()) ?? (await store.getEndingSession());
      await store.setEndingSession(session);
      await store.setSession(undefined);
      await store.setAskAgain(true);
      if (session === undefined) return true;
      try {
        await api.endSession(session.token);
      } catch (error) {
        if (!isAppError(error) || error.status !== 401) return false;
      }
      await store.setEndingSession(undefined);
      return true;
    });
    return { confirmed, lastApplication: await store.getLastApplication() };
  }

  /** Whether this device holds a session that has not expired. */
  async isSignedIn(): Promise<boolean> {
    const session = await this.#options.store.getSession();
    return session !== undefined && Date.parse(session.expiresAt) > this.#options.nowMs();
  }

  async #continueSession(uid: string): Promise<string | undefined> {
    const { api, store } = this.#options;
    return await this.#locked(async () => {
      const session = await store.getSession();
      if (session === undefined || !(await this.isSignedIn())) return undefined;
      try {
        return await this.#keep(await api.continueSession(uid, session.token));
      } catch (error) {
        if (!isAppError(error) || error.status !== 401) throw error;
        await store.setSession(undefined);
        return undefined;
      }
    });
  }

  /** Does `work` with the session's token, one tab at a time; `undefined` when nobody is signed in. */
  async withSession<T>(work: (token: string) => Promise<T>): Promise<T | undefined> {
    return await this.#locked(async () => {
      const session = await this.#options.store.getSession();
      if (session === undefined || !(await this.isSignedIn())) return undefined;
      try {
        return await work(session.token);
      } catch (error) {
        if (!isAppError(error) || error.status !== 401) throw error;
        // It was ended elsewhere.
        await this.#options.store.setSession(undefined);
        return undefined;
      }
    });
  }

  async #accept(login: () => Promise<LoginAnswer>): Promise<Proved> {
    return await this.#locked(async () => {
      const answer = await login();
      return 'factor' in answer
        ? { kind: 'factor', secondFactor: answer }
        : { kind: 'go', url: await this.#keep(answer) };
    });
  }

  async #keep(result: LoginResult): Promise<string> {
    const { config, store } = this.#options;
    await store.setSession({ token: result.sessionToken, expiresAt: result.sessionExpiresAt });
    await store.setAskAgain(false);
    const origin = URL.canParse(result.resumeUrl) ? new URL(result.resumeUrl).origin : '';
    // The controller, where an application's sign-in goes on, or this origin's own page.
    if (origin !== new URL(config.issuer).origin && origin !== this.#options.ownOrigin)
      throw new AppError('ERR_LOGIN_BAD_RESUME', 'not on the controller’s origin');
    return result.resumeUrl;
  }

  #locked<T>(work: () => Promise<T>): Promise<T> {
    return this.#options.locks.request(SESSION_LOCK, work);
  }
}
