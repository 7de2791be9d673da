/** The controller's endpoints for signing in (`/postern/v1`), called across origins without cookies. */
import { AppError } from '@postern/shared/errors';
import {
  brandingSchema,
  type Interaction,
  interactionSchema,
  type LoginAnswer,
  loginAnswerSchema,
  type LoginResult,
  loginResultSchema,
  type OwnPasskeys,
  ownPasskeysSchema,
  type OwnSessions,
  ownSessionsSchema,
  type OwnTotp,
  ownTotpSchema,
  type Portal,
  portalSchema,
  portalSignInStartedSchema,
  problemSchema,
} from '@postern/shared/schemas';
import { z } from 'zod';
import type { DeviceProof } from './device-proof.ts';

/** `/.postern/login-config.json` of the gateway. */
export const loginConfigSchema = z.strictObject({
  issuer: z.url(),
  apiUrl: z.url(),
  branding: brandingSchema.optional(),
});
export type LoginConfig = z.infer<typeof loginConfigSchema>;

/**
 * Each method throws an AppError with the code of the controller's problem document,
 * `ERR_CONTROLLER_UNREACHABLE`, or `ERR_LOGIN_TOO_MANY`.
 */
export interface ControllerApi {
  getInteraction(uid: string): Promise<Interaction>;
  loginWithPassword(uid: string, username: string, password: string): Promise<LoginAnswer>;
  loginWithExternalJwt(uid: string, signerId: string, token: string): Promise<LoginAnswer>;
  /** Options of WebAuthn's `get`; with `step` for the second factor. */
  passkeyOptions(uid: string, step?: string): Promise<unknown>;
  loginWithPasskey(uid: string, response: object, step?: string): Promise<LoginAnswer>;
  proveWithCode(uid: string, step: string, code: string): Promise<LoginAnswer>;
  proveWithExternalJwt(
    uid: string,
    step: string,
    signerId: string,
    token: string,
  ): Promise<LoginAnswer>;
  continueSession(uid: string, sessionToken: string): Promise<LoginResult>;
  endSession(sessionToken: string): Promise<void>;
  /** A signed-in person's devices and programs. */
  ownSessions(sessionToken: string): Promise<OwnSessions['sessions']>;
  endOwnSession(sessionToken: string, id: string): Promise<void>;
  /** A signed-in person's passkeys, after `act`: nothing, asking for options of a new one, adding, removing. */
  passkeys(sessionToken: string, act: PasskeyAct, body?: object): Promise<OwnPasskeys>;
  /** What a signed-in person may open, and what they asked for. */
  portal(sessionToken: string): Promise<Portal>;
  askForAccess(sessionToken: string, host: string, message: string): Promise<void>;
  /** A signed-in person's authenticator app, after `act`. */
  totp(sessionToken: string, act: TotpAct, code?: string): Promise<OwnTotp>;
  /** A sign-in for the portal itself; its interaction. */
  beginPortalSignIn(ask: string | undefined): Promise<string>;
}

export type PasskeyAct = 'list' | 'options' | 'add' | 'remove' | 'rename';
export type TotpAct = 'state' | 'begin' | 'verify' | 'remove' | 'recovery-codes';

interface ControllerApiOptions {
  config: LoginConfig;
  proof: DeviceProof;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
}

const TIMEOUT_MS = 15_000;

export function createControllerApi({ config, proof, fetch }: ControllerApiOptions): ControllerApi {
  async function call(
    method: 'GET' | 'POST',
    path: string,
    options: { body?: object; sessionToken?: string } = {},
  ): Promise<unknown> {
    const { body, sessionToken } = options;
    const url = `${config.apiUrl}${path}`;
    const headers = {
      accept: 'application/json',
      dpop: await proof.create(method, url, sessionToken),
      ...(body && { 'content-type': 'application/json' }),
      ...(sessionToken !== undefined && { authorization: `DPoP ${sessionToken}` }),
    };
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method,
        headers,
        body: body ? JSON.stringify(body) : null,
        credentials: 'omit',
        cache: 'no-store',
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      text = await response.text();
    } catch (cause) {
      throw new AppError('ERR_CONTROLLER_UNREACHABLE', 'the controller does not answer', { cause });
    }
    if (!response.ok) throw refusal(response.status, text);
    return text === '' ? undefined : parseJson(text);
  }

  const interaction = (uid: string) => `/interactions/${encodeURIComponent(uid)}`;
  const prove = async (uid: string, how: string, body: object): Promise<LoginAnswer> =>
    loginAnswerSchema.parse(await call('POST', `${interaction(uid)}/${how}`, { body }));
  return {
    getInteraction: async (uid) => interactionSchema.parse(await call('GET', interaction(uid))),
    loginWithPassword: (uid, username, password) => prove(uid, 'password', { username, password }),
    loginWithExternalJwt: (uid, signerId, token) => prove(uid, 'ext-jwt', { signerId, token }),
    passkeyOptions: (uid, step) =>
      call('POST', `${interaction(uid)}/passkey/options`, { body: { step } }),
    loginWithPasskey: (uid, response, step) => prove(uid, 'passkey', { response, step }),
    proveWithCode: (uid, step, code) => prove(uid, 'totp', { step, code }),
    proveWithExternalJwt: (uid, step, signerId, token) =>
      prove(uid, 'second-jwt', { step, signerId, token }),
    continueSession: async (uid, sessionToken) =>
      loginResultSchema.parse(await call('POST', `${interaction(uid)}/session`, { sessionToken })),
    endSession: async (sessionToken) => {
      await call('POST', '/session/end', { sessionToken });
    },
    ownSessions: async (sessionToken) =>
      ownSessionsSchema.parse(await call('GET', '/sessions', { sessionToken })).sessions,
    endOwnSession: async (sessionToken, id) => {
      await call('POST', `/sessions/${encodeURIComponent(id)}/end`, { sessionToken });
    },
    passkeys: async (sessionToken, act, body = {}) => {
      const path = act === 'add' ? '/session/passkeys' : `/session/passkeys/${act}`;
      return ownPasskeysSchema.parse(await call('POST', path, { sessionToken, body }));
    },
    portal: async (sessionToken) =>
      portalSchema.parse(await call('GET', '/portal', { sessionToken })),
    askForAccess: async (sessionToken, host, message) => {
      const body = { host, message };
      await call('POST', '/portal/access-requests', { sessionToken, body });
    },
    totp: async (sessionToken, act, code) =>
      ownTotpSchema.parse(
        act === 'state'
          ? await call('GET', '/portal/totp', { sessionToken })
          : await call('POST', `/portal/totp/${act}`, {
              sessionToken,
              ...(code !== undefined && { body: { code } }),
            }),
      ),
    beginPortalSignIn: async (ask) =>
      portalSignInStartedSchema.parse(
        await call('POST', '/portal/sign-ins', { body: ask === undefined ? {} : { ask } }),
      ).uid,
  };
}

function refusal(status: number, text: string): AppError {
  if (status === 429) return new AppError('ERR_LOGIN_TOO_MANY', 'too many attempts', { status });
  const { data } = problemSchema.safeParse(parseJson(text));
  if (data === undefined || !data.code.startsWith('ERR_')) {
    return new AppError('ERR_LOGIN_FAILED', `the controller answered ${status}`, { status });
  }
  return new AppError(data.code as `ERR_${string}`, data.title, {
    status,
    ...(data.detail !== undefined && { publicMessage: data.detail }),
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
