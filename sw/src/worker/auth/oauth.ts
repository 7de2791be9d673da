/**
 * OAuth 2.1 client of the controller: authorization code with PKCE S256, every token bound to the
 * application key by DPoP (RFC 9449). One instance belongs to one application and one key.
 */
import { AppError, isAppError } from '@postern/shared/errors';
import type { ApplicationInfo } from '@postern/shared/schemas';
import * as oauth from 'oauth4webapi';

/** Where the authorization server sends the browser back to. */
export const CALLBACK_PATH = '/.postern/callback';

/** What the token endpoint gave. Times are in ms since 1970. */
export interface TokenSet {
  accessToken: string;
  /** Absent when the server did not rotate it. */
  refreshToken: string | undefined;
  expiresAtMs: number;
}

export interface OAuthClient {
  /** URL to send the browser to, for a verifier and a state made by the caller. */
  authorizeUrl(state: string, codeVerifier: string): Promise<URL>;
  /**
   * Checks `state` and `iss` (RFC 9207) of the answer and swaps the code.
   * Throws `ERR_SIGN_IN_REFUSED` (its `publicMessage` says why), `ERR_SIGN_IN_INVALID`, `ERR_CONTROLLER_UNREACHABLE`.
   */
  exchange(callback: URL, state: string, codeVerifier: string): Promise<TokenSet>;
  /** Throws `ERR_SESSION_ENDED` when the server refuses for good, otherwise `ERR_CONTROLLER_UNREACHABLE`. */
  refresh(refreshToken: string): Promise<TokenSet>;
  /** A request to the controller's API with the token and a proof. Throws `ERR_CONTROLLER_UNREACHABLE`. */
  request(
    accessToken: string,
    method: string,
    url: URL,
    signal?: AbortSignal,
    json?: unknown,
  ): Promise<Response>;
}

export interface OAuthClientOptions {
  application: ApplicationInfo;
  keyPair: CryptoKeyPair;
  fetch: typeof globalThis.fetch;
  nowMs: () => number;
}

/** Longest wait for one answer of the controller. */
const REQUEST_TIMEOUT_MS = 10_000;

export function createOAuthClient(options: OAuthClientOptions): OAuthClient {
  const { application, keyPair, fetch, nowMs } = options;
  const issuer = new URL(application.issuer);
  const client: oauth.Client = { client_id: application.clientId };
  const dpop = oauth.DPoP(client, keyPair);
  const redirectUri = application.origin + CALLBACK_PATH;
  const http = {
    [oauth.customFetch]: (url: string, init: object) => fetch(url, init),
    // Plain HTTP only where nothing leaves the machine.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so as a warning to its users
    [oauth.allowInsecureRequests]: isLoopback(issuer),
  };
  const withTimeout = () => ({ ...http, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });

  let discovered: Promise<oauth.AuthorizationServer> | undefined;
  const server = (): Promise<oauth.AuthorizationServer> => {
    discovered ??= oauth
      .discoveryRequest(issuer, withTimeout())
      .then((response) => oauth.processDiscoveryResponse(issuer, response))
      .catch((error: unknown) => {
        discovered = undefined;
        throw unreachable(error);
      });
    return discovered;
  };
  /** Servers may ask for a nonce in the proof once, and again when it expired (RFC 9449 §8). */
  const withNonce = async <T>(attempt: () => Promise<T>): Promise<T> => {
    try {
      return await attempt();
    } catch (error) {
      if (!oauth.isDPoPNonceError(error)) throw error;
      return attempt();
    }
  };
  const tokenSet = (answer: oauth.TokenEndpointResponse): TokenSet => ({
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token,
    expiresAtMs: nowMs() + (answer.expires_in ?? 0) * 1000,
  });

  return {
    async authorizeUrl(state, codeVerifier) {
      const { authorization_endpoint: endpoint } = await server();
      if (endpoint === undefined) throw new AppError('ERR_SW_CONFIG', 'no authorization endpoint');
      const url = new URL(endpoint);
      url.search = new URLSearchParams({
        response_type: 'code',
        client_id: application.clientId,
        redirect_uri: redirectUri,
        resource: application.resource,
        state,
        code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
        dpop_jkt: await dpop.calculateThumbprint(),
      }).toString();
      return url;
    },

    async exchange(callback, state, codeVerifier) {
      const as = await server();
      try {
        const parameters = oauth.validateAuthResponse(as, client, callback, state);
        return await withNonce(async () => {
          const response = await oauth.authorizationCodeGrantRequest(
            as,
            client,
            oauth.None(),
            parameters,
            redirectUri,
            codeVerifier,
            {
              ...withTimeout(),
              DPoP: dpop,
              additionalParameters: { resource: application.resource },
            },
          );
          return tokenSet(await oauth.processAuthorizationCodeResponse(as, client, response));
        });
      } catch (error) {
        throw signInError(error);
      }
    },

    async refresh(refreshToken) {
      const as = await server();
      try {
        return await withNonce(async () => {
          const response = await oauth.refreshTokenGrantRequest(
            as,
            client,
            oauth.None(),
            refreshToken,
            {
              ...withTimeout(),
              DPoP: dpop,
              additionalParameters: { resource: application.resource },
            },
          );
          return tokenSet(await oauth.processRefreshTokenResponse(as, client, response));
        });
      } catch (error) {
        if (error instanceof oauth.ResponseBodyError && error.status < 500) {
          throw new AppError('ERR_SESSION_ENDED', `renewal was refused: ${error.error}`);
        }
        throw unreachable(error);
      }
    },

    async request(accessToken, method, url, signal, json) {
      const body = json === undefined ? null : JSON.stringify(json);
      const headers =
        body === null ? undefined : new Headers({ 'content-type': 'application/json' });
      try {
        return await withNonce(() =>
          oauth.protectedResourceRequest(accessToken, method, url, headers, body, {
            ...http,
            signal: anySignal(signal),
            DPoP: dpop,
          }),
        );
      } catch (error) {
        // A challenge (401, 403) is an answer: the caller reads its problem document.
        if (error instanceof oauth.WWWAuthenticateChallengeError) return error.response;
        signal?.throwIfAborted();
        throw unreachable(error);
      }
    },
  };
}

function anySignal(signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}

function signInError(error: unknown): AppError {
  if (error instanceof oauth.AuthorizationResponseError) {
    return new AppError('ERR_SIGN_IN_REFUSED', `the sign-in was refused: ${error.error}`, {
      ...(error.error_description === undefined ? {} : { publicMessage: error.error_description }),
    });
  }
  if (error instanceof oauth.ResponseBodyError && error.status < 500) {
    return new AppError('ERR_SIGN_IN_INVALID', `the code was refused: ${error.error}`);
  }
  if (error instanceof TypeError || error instanceof DOMException) return unreachable(error);
  return isAppError(error)
    ? error
    : new AppError('ERR_SIGN_IN_INVALID', 'the sign-in answer is not valid', { cause: error });
}

function unreachable(cause: unknown): AppError {
  if (isAppError(cause)) return cause;
  return new AppError('ERR_CONTROLLER_UNREACHABLE', 'the controller does not answer', {
    cause,
    retryable: true,
  });
}

function isLoopback({ hostname }: URL): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '127.0.0.1' ||
    hostname === '[::1]'
  );
}
