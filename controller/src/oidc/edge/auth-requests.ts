/**
 * Authorization requests of Edge clients: begun by `authorize`, proved step by step at the login
 * endpoints, ended by one code. All of it lives in the payload store, under ids that are secrets.
 */
import { randomBytes } from 'node:crypto';
import { AppError } from '@postern/shared/errors';
import { z } from 'zod';
import type { PayloadStore } from '../payload-store.ts';

const REQUEST_SECONDS = 10 * 60;
const CODE_SECONDS = 60;
const REQUEST = 'EdgeAuthRequest';
const CODE = 'EdgeCode';

/** The two clients of OpenZiti's SDKs and tools: public ones, on the person's own machine. */
const CLIENTS = ['openziti', 'native'] as const;
const REDIRECT = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?\/auth\/callback$/;

/** Parameters of `authorize` (RFC 6749 §4.1.1, RFC 7636 §4.3); others are ignored. */
export const authorizeParameters = z.object({
  client_id: z.enum(CLIENTS),
  response_type: z.literal('code'),
  redirect_uri: z.string().max(256).regex(REDIRECT),
  scope: z.string().max(256).default('openid'),
  state: z.string().max(1024).optional(),
  nonce: z.string().max(256).optional(),
  code_challenge: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  code_challenge_method: z.literal('S256'),
});
export type AuthorizeParameters = z.output<typeof authorizeParameters>;

/** What the login endpoints proved so far. */
export interface LoginProof {
  readonly identityId: string;
  readonly authenticatorId: string;
  readonly mfaPassedAt: string | null;
  /** Fingerprints of client certificates shown. */
  readonly certificates: readonly string[];
  readonly address: string;
  /** Nothing is left to prove. */
  readonly isComplete: boolean;
}

export interface AuthRequest {
  readonly parameters: AuthorizeParameters;
  readonly proof?: LoginProof;
}

export interface AuthRequests {
  begin(parameters: AuthorizeParameters): Promise<string>;
  /** @throws AppError ERR_OIDC_REQUEST_UNKNOWN */
  get(id: string): Promise<AuthRequest>;
  prove(id: string, proof: LoginProof): Promise<void>;
  /** Ends a proved request with its code. @throws AppError ERR_OIDC_REQUEST_UNKNOWN */
  finish(id: string): Promise<{ request: AuthRequest; code: string }>;
  /** The proved request behind a code, once. `reused` when the code was redeemed before. */
  redeem(code: string): Promise<{ request: AuthRequest } | { reused: string } | undefined>;
  /** Notes which session a code opened, so that its reuse ends that session. */
  noteSession(code: string, apiSessionId: string): Promise<void>;
}

export function createAuthRequests(payloads: PayloadStore): AuthRequests {
  const newSecret = () => randomBytes(32).toString('base64url');
  const get = async (id: string): Promise<AuthRequest> => {
    const known = await payloads.find(REQUEST, id);
    if (!known || known['consumed'] !== undefined) throw unknown();
    return known as unknown as AuthRequest;
  };
  return {
    begin: async (parameters) => {
      const id = newSecret();
      await payloads.put(REQUEST, id, { parameters }, REQUEST_SECONDS);
      return id;
    },
    get,
    prove: async (id, proof) => {
      const { parameters } = await get(id);
      await payloads.put(REQUEST, id, { parameters, proof: { ...proof } }, REQUEST_SECONDS);
    },
    finish: async (id) => {
      const request = await get(id);
      if (!request.proof?.isComplete || !(await payloads.consume(REQUEST, id))) throw unknown();
      const code = newSecret();
      const { parameters, proof } = request;
      await payloads.put(CODE, code, { parameters, proof: { ...proof } }, CODE_SECONDS);
      return { request, code };
    },
    redeem: async (code) => {
      const known = await payloads.find(CODE, code);
      if (!known) return undefined;
      if (await payloads.consume(CODE, code)) return { request: known as unknown as AuthRequest };
      const opened = await payloads.find(`${CODE}Session`, code);
      return { reused: (opened as { apiSessionId?: string } | undefined)?.apiSessionId ?? '' };
    },
    noteSession: (code, apiSessionId) =>
      payloads.put(`${CODE}Session`, code, { apiSessionId }, CODE_SECONDS),
  };
}

function unknown(): AppError {
  return new AppError('ERR_OIDC_REQUEST_UNKNOWN', 'unknown, expired or finished request', {
    status: 400,
  });
}
