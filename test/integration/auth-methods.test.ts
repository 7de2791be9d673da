/** Every way to log in to the Edge APIs, over real TLS, and what must be refused. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  controllerConfigSchema,
  createController,
  type RunningController,
} from '@postern/controller';
import { silentLogger } from '@postern/shared/log';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeAt } from '../../controller/src/auth/totp.ts';
import { makeCsr } from '../harness/csr.ts';
import { CLIENT, edgeClient, MANAGEMENT, type EdgeClient } from '../harness/edge-client.ts';
import { TestCa } from '../harness/test-ca.ts';
import { defaultKind, type TestDatabase } from '../harness/stores.ts';
import { startTestIssuer, type TestIssuer } from '../harness/test-issuer.ts';

const PASSWORD = 'correct horse';

let dataDir: string;
let database: TestDatabase;
let controller: RunningController;
let edge: EdgeClient;
let admin: string;
let offsetMs = 0;
let serial = 0;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'postern-auth-'));
  database = await defaultKind.create();
  controller = await createController(
    controllerConfigSchema.parse({
      dataDir,
      store: await database.config(),
      admin: { port: 0 },
      public: { port: 0, tls: 'none' },
      control: { port: 0 },
      loginOrigin: 'http://login.localhost:8080',
      auth: { allowPrivateJwks: true, attemptsPerMinute: 10_000 },
    }),
    { logger: silentLogger, clock: () => Date.now() + offsetMs, checkResponses: true },
  );
  edge = edgeClient(controller);
  const password = (await readFile(join(dataDir, 'admin-password'), 'utf8')).trim();
  admin = await login({ username: 'admin', password });
});

afterAll(async () => {
  await controller.close();
  await database.dispose();
  await rm(dataDir, { recursive: true, force: true });
});

async function login(credentials: { username: string; password: string }): Promise<string> {
  const answer = await edge(`${CLIENT}/authenticate?method=password`, { body: credentials });
  expect(answer.status, answer.bytes.toString()).toBe(200);
  return answer.data.token as string;
}

async function create(plural: string, body: unknown): Promise<string> {
  const answer = await edge(`${MANAGEMENT}/${plural}`, { body, session: admin });
  expect(answer.status, answer.bytes.toString()).toBe(201);
  return answer.data.id as string;
}

const detail = async (path: string) =>
  (await edge(`${MANAGEMENT}/${path}`, { session: admin })).data;

async function createIdentity(more: object = {}): Promise<{ id: string; name: string }> {
  const name = `person ${++serial}`;
  return {
    id: await create('identities', { name, type: 'Default', isAdmin: false, ...more }),
    name,
  };
}

async function createPerson(more: object = {}) {
  const { id } = await createIdentity(more);
  const username = `user${serial}`;
  const authenticatorId = await create('authenticators', {
    method: 'updb',
    identityId: id,
    username,
    password: PASSWORD,
  });
  return { id, username, authenticatorId, password: PASSWORD };
}

async function createPolicy(change: { primary?: object; secondary?: object }): Promise<string> {
  return create('auth-policies', {
    name: `policy ${++serial}`,
    primary: {
      cert: { allowed: true, allowExpiredCerts: false },
      updb: {
        allowed: true,
        minPasswordLength: 5,
        requireMixedCase: false,
        requireNumberChar: false,
        requireSpecialChar: false,
        maxAttempts: 3,
        lockoutDurationMinutes: 10,
      },
      extJwt: { allowed: true, allowedSigners: [] },
      ...change.primary,
    },
    secondary: { requireTotp: false, requireExtJwtSigner: null, ...change.secondary },
  });
}

async function createVerifiedCa(ca: TestCa, more: object = {}): Promise<string> {
  const id = await create('cas', {
    name: `ca ${++serial}`,
    certPem: ca.pem,
    isAutoCaEnrollmentEnabled: true,
    isOttCaEnrollmentEnabled: true,
    isAuthEnabled: true,
    identityRoles: ['from-ca'],
    ...more,
  });
  const { verificationToken } = await detail(`cas/${id}`);
  const proof = await ca.leaf(verificationToken as string);
  const verified = await edge(`${MANAGEMENT}/cas/${id}/verify`, {
    body: proof.cert,
    headers: { 'content-type': 'text/plain' },
    session: admin,
  });
  expect(verified.status, verified.bytes.toString()).toBe(200);
  return id;
}

async function createSigner(issuer: TestIssuer, more: object = {}): Promise<string> {
  return create('external-jwt-signers', {
    name: `signer ${++serial}`,
    issuer: issuer.issuer,
    audience: 'postern',
    enabled: true,
    jwksEndpoint: issuer.jwksEndpoint,
    useExternalId: true,
    ...more,
  });
}

const byCertificate = (certificate: { cert: string; key: string }) =>
  edge(`${CLIENT}/authenticate?method=cert`, { body: {}, certificate });

describe('password', () => {
  it('opens a session, and nothing but the right one does', async () => {
    const person = await createPerson();
    const session = await login(person);
    expect((await edge(`${CLIENT}/current-identity`, { session })).data.id).toBe(person.id);
    for (const wrong of [
      { ...person, password: `${PASSWORD} ` },
      { ...person, username: 'nobody at all' },
    ]) {
      const { username, password } = wrong;
      const refused = await edge(`${CLIENT}/authenticate?method=password`, {
        body: { username, password },
      });
      expect([refused.status, refused.code]).toEqual([401, 'INVALID_AUTH']);
    }
  });

  it('is barred when the policy bars it', async () => {
    const authPolicyId = await createPolicy({
      primary: {
        updb: {
          allowed: false,
          minPasswordLength: 5,
          requireMixedCase: false,
          requireNumberChar: false,
          requireSpecialChar: false,
          maxAttempts: 3,
          lockoutDurationMinutes: 0,
        },
      },
    });
    const { username, password } = await createPerson({ authPolicyId });
    const refused = await edge(`${CLIENT}/authenticate?method=password`, {
      body: { username, password },
    });
    expect(refused.code).toBe('INVALID_AUTH');
  });

  it('locks the identity after too many bad ones, for the time the policy says', async () => {
    const authPolicyId = await createPolicy({});
    const person = await createPerson({ authPolicyId });
    const open = await login(person);
    await Promise.all(
      [1, 2, 3].map(() =>
        edge(`${CLIENT}/authenticate?method=password`, {
          body: { username: person.username, password: 'wrong' },
        }),
      ),
    );
    const { username, password } = person;
    const locked = await edge(`${CLIENT}/authenticate?method=password`, {
      body: { username, password },
    });
    expect(locked.code).toBe('INVALID_AUTH');
    expect((await edge(`${CLIENT}/current-identity`, { session: open })).status).toBe(401);
    offsetMs += 11 * 60_000;
    await login(person);
  });

  it('is changed by who knows the present one; other sessions end', async () => {
    const person = await createPerson();
    const [one, other] = [await login(person), await login(person)];
    const path = `${CLIENT}/current-identity/authenticators/${person.authenticatorId}`;
    const change = (currentPassword: string, session: string) =>
      edge(path, {
        method: 'PATCH',
        body: { currentPassword, password: 'another horse' },
        session,
      });
    expect((await change('wrong', one)).status).toBe(401);
    expect((await change(PASSWORD, one)).status).toBe(200);
    expect((await edge(`${CLIENT}/current-identity`, { session: one })).status).toBe(200);
    expect((await edge(`${CLIENT}/current-identity`, { session: other })).status).toBe(401);
    const stranger = await createPerson();
    expect((await change(PASSWORD, await login(stranger))).status).toBe(404);
  });
});

describe('certificate', () => {
  async function enrolled(more: object = {}) {
    const { id } = await createIdentity({ enrollment: { ott: true }, ...more });
    const { enrollment } = await detail(`identities/${id}`);
    const { csr, keyPem } = await makeCsr(id);
    const answer = await edge(`${CLIENT}/enroll?method=ott&token=${enrollment.ott.token}`, {
      body: csr,
    });
    expect(answer.status, answer.bytes.toString()).toBe(200);
    return { id, certificate: { cert: answer.data.cert as string, key: keyPem } };
  }

  it('of this network signs in, by the leaf alone', async () => {
    const { id, certificate } = await enrolled();
    const answer = await byCertificate(certificate);
    expect(answer.data.identityId).toBe(id);
    // A stranger's leaf before the known certificate proves only the stranger's key.
    const stranger = await (await TestCa.create('evil')).leaf(id);
    const spliced = { cert: stranger.cert + certificate.cert, key: stranger.key };
    expect((await byCertificate(spliced)).code).toBe('INVALID_AUTH');
  });

  it('expired signs in only where the policy lets it', async () => {
    const authPolicyId = await createPolicy({});
    const strict = await enrolled({ authPolicyId });
    const lenient = await enrolled();
    const beyond = async (days: number) => {
      offsetMs += days * 86_400_000;
      const answers = [
        await byCertificate(strict.certificate),
        await byCertificate(lenient.certificate),
      ];
      offsetMs -= days * 86_400_000;
      return answers.map(({ data, code }) => code ?? data.identityId);
    };
    expect(await beyond(366)).toEqual(['INVALID_AUTH', lenient.id]);
    // Once the issuing authority is past its end too, nothing is left to trust.
    expect(await beyond(761)).toEqual(['INVALID_AUTH', 'INVALID_AUTH']);
    const ca = await TestCa.create('short');
    await createVerifiedCa(ca);
    const leaf = await ca.leaf('old', {
      notBeforeMs: Date.now() - 7_200_000,
      lifetimeMs: 3_600_000,
    });
    const { id } = await createIdentity();
    await create('authenticators', { method: 'cert', identityId: id, certPem: leaf.cert });
    expect((await byCertificate(leaf)).data?.identityId).toBe(id);
    await edge(`${MANAGEMENT}/identities/${id}`, {
      method: 'PATCH',
      body: { authPolicyId },
      session: admin,
    });
    expect((await byCertificate(leaf)).code).toBe('INVALID_AUTH');
  });

  it('is renewed over mutual TLS and replaced once its holder confirms', async () => {
    const { id, certificate } = await enrolled();
    const session = (await byCertificate(certificate)).data.token as string;
    const [own] = (await edge(`${CLIENT}/current-identity/authenticators`, { session })).data;
    const path = `${CLIENT}/current-identity/authenticators/${own.id}`;
    const { csr, keyPem } = await makeCsr(id);
    const body = { clientCertCsr: csr };
    expect((await edge(`${path}/extend`, { body, session })).code).toBe('INVALID_CLIENT_CERT');
    await edge(`${MANAGEMENT}/authenticators/${own.id}/request-extend`, {
      body: { rollKeys: true },
      session: admin,
    });
    expect((await detail(`authenticators/${own.id}`)).isKeyRollRequested).toBe(true);
    const extended = await edge(`${path}/extend`, { body, session, certificate });
    expect(extended.status, extended.bytes.toString()).toBe(200);
    const successor = { cert: extended.data.clientCert as string, key: keyPem };
    expect((await byCertificate(successor)).code).toBe('INVALID_AUTH');
    expect((await byCertificate(certificate)).status).toBe(200);
    const wrong = await edge(`${path}/extend-verify`, {
      body: { clientCert: certificate.cert },
      session,
    });
    expect(wrong.code).toBe('INVALID_CLIENT_CERT');
    await edge(`${path}/extend-verify`, { body: { clientCert: successor.cert }, session });
    expect((await byCertificate(successor)).data.identityId).toBe(id);
    expect((await byCertificate(certificate)).code).toBe('INVALID_AUTH');
  });
});

describe('certificate of another authority', () => {
  it('counts only once the authority is verified by a certificate for its token', async () => {
    const ca = await TestCa.create('acme');
    const id = await create('cas', {
      name: 'acme',
      certPem: ca.pem,
      isAutoCaEnrollmentEnabled: true,
      isOttCaEnrollmentEnabled: true,
      isAuthEnabled: true,
    });
    const leaf = await ca.leaf('gadget');
    const enroll = () => edge(`${CLIENT}/enroll?method=ca`, { body: {}, certificate: leaf });
    expect((await enroll()).code).toBe('INVALID_CLIENT_CERT');

    const verify = (pem: string) =>
      edge(`${MANAGEMENT}/cas/${id}/verify`, {
        body: pem,
        headers: { 'content-type': 'text/plain' },
        session: admin,
      });
    const { verificationToken } = await detail(`cas/${id}`);
    const other = await (await TestCa.create('other')).leaf(verificationToken);
    expect((await verify('no certificate')).code).toBe('EXPECTED_PEM_CERTIFICATE');
    expect((await verify(other.cert)).code).toBe('CERTIFICATE_FAILED_VALIDATION');
    expect((await verify(leaf.cert)).code).toBe('INVALID_COMMON_NAME');
    const proof = await ca.leaf(verificationToken);
    expect((await verify(proof.cert)).status).toBe(200);
    expect((await verify(proof.cert)).code).toBe('CA_ALREADY_VERIFIED');
    expect((await enroll()).status).toBe(200);
    expect((await enroll()).code).toBe('CERT_IN_USE');
    expect((await byCertificate(leaf)).data.identity.name).toBe('acme-gadget');
  });

  it('may not be one of this network, nor no authority at all', async () => {
    const body = (certPem: string) => ({
      name: `ca ${++serial}`,
      certPem,
      isAutoCaEnrollmentEnabled: true,
      isOttCaEnrollmentEnabled: true,
      isAuthEnabled: true,
    });
    const post = (certPem: string) =>
      edge(`${MANAGEMENT}/cas`, { body: body(certPem), session: admin });
    const [root = '', issuing = ''] =
      controller.trustBundlePem.match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
    expect((await post(root)).code).toBe('COULD_NOT_VALIDATE');
    expect((await post(issuing)).code).toBe('COULD_NOT_VALIDATE');
    const leaf = await (await TestCa.create('x')).leaf('x');
    expect((await post(leaf.cert)).code).toBe('CERTIFICATE_IS_NOT_CA');
  });

  it('has a token to enrol by, and stops counting when changed or deleted', async () => {
    const ca = await TestCa.create('brief');
    const id = await createVerifiedCa(ca);
    const path = `${MANAGEMENT}/cas/${id}`;
    const jwt = await edge(`${path}/jwt`, { session: admin });
    expect(jwt.headers['content-type']).toContain('application/jwt');
    expect(decodeJwt(jwt.bytes.toString())).toMatchObject({ em: 'ca', sub: id });
    const leaf = await ca.leaf('brief');
    await edge(`${CLIENT}/enroll/ca`, { body: { name: 'chosen' }, certificate: leaf });
    expect((await byCertificate(leaf)).status).toBe(200);

    const flags = {
      isAutoCaEnrollmentEnabled: false,
      isOttCaEnrollmentEnabled: true,
      isAuthEnabled: true,
    };
    const put = { name: 'brief renamed', identityRoles: [], ...flags };
    expect((await edge(path, { method: 'PUT', body: put, session: admin })).status).toBe(200);
    expect((await edge(`${path}/jwt`, { session: admin })).status).toBe(404);
    const late = await ca.leaf('late');
    const enroll = await edge(`${CLIENT}/enroll/ca`, { body: {}, certificate: late });
    expect(enroll.code).toBe('INVALID_CLIENT_CERT');
    expect((await byCertificate(leaf)).status).toBe(200);

    const patch = { isAuthEnabled: false };
    expect((await edge(path, { method: 'PATCH', body: patch, session: admin })).status).toBe(200);
    expect((await byCertificate(leaf)).code).toBe('INVALID_AUTH');

    const { id: pending } = await createIdentity({ enrollment: { ottca: id } });
    expect((await edge(path, { method: 'DELETE', session: admin })).status).toBe(200);
    expect((await edge(path, { session: admin })).status).toBe(404);
    expect((await detail(`identities/${pending}`)).enrollment).toEqual({});
  });

  it('names its identity by a claim', async () => {
    const ca = await TestCa.create('corp');
    await createVerifiedCa(ca, {
      externalIdClaim: {
        location: 'SAN_EMAIL',
        matcher: 'SUFFIX',
        matcherCriteria: '@corp.example',
        parser: 'NONE',
        parserCriteria: '',
        index: 0,
      },
    });
    const { id } = await createIdentity({ externalId: 'zoe' });
    const named = (value: string) => ca.leaf('anything', { names: [{ type: 'email', value }] });
    expect((await byCertificate(await named('zoe@corp.example'))).data?.identityId).toBe(id);
    for (const value of ['zoe@corp.example.evil', 'joe@corp.example', 'zoe@other.example'])
      expect((await byCertificate(await named(value))).code, value).toBe('INVALID_AUTH');
  });

  it('is refused for other purposes, out of time, and from authorities that are none', async () => {
    const ca = await TestCa.create('strict');
    await createVerifiedCa(ca, {
      externalIdClaim: { location: 'COMMON_NAME' },
    });
    await createIdentity({ externalId: 'dave' });
    const serverOnly = await ca.leaf('dave', { usages: ['1.3.6.1.5.5.7.3.1'] });
    const future = await ca.leaf('dave', { notBeforeMs: Date.now() + offsetMs + 86_400_000 });
    const authority = await ca.leaf('dave', { isCa: true });
    for (const certificate of [serverOnly, future, authority])
      expect((await byCertificate(certificate)).code).toBe('INVALID_AUTH');
    // An end entity that signs, and an honest intermediate.
    const sub = await ca.intermediate('sub');
    const deep = await sub.leaf('dave');
    expect((await byCertificate(deep)).code).toBe('INVALID_AUTH');
    const chained = { cert: deep.cert + sub.pem, key: deep.key };
    expect((await byCertificate(chained)).status).toBe(200);
  });

  it('enrols by a one-time token of an administrator, with certificates of that authority alone', async () => {
    const [ca, other] = [await TestCa.create('named'), await TestCa.create('unnamed')];
    const caId = await createVerifiedCa(ca);
    await createVerifiedCa(other);
    const { id } = await createIdentity({ enrollment: { ottca: caId } });
    const { enrollment } = await detail(`identities/${id}`);
    const path = `${CLIENT}/enroll?method=ottca&token=${enrollment.ottca.token}`;
    const wrong = await other.leaf('x');
    expect((await edge(path, { body: {}, certificate: wrong })).code).toBe('INVALID_CLIENT_CERT');
    const leaf = await ca.leaf('x');
    expect((await edge(path, { body: {}, certificate: leaf })).status).toBe(200);
    expect((await byCertificate(leaf)).data.identityId).toBe(id);
    expect((await edge(path, { body: {}, certificate: leaf })).code).toBe(
      'INVALID_ENROLLMENT_TOKEN',
    );
  });
});

describe('external JWT', () => {
  let issuer: TestIssuer;
  let signerId: string;
  beforeAll(async () => {
    issuer = await startTestIssuer('https://idp.example', () => Date.now() + offsetMs);
    signerId = await createSigner(issuer, {
      enrollToTokenEnabled: true,
      enrollToCertEnabled: true,
      enrollNameClaimsSelector: '/name',
      enrollAttributeClaimsSelector: '/groups',
    });
  });
  afterAll(() => issuer.close());
  const byJwt = (bearer: string) =>
    edge(`${CLIENT}/authenticate?method=ext-jwt`, { body: {}, bearer });

  it('opens a session for the identity it names, before and after the issuer rotates its keys', async () => {
    const { id } = await createIdentity({ externalId: 'jane' });
    expect((await byJwt(await issuer.sign({ sub: 'jane' }))).data.identityId).toBe(id);
    expect((await byJwt(await issuer.sign({ sub: 'nobody' }))).code).toBe('INVALID_AUTH');
    await issuer.rotate();
    offsetMs += 1500;
    expect((await byJwt(await issuer.sign({ sub: 'jane' }))).data.identityId).toBe(id);
  });

  it('makes the identity at enrolment, mapped from its claims, once', async () => {
    const enroll = async (claims: object, headers = {}) =>
      edge(`${CLIENT}/enroll/token`, {
        body: {},
        bearer: await issuer.sign({ ...claims }),
        headers,
      });
    const claims = { sub: 'new-1', name: 'New Person', groups: ['staff', '#all', 'ops', 7, '@x'] };
    expect((await enroll(claims, { 'ziti-token-issuer-id': 'another' })).code).toBe('INVALID_AUTH');
    expect((await enroll(claims)).status).toBe(200);
    const [made] = await detail(`identities?filter=externalId="new-1"`);
    expect(made).toMatchObject({ name: 'New Person', roleAttributes: ['ops', 'staff'] });
    expect((await enroll(claims)).code).toBe('ENROLLMENT_IDENTITY_ALREADY_ENROLLED');
    expect((await byJwt(await issuer.sign({ sub: 'new-1' }))).status).toBe(200);

    const { csr, keyPem } = await makeCsr('anything');
    const answer = await edge(`${CLIENT}/enroll/token`, {
      body: { clientCsr: csr },
      bearer: await issuer.sign({ sub: 'new-2' }),
    });
    const certificate = { cert: answer.data.cert as string, key: keyPem };
    expect((await byCertificate(certificate)).data.identity.name).toBe('new-2');

    await edge(`${MANAGEMENT}/external-jwt-signers/${signerId}`, {
      method: 'PATCH',
      body: { enrollToTokenEnabled: false },
      session: admin,
    });
    expect((await enroll({ sub: 'new-3' })).code).toBe('INVALID_ENROLLMENT_NOT_ALLOWED');
  });

  it('as second factor must come with every request', async () => {
    const authPolicyId = await createPolicy({ secondary: { requireExtJwtSigner: signerId } });
    const person = await createPerson({ authPolicyId, externalId: 'sam' });
    const { username, password } = person;
    const opened = await edge(`${CLIENT}/authenticate?method=password`, {
      body: { username, password },
    });
    expect(opened.data.authQueries).toMatchObject([{ typeId: 'EXT-JWT', id: signerId }]);
    const session = opened.data.token as string;
    const get = async (bearer?: string) =>
      edge(`${CLIENT}/current-identity`, { session, ...(bearer && { bearer }) });
    const bare = await get();
    expect(bare.status).toBe(401);
    expect(bare.headers['www-authenticate']).toContain('openziti-secondary-ext-jwt');
    expect((await get(await issuer.sign({ sub: 'sam' }))).status).toBe(200);
    expect((await get(await issuer.sign({ sub: 'eve' }))).status).toBe(401);
    expect((await get()).status).toBe(401);
    // Nor can a first factor be set up on the way round it.
    expect((await edge(`${CLIENT}/current-identity/mfa`, { body: {}, session })).status).toBe(401);
  });
});

describe('authenticator app', () => {
  const own = `${CLIENT}/current-identity/mfa`;
  async function secretOf(session: string): Promise<string> {
    const { provisioningUrl } = (await edge(own, { session })).data;
    return new URL(provisioningUrl as string).searchParams.get('secret') ?? '';
  }
  const now = () => Date.now() + offsetMs;
  /** A code that no call has used: each takes the next time step. */
  const freshCode = (secret: string): string => {
    offsetMs += 30_000;
    return codeAt(secret, now());
  };
  const prove = (code: string, session: string) =>
    edge(`${CLIENT}/authenticate/mfa`, { body: { code }, session });

  it('is set up, asked for at the next log-in, and takes each code once', async () => {
    const person = await createPerson();
    const first = await login(person);
    expect((await edge(own, { session: first })).status).toBe(404);
    expect((await edge(own, { body: {}, session: first })).status).toBe(201);
    const qr = await edge(`${own}/qr-code`, { session: first });
    expect(qr.bytes.subarray(1, 4).toString()).toBe('PNG');
    const secret = await secretOf(first);
    const verify = (code: string) => edge(`${own}/verify`, { body: { code }, session: first });
    expect((await verify('000000')).code).toBe('MFA_INVALID_TOKEN');
    const used = freshCode(secret);
    expect((await verify(used)).status).toBe(200);
    expect((await edge(own, { session: first })).data.provisioningUrl).toBeUndefined();
    expect((await edge(`${own}/qr-code`, { session: first })).status).toBe(404);
    expect((await edge(own, { body: {}, session: first })).code).toBe('MFA_EXISTS');

    const second = await login(person);
    expect((await edge(`${CLIENT}/current-identity`, { session: second })).status).toBe(401);
    expect((await edge(`${CLIENT}/services`, { session: second })).status).toBe(401);
    const { authQueries } = (await edge(`${CLIENT}/current-api-session`, { session: second })).data;
    expect(authQueries).toMatchObject([{ typeId: 'MFA', isTotpEnrolled: true }]);
    expect((await prove(used, second)).code).toBe('MFA_INVALID_TOKEN');
    const code = freshCode(secret);
    const answers = await Promise.all(Array.from({ length: 20 }, () => prove(code, second)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await edge(`${CLIENT}/current-identity`, { session: second })).status).toBe(200);
  });

  it('is asked of whom the policy says, who can then do nothing but set it up', async () => {
    const authPolicyId = await createPolicy({ secondary: { requireTotp: true } });
    const session = await login(await createPerson({ authPolicyId }));
    expect((await edge(`${CLIENT}/current-identity`, { session })).status).toBe(401);
    expect((await edge(own, { body: {}, session })).status).toBe(201);
    const body = { code: freshCode(await secretOf(session)) };
    expect((await edge(`${own}/verify`, { body, session })).status).toBe(200);
    expect((await edge(`${CLIENT}/current-identity`, { session })).status).toBe(200);
  });

  it('has recovery codes, each good once, and locks after ten bad codes', async () => {
    const person = await createPerson();
    const session = await login(person);
    await edge(own, { body: {}, session });
    const { recoveryCodes } = (await edge(own, { session })).data;
    expect(new Set(recoveryCodes as string[]).size).toBe(20);
    const secret = await secretOf(session);
    await edge(`${own}/verify`, { body: { code: freshCode(secret) }, session });

    const second = await login(person);
    expect((await prove(recoveryCodes[0], second)).status).toBe(200);
    const third = await login(person);
    expect((await prove(recoveryCodes[0], third)).code).toBe('MFA_INVALID_TOKEN');
    const left = await edge(`${own}/recovery-codes`, {
      session: second,
      headers: { 'mfa-validation-code': freshCode(secret) },
    });
    expect(left.data.recoveryCodes).toHaveLength(19);
    for (let bad = 0; bad < 10; bad++) await prove('000000', third);
    expect((await prove(freshCode(secret), third)).code).toBe('MFA_INVALID_TOKEN');
    offsetMs += 16 * 60_000;
    expect((await prove(freshCode(secret), third)).status).toBe(200);
    const without = await edge(own, { method: 'DELETE', session: third });
    expect(without.code).toBe('MFA_INVALID_TOKEN');
    const headers = { 'mfa-validation-code': freshCode(secret) };
    expect((await edge(own, { method: 'DELETE', session: third, headers })).status).toBe(200);
    expect(
      (await edge(`${CLIENT}/current-identity`, { session: await login(person) })).status,
    ).toBe(200);
  });

  it('is removed by an administrator for who lost it', async () => {
    const person = await createPerson();
    const session = await login(person);
    await edge(own, { body: {}, session });
    await edge(`${own}/verify`, { body: { code: freshCode(await secretOf(session)) }, session });
    const path = `${MANAGEMENT}/identities/${person.id}/mfa`;
    expect((await edge(path, { method: 'DELETE', session })).status).toBe(401);
    expect((await edge(path, { method: 'DELETE', session: admin })).status).toBe(200);
    expect(
      (await edge(`${CLIENT}/current-identity`, { session: await login(person) })).status,
    ).toBe(200);
  });
});

describe('session certificate', () => {
  it('is issued for the session alone, listed, and forgotten with it', async () => {
    const session = await login(await createPerson());
    const path = `${CLIENT}/current-api-session/certificates`;
    const { csr, keyPem } = await makeCsr('somebody else');
    const issued = await edge(path, { body: { csr }, session });
    expect(issued.status, issued.bytes.toString()).toBe(201);
    const [shown] = (await edge(path, { session })).data;
    expect(shown.subject).not.toContain('somebody else');
    expect(Date.parse(shown.validTo) - Date.now() - offsetMs).toBeLessThanOrEqual(12 * 3_600_000);
    // It names a session, not an identity: it logs nobody in.
    const certificate = { cert: issued.data.certificate as string, key: keyPem };
    expect((await byCertificate(certificate)).code).toBe('INVALID_AUTH');
    expect((await edge(path, { body: { csr: 'nonsense' }, session })).code).toBe(
      'COULD_NOT_PROCESS_CSR',
    );
    const other = await login(await createPerson());
    expect((await edge(`${path}/${shown.id}`, { session: other })).status).toBe(404);
    expect((await edge(`${path}/${shown.id}`, { method: 'DELETE', session })).status).toBe(200);
    expect((await edge(`${path}/${shown.id}`, { session })).status).toBe(404);
  });
});

describe('re-enrolment', () => {
  it('takes the old proof away at once and gives a new one', async () => {
    const person = await createPerson();
    const session = await login(person);
    const expiresAt = new Date(Date.now() + offsetMs + 3_600_000).toISOString();
    const answer = await edge(`${MANAGEMENT}/authenticators/${person.authenticatorId}/re-enroll`, {
      body: { expiresAt },
      session: admin,
    });
    expect(answer.status).toBe(201);
    expect((await edge(`${CLIENT}/current-identity`, { session })).status).toBe(401);
    const { token } = await detail(`enrollments/${answer.data.id}`);
    const enroll = (password: string) =>
      edge(`${CLIENT}/enroll/updb?token=${token}`, { body: { password } });
    expect((await enroll('short')).code).toBe('COULD_NOT_VALIDATE');
    expect((await enroll('a longer one')).data).toEqual({ username: person.username });
    await login({ username: person.username, password: 'a longer one' });
  });

  it('of a token wins once among 500 at a time', async () => {
    const { id } = await createIdentity({ enrollment: { ott: true } });
    const { enrollment } = await detail(`identities/${id}`);
    const { csr } = await makeCsr(id);
    const path = `${CLIENT}/enroll?method=ott&token=${enrollment.ott.token}`;
    const codes: (string | undefined)[] = [];
    await Promise.all(
      Array.from({ length: 500 }, async () => {
        const { status, code } = await edge(path, { body: csr });
        codes.push(status === 200 ? 'won' : code);
      }),
    );
    expect(codes.filter((code) => code === 'won')).toHaveLength(1);
    // A busy machine may run out of time for some: they got nothing either.
    const others = codes.filter((code) => code !== 'won' && code !== 'TIMEOUT');
    expect(new Set(others)).toEqual(new Set(['INVALID_ENROLLMENT_TOKEN']));
  }, 120_000);
});

it('network JWTs tell anybody where the network is', async () => {
  for (const base of [CLIENT, MANAGEMENT]) {
    const [{ token }] = (await edge(`${base}/network-jwts`)).data;
    const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
    expect(claims).toMatchObject({ em: 'network', iss: controller.admin.url });
  }
});
