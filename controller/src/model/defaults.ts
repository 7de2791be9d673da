/** New entities with every member set to its default. */
import { DEFAULT_AUTH_POLICY_ID, type AuthPolicy } from './auth-policies.ts';
import type { Authenticator, Identity } from './identities.ts';
import { newId } from './ids.ts';
import type { Service } from './services.ts';

/** The members every new entity starts with. */
export function newEntity(nowMs: number): { id: string; createdAt: string; updatedAt: string } {
  const now = new Date(nowMs).toISOString();
  return { id: newId(), createdAt: now, updatedAt: now };
}

export function newIdentity(values: Partial<Identity> & { name: string }, nowMs: number): Identity {
  return {
    ...newEntity(nowMs),
    tags: {},
    typeId: 'Default',
    isAdmin: false,
    isDefaultAdmin: false,
    authPolicyId: DEFAULT_AUTH_POLICY_ID,
    externalId: null,
    disabledAt: null,
    disabledUntil: null,
    roleAttributes: [],
    permissions: [],
    appData: {},
    defaultHostingCost: 0,
    defaultHostingPrecedence: 'default',
    serviceHostingCosts: {},
    serviceHostingPrecedences: {},
    envInfo: {},
    sdkInfo: {},
    ...values,
  };
}

export function newAuthenticator(
  values: Partial<Authenticator> & Pick<Authenticator, 'method' | 'identityId'>,
  nowMs: number,
): Authenticator {
  return {
    ...newEntity(nowMs),
    tags: {},
    username: null,
    passwordHash: null,
    failedAttempts: 0,
    certPem: null,
    fingerprint: null,
    isIssuedByNetwork: false,
    isExtendRequested: false,
    isKeyRollRequested: false,
    extendRequestedAt: null,
    unverifiedCertPem: null,
    unverifiedFingerprint: null,
    ...values,
  };
}

export function newService(values: Partial<Service> & { name: string }, nowMs: number): Service {
  return {
    ...newEntity(nowMs),
    tags: {},
    encryptionRequired: true,
    acceptedEncryption: ['authenticated'],
    terminatorStrategy: 'smartrouting',
    maxIdleTimeMillis: 0,
    roleAttributes: [],
    configs: [],
    ...values,
  };
}

/** Every primary method allowed, nothing secondary; lockout for 15 minutes after 10 bad passwords. */
export function defaultAuthPolicy(nowMs: number): AuthPolicy {
  return {
    ...newEntity(nowMs),
    id: DEFAULT_AUTH_POLICY_ID,
    tags: {},
    name: 'Default',
    primary: {
      cert: { allowed: true, allowExpiredCerts: true },
      updb: {
        allowed: true,
        minPasswordLength: 8,
        requireMixedCase: false,
        requireNumberChar: false,
        requireSpecialChar: false,
        maxAttempts: 10,
        lockoutDurationMinutes: 15,
      },
      extJwt: { allowed: true, allowedSigners: [] },
      passkey: { allowed: true },
    },
    secondary: { requireTotp: false, requireExtJwtSigner: null, acceptPasskey: true },
  };
}
