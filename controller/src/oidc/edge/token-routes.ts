/** The token and revocation endpoints of Edge clients (RFC 6749 §5, RFC 8693, RFC 7009). */
import type { HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import type { AuthRequests } from './auth-requests.ts';
import {
  fieldsOf,
  oauthError,
  provesChallenge,
  TOKEN_EXCHANGE,
  type Fields,
  type OidcContext,
} from './oauth-http.ts';
import { ACCESS_SECONDS, type EdgeTokens, type TokenSet } from './session-tokens.ts';

const TYPE = 'urn:ietf:params:oauth:token-type:';

interface TokenParts {
  readonly requests: AuthRequests;
  readonly tokens: EdgeTokens;
}

export function addTokenRoutes(
  app: Hono<{ Bindings: HttpBindings }>,
  { requests, tokens }: TokenParts,
): void {
  const byCode = async (fields: Fields): Promise<TokenSet | undefined> => {
    const { code = '', redirect_uri, code_verifier = '' } = fields;
    const redeemed = await requests.redeem(code);
    if (!redeemed) return undefined;
    if ('reused' in redeemed) {
      // RFC 6749 §4.1.2: whoever came first may have been the thief.
      await tokens.end(redeemed.reused);
      return undefined;
    }
    const { parameters } = redeemed.request;
    const isOwn =
      redirect_uri === parameters.redirect_uri &&
      (fields['client_id'] ?? parameters.client_id) === parameters.client_id &&
      provesChallenge(code_verifier, parameters.code_challenge);
    const opened = isOwn ? await tokens.open(redeemed.request) : undefined;
    if (opened) await requests.noteSession(code, opened.apiSessionId);
    return opened?.tokens;
  };

  const byExchange = async (fields: Fields): Promise<object | undefined> => {
    const { subject_token = '', subject_token_type, requested_token_type } = fields;
    if (subject_token_type !== `${TYPE}refresh_token`) return undefined;
    if (requested_token_type === `${TYPE}id_token`) {
      const idToken = await tokens.idToken(subject_token);
      if (idToken === undefined) return undefined;
      return {
        access_token: idToken,
        issued_token_type: `${TYPE}id_token`,
        token_type: 'N_A',
        expires_in: ACCESS_SECONDS,
      };
    }
    const set = await tokens.refresh(subject_token);
    const issued_token_type = requested_token_type ?? `${TYPE}access_token`;
    return set && { ...set, issued_token_type };
  };

  const grant = (fields: Fields): Promise<object | undefined> | undefined => {
    switch (fields['grant_type']) {
      case 'authorization_code':
        return byCode(fields);
      case 'refresh_token':
        return tokens.refresh(fields['refresh_token'] ?? '', fields['client_id']);
      case TOKEN_EXCHANGE:
        return byExchange(fields);
      default:
        return undefined;
    }
  };

  app.post('/oidc/oauth/token', async (c: OidcContext) => {
    const granted = grant(await fieldsOf(c));
    if (!granted) return oauthError(c, 'unsupported_grant_type', 400);
    const body = await granted;
    return body ? c.json(body) : oauthError(c, 'invalid_grant', 400);
  });
  app.post('/oidc/oauth/revoke', async (c: OidcContext) => {
    await tokens.revoke((await fieldsOf(c))['token'] ?? '');
    return c.body(null, 200);
  });
}
