/** Every verifier of JWTs refuses every forgery, and takes the genuine token they were made from. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createExternalJwtVerifier } from '../../controller/src/auth/external-jwt.ts';
import { outstandingQueries } from '../../controller/src/auth/auth-queries.ts';
import { createAuthentication } from '../../controller/src/auth/create-authentication.ts';
import {
  createSessionTokenVerifier,
  sessionIssuer,
} from '../../controller/src/auth/session-token.ts';
import { defaultAuthPolicy, newEntity } from '../../controller/src/model/defaults.ts';
import type { ExternalJwtSigner } from '../../controller/src/model/external-jwt-signers.ts';
import { createProofVerifier } from '../../controller/src/sign-in/dpop.ts';
import type { SignInDatabase } from '../../controller/src/sign-in/tables.ts';
import { repositories } from '../../controller/src/store/repositories.ts';
import {
  parseEnrollmentToken,
  verifyEnrollmentToken,
} from '../../node/src/enroll/enrollment-token.ts';
import {
  APP_TOKEN_TYP,
  ASSERTION_TYP,
  BIND_GRANT_AUDIENCE,
  BIND_GRANT_TYP,
  createKeySet,
  DIAL_GRANT_AUDIENCE,
  DIAL_GRANT_TYP,
  serviceResource,
  verifyAppToken,
  verifyAssertion,
  verifyBindGrant,
  verifyDialGrant,
  type KeyUse,
} from '../../shared/src/grants/index.ts';
import { createTestContext, type TestContext } from '../harness/controller-context.ts';
import {
  forgeries,
  newSigner,
  signGenuine,
  type Family,
  type Genuine,
} from '../harness/forged-jwts.ts';
import { startTestIssuer, type TestIssuer } from '../harness/test-issuer.ts';

interface Verifier {
  name: string;
  /** Families that mean nothing to it, and why. */
  exempt?: Partial<Record<Family, string>>;
  genuine: () => Genuine;
  /** Resolves only if the token is accepted. */
  accept: (token: string) => Promise<unknown>;
}

const EXTERNAL_ISSUER = 'https://idp.example';
const signer = newSigner();
const { kty, crv, x, y } = signer.jwk as { kty: 'EC'; crv: 'P-256'; x: string; y: string };
const jwk = { kty, crv, x, y };
const seconds = () => Math.floor(Date.now() / 1000);
const ISSUER = 'https://ctrl.example/oidc';
const keys = createKeySet(
  (['token', 'grant', 'assertion'] as const).map((use: KeyUse) => ({
    kid: use,
    use,
    issuer: ISSUER,
    jwk,
  })),
);
const thumbprint = 'x'.repeat(43);
const connected = () => ({ nowMs: Date.now(), connected: true });
const siblingTypes = [DIAL_GRANT_TYP, BIND_GRANT_TYP, APP_TOKEN_TYP, 'JWT', 'dpop+jwt'];

let ctx: TestContext;
let issuer: TestIssuer;
let external: ReturnType<typeof createExternalJwtVerifier>;

beforeAll(async () => {
  ctx = await createTestContext();
  issuer = await startTestIssuer('https://unused.example');
  const row = (more: Partial<ExternalJwtSigner>): ExternalJwtSigner => ({
    ...newEntity(Date.now()),
    tags: {},
    name: more.issuer ?? '',
    issuer: '',
    audience: 'postern',
    enabled: true,
    certPem: null,
    jwksEndpoint: null,
    kid: '',
    claimsProperty: '/sub',
    useExternalId: true,
    externalAuthUrl: null,
    clientId: 'postern',
    scopes: [],
    targetToken: 'ID',
    enrollToCertEnabled: false,
    enrollToTokenEnabled: false,
    enrollNameClaimsSelector: '/sub',
    enrollAttributeClaimsSelector: '',
    enrollAuthPolicyId: 'default',
    fingerprint: null,
    commonName: '',
    notBefore: null,
    notAfter: null,
    ...more,
  });
  await ctx.store.write(async (tx) => {
    await repositories.externalJwtSigners.insert(
      tx,
      row({
        id: 'by-jwks',
        issuer: EXTERNAL_ISSUER,
        jwksEndpoint: issuer.serve([{ ...jwk, kid: 'ext', alg: 'ES256' }]),
      }),
    );
    await tx.db
      .withTables<SignInDatabase>()
      .insertInto('signingKeys')
      .values({
        kid: 'session',
        use: 'session',
        issuer: sessionIssuer(ctx.endpoints.admin),
        jwk: JSON.stringify(jwk),
        activeAtMs: 0,
      })
      .execute();
  });
  const { primary } = defaultAuthPolicy(Date.now());
  await ctx.store.write((tx) => repositories.authPolicies.update(tx, 'default', { primary }));
  await ctx.insert('identities', { id: 'alice', externalId: 'alice' });
  const config = { ...ctx.config, auth: { ...ctx.config.auth, allowPrivateJwks: true } };
  external = createExternalJwtVerifier({ ...ctx, config });
  Object.assign(ctx, { auth: { ...createAuthentication({ ...ctx, config }), ...external } });
});
afterAll(async () => {
  await issuer.close();
  await ctx.dispose();
});

const times = () => ({ iat: seconds(), exp: seconds() + 120, out: seconds() + 900, jti: 'jti-1' });
const genuine = (kid: string, typ: string, claims: object): Genuine => ({
  header: { alg: 'ES256', kid, typ },
  claims: { iss: ISSUER, ...times(), ...claims },
  privateKey: signer.privateKey,
  siblingTypes,
});
const noNotBefore = { nbf: 'these tokens have no nbf; iat and exp bound them' };

const verifiers: Verifier[] = [
  {
    name: 'app token',
    exempt: noNotBefore,
    genuine: () =>
      genuine('token', APP_TOKEN_TYP, {
        aud: serviceResource('wiki'),
        sub: 'alice',
        client_id: 'app',
        cnf: { jkt: thumbprint },
        sid: 'sid',
      }),
    accept: (token) =>
      verifyAppToken(token, { keys, time: connected(), serviceId: 'wiki', thumbprint }),
  },
  {
    name: 'dial grant',
    exempt: noNotBefore,
    genuine: () =>
      genuine('grant', DIAL_GRANT_TYP, {
        aud: DIAL_GRANT_AUDIENCE,
        sub: 'alice',
        name: 'Alice',
        svc: 'wiki',
        sid: 'sid',
        cnf: { jkt: thumbprint },
        hosts: ['host'],
      }),
    accept: (token) => verifyDialGrant(token, { keys, time: connected(), identityId: 'alice' }),
  },
  {
    name: 'dial grant, by a host that lost every controller',
    exempt: noNotBefore,
    genuine: () =>
      genuine('grant', DIAL_GRANT_TYP, {
        aud: DIAL_GRANT_AUDIENCE,
        sub: 'alice',
        name: 'Alice',
        svc: 'wiki',
        sid: 'sid',
        cnf: { jkt: thumbprint },
        hosts: ['host'],
      }),
    accept: (token) =>
      verifyDialGrant(token, { keys, time: { nowMs: Date.now(), connected: false } }),
  },
  {
    name: 'bind grant',
    exempt: noNotBefore,
    genuine: () =>
      genuine('grant', BIND_GRANT_TYP, {
        aud: BIND_GRANT_AUDIENCE,
        sub: 'host',
        svc: 'wiki',
        cnf: { jwk },
      }),
    accept: (token) => verifyBindGrant(token, { keys, time: connected(), hosts: ['host'] }),
  },
  {
    name: 'identity assertion',
    exempt: noNotBefore,
    genuine: () =>
      genuine('assertion', ASSERTION_TYP, {
        aud: 'https://wiki.example',
        sub: 'alice',
        name: 'Alice',
        sid: 'sid',
      }),
    accept: (token) =>
      verifyAssertion(token, { keys, nowMs: Date.now(), audience: 'https://wiki.example' }),
  },
  {
    name: 'external JWT, as the first factor',
    exempt: { typ: 'identity providers write what they like' },
    genuine: () => externalToken(),
    accept: async (token) => {
      const jwt = await external.verifyExternalJwt(token);
      if (!(await external.findIdentityForExternalJwt(jwt))) throw new Error('nobody');
    },
  },
  {
    name: 'external JWT, as the second factor',
    exempt: { typ: 'identity providers write what they like' },
    genuine: () => externalToken(),
    accept: async (token) => {
      const identity = await repositories.identities.get(ctx.store.db, 'alice');
      const secondary = { requireTotp: false, requireExtJwtSigner: 'by-jwks' };
      const session = { mfaPassedAt: null };
      if (!identity) throw new Error('no identity');
      const owed = await outstandingQueries(ctx, identity, { secondary }, session, [token]);
      if (owed.length > 0) throw new Error('not accepted');
    },
  },
  ...(['access', 'refresh'] as const).map((type): Verifier => ({
    name: `session ${type} token of /oidc`,
    genuine: () => ({
      header: { alg: 'ES256', kid: 'session', typ: 'JWT' },
      claims: {
        ...times(),
        iss: sessionIssuer(ctx.endpoints.admin),
        aud: ['openziti'],
        sub: 'alice',
        z_t: type === 'access' ? 'a' : 'r',
        z_asid: 'session-1',
      },
      privateKey: signer.privateKey,
      siblingTypes: siblingTypes.filter((typ) => typ !== 'JWT'),
    }),
    accept: async (token) => {
      const verdict = await createSessionTokenVerifier(ctx, type)(token);
      if (verdict.status !== 'valid') throw new Error(verdict.status);
    },
  })),
  {
    name: 'DPoP proof',
    exempt: {
      'brought-key': 'a proof brings its key: a stranger’s gives a stranger’s thumbprint',
      kid: 'a proof has no kid',
      iss: 'a proof has no issuer',
      aud: 'a proof has no audience',
      exp: 'iat bounds a proof',
      nbf: 'iat bounds a proof',
    },
    genuine: () => ({
      header: { alg: 'ES256', typ: 'dpop+jwt', jwk },
      claims: {
        htm: 'POST',
        htu: 'https://ctrl.example/postern/v1/dial-grants',
        iat: seconds() + 1,
        jti: crypto.randomUUID(),
      },
      privateKey: signer.privateKey,
    }),
    accept: (token) =>
      createProofVerifier(Date.now).verify({
        proof: token,
        method: 'POST',
        url: 'https://ctrl.example/postern/v1/dial-grants',
      }),
  },
  {
    name: 'enrolment token',
    exempt: {
      kid: 'the key is that of the TLS certificate, whatever kid says',
      typ: 'OpenZiti’s tokens say JWT, and nothing else is signed by that key',
      aud: 'an enrolment token has no audience',
    },
    genuine: () => enrolmentToken(),
    accept: async (token) => {
      const claims = parseEnrollmentToken(token, 'ott');
      // The client asks the address it was told of: another issuer is another certificate.
      if (claims.iss !== 'https://localhost:1280') throw new Error('another controller');
      await verifyEnrollmentToken(token, claims, tlsLeaf());
    },
  },
];

function externalToken(): Genuine {
  return {
    header: { alg: 'ES256', kid: 'ext', typ: 'JWT' },
    claims: {
      iss: EXTERNAL_ISSUER,
      aud: 'postern',
      sub: 'alice',
      iat: seconds(),
      exp: seconds() + 120,
    },
    privateKey: signer.privateKey,
  };
}

const tlsLeaf = () => new X509Certificate(ctx.pki.server().certChainPem);

function enrolmentToken(): Genuine {
  return {
    header: { alg: 'ES256', kid: 'tls', typ: 'JWT' },
    claims: {
      iss: 'https://localhost:1280',
      sub: 'identity',
      jti: 'one-time',
      em: 'ott',
      exp: seconds() + 120,
      ctrls: [],
    },
    privateKey: createPrivateKey(ctx.pki.server().keyPem),
  };
}

describe.each(verifiers)('$name', ({ genuine: make, accept, exempt = {} }) => {
  it('is accepted when genuine', async () => {
    await expect(accept(signGenuine(make()))).resolves.not.toBeNull();
  });

  it('is refused in every forged form', async () => {
    const forged = forgeries(make()).filter(({ family }) => !(family in exempt));
    expect(forged.length).toBeGreaterThan(60);
    const accepted: string[] = [];
    for (const { name, token } of forged) {
      const isAccepted = await accept(token).then(
        () => true,
        () => false,
      );
      if (isAccepted) accepted.push(name);
    }
    expect(accepted).toEqual([]);
  });
});

it('a signature by a key of another use is refused', async () => {
  for (const kid of ['token', 'assertion']) {
    const grant = verifiers[1]?.genuine();
    if (!grant) throw new Error('no dial grant');
    const token = signGenuine({ ...grant, header: { ...grant.header, kid } });
    await expect(verifyDialGrant(token, { keys, time: connected() })).rejects.toMatchObject({
      code: 'ERR_GRANT_INVALID',
    });
  }
});
