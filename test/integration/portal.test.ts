/** The user portal's API, and what administrators decide of what people asked for. */
import {
  ownTotpSchema,
  portalSchema,
  portalSignInStartedSchema,
  type LoginResult,
  type OwnTotp,
  type Portal,
} from '@postern/shared/schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeAt } from '../../controller/src/auth/totp.ts';
import { MANAGEMENT } from '../harness/edge-client.ts';
import { LiveNetwork, PASSWORD, roundTrip, type SignedIn } from '../harness/live-network.ts';
import { json, LoginPage, refusalOf } from '../harness/sign-in-flow.ts';
import { UserAgent } from '../harness/user-agent.ts';

const PAYROLL = 'payroll.localhost:8080';
let network: LiveNetwork;
let alice: SignedIn;
let serviceId: string;

beforeAll(async () => {
  network = await LiveNetwork.start();
  alice = await network.signIn();
  serviceId = await create('services', { name: 'payroll', encryptionRequired: true });
  await create('applications', {
    name: 'Payroll',
    origin: `http://${PAYROLL}`,
    serviceId,
    loginMethods: ['password'],
  });
});
afterAll(() => network.close());

const manage = (method: string, path: string, body?: unknown, session = network.admin) =>
  network.edge(`${MANAGEMENT}/${path}`, { method, session, ...(body !== undefined && { body }) });
async function create(plural: string, body: unknown): Promise<string> {
  const { status, data } = await manage('POST', plural, body);
  expect(status).toBe(201);
  return data.id as string;
}
const call = (method: string, path: string, body?: unknown, options: object = {}) =>
  alice.page.call(method, path, {
    token: alice.login.sessionToken,
    ...(body !== undefined && { body }),
    ...options,
  });
const portal = async (): Promise<Portal> =>
  portalSchema.parse(await json(await call('GET', '/portal')));
const ask = (host = PAYROLL, message = 'for the audit') =>
  call('POST', '/portal/access-requests', { host, message });
const requests = async (filter = 'true') =>
  (await manage('GET', `access-requests?filter=${encodeURIComponent(filter)}`)).data as Record<
    string,
    any
  >[];

describe('the portal', () => {
  it('lists what one may open, and nothing else', async () => {
    const { identity, applications, accessRequests } = await portal();
    expect(identity).toEqual({ id: network.ids.person, name: expect.any(String) as string });
    expect(applications.map(({ name }) => name)).not.toContain('Payroll');
    expect(applications).toHaveLength(1);
    expect(applications[0]).toMatchObject({ isHosted: true });
    expect(accessRequests).toEqual([]);
  });

  it('is for pages of the login origin, with the session and a proof by its device', async () => {
    const refused = async (options: object) =>
      (await refusalOf(await call('GET', '/portal', undefined, options))).status;
    expect(await refused({ origin: 'http://wiki.localhost:8080' })).toBe(403);
    expect(await refused({ token: 'x'.repeat(43) })).toBe(401);
    expect(
      await refused({
        proof: await alice.app.key.proof(
          'GET',
          `${alice.app.info.apiUrl}/portal`,
          alice.login.sessionToken,
        ),
      }),
    ).toBe(401);
  });
});

describe('a sign-in for the portal itself', () => {
  const begin = async (page: LoginPage, body: object = {}): Promise<string> =>
    portalSignInStartedSchema.parse(
      await json(await page.call('POST', '/portal/sign-ins', { body })),
    ).uid;
  const credentials = { username: 'alice', password: PASSWORD };

  it('ends at the portal, on the device that began it alone', async () => {
    const page = await LoginPage.create(new UserAgent(), alice.app.info);
    const uid = await begin(page, { ask: PAYROLL });
    expect((await page.interaction(uid)).application.origin).toBe(alice.app.info.loginOrigin);
    const other = await LoginPage.create(new UserAgent(), alice.app.info);
    const path = `/interactions/${uid}/password`;
    expect((await other.call('POST', path, { body: credentials })).status).toBe(401);
    const login = await json<LoginResult>(await page.call('POST', path, { body: credentials }));
    expect(login.resumeUrl).toBe(
      `${alice.app.info.loginOrigin}/?ask=${encodeURIComponent(PAYROLL)}`,
    );
    const { status } = await page.call('GET', '/portal', { token: login.sessionToken });
    expect(status).toBe(200);
  });

  it('takes nobody elsewhere', async () => {
    const page = await LoginPage.create(new UserAgent(), alice.app.info);
    for (const sent of ['evil.example/@x', '//evil.example', 'a'.repeat(300), 'x?y'])
      expect((await page.call('POST', '/portal/sign-ins', { body: { ask: sent } })).status).toBe(
        400,
      );
  });
});

describe('asking for access', () => {
  it('notes one request, however often one asks', async () => {
    expect((await ask()).status).toBe(201);
    expect((await ask(PAYROLL, 'again')).status).toBe(201);
    expect((await portal()).accessRequests).toMatchObject([
      { state: 'open', message: 'for the audit', application: { name: 'Payroll' } },
    ]);
    expect(await requests('state = "open"')).toHaveLength(1);
  });

  it('is proposed to administrators as one policy, and done only as it was shown', async () => {
    const [request] = await requests();
    const { proposal, id } = request!;
    expect(proposal).toMatchObject({
      policyId: null,
      policyName: 'payroll on request',
      identityRoles: [`@${network.ids.person}`],
      serviceRoles: [`@${serviceId}`],
      postureCheckRoles: [],
    });
    const accept = (digest: string, session?: string) =>
      manage('POST', `access-requests/${id}/accept`, { digest, answer: 'Welcome.' }, session);
    const person = await network.login();
    expect((await accept(proposal.digest, person)).status).toBe(401);
    expect((await accept('something else')).status).toBe(412);
    const { data, status } = await accept(proposal.digest);
    expect(status).toBe(200);
    const { data: policy } = await manage('GET', `service-policies/${data.policyId}`);
    expect(policy).toMatchObject({
      type: 'Dial',
      semantic: 'AnyOf',
      identityRoles: proposal.identityRoles,
    });
    expect((await accept(proposal.digest)).status).toBe(412);
    const { applications, accessRequests } = await portal();
    expect(accessRequests).toMatchObject([{ state: 'accepted', answer: 'Welcome.' }]);
    expect(applications.map(({ name }) => name)).toContain('Payroll');
    const { data: audit } = await manage(
      'GET',
      `audit?filter=${encodeURIComponent('entityKind = "accessRequests"')}`,
    );
    expect(audit.map(({ action }: { action: string }) => action).sort()).toEqual([
      'create',
      'update',
    ]);
  });

  it('extends the policy for the next person, and keeps the posture checks that all others ask for', async () => {
    const check = await create('posture-checks', {
      name: 'safe network',
      typeId: 'NETWORK',
      networks: ['127.0.0.0/8'],
    });
    const [made] = (await manage('GET', 'service-policies?filter=name="payroll%20on%20request"'))
      .data as { id: string }[];
    const postureCheckRoles = [`@${check}`];
    await manage('PATCH', `service-policies/${made!.id}`, { postureCheckRoles });
    await manage('PATCH', `service-policies/${made!.id}`, {
      identityRoles: [`@${network.ids.host}`],
    });
    expect((await ask()).status).toBe(201);
    const [{ id }] = (await requests('state = "open"')) as [{ id: string }];
    const { proposal } = (await manage('GET', `access-requests/${id}`)).data;
    expect(proposal).toMatchObject({ policyId: made!.id, postureCheckRoles });
    expect(proposal.identityRoles).toEqual(
      [`@${network.ids.host}`, `@${network.ids.person}`].sort(),
    );
    await manage('PATCH', `service-policies/${made!.id}`, { semantic: 'AllOf' });
    const changed = (await manage('GET', `access-requests/${id}`)).data.proposal;
    expect(changed).toMatchObject({
      policyId: null,
      policyName: 'payroll on request 2',
      postureCheckRoles,
    });
    const stale = { digest: proposal.digest };
    expect((await manage('POST', `access-requests/${id}/accept`, stale)).status).toBe(412);
    const declined = await manage('POST', `access-requests/${id}/decline`, { answer: 'Not now.' });
    expect(declined.status).toBe(200);
    expect((await portal()).accessRequests.map(({ state }) => state).sort()).toEqual([
      'accepted',
      'declined',
    ]);
    expect((await manage('DELETE', `access-requests/${id}`)).status).toBe(200);
  });

  it('refuses what is held, unknown, too long or asked too often', async () => {
    const code = async (response: Response) => (await refusalOf(response)).code;
    expect(await code(await ask('wiki.localhost:8080'))).toBe('ERR_ACCESS_HELD');
    expect(await code(await ask('nowhere.localhost'))).toBe('ERR_APPLICATION_NOT_FOUND');
    expect(await code(await ask(PAYROLL, 'x'.repeat(501)))).toBe('ERR_REQUEST_INVALID');
    const codes = new Set<string>();
    for (let asked = 0; asked < 10; asked += 1)
      codes.add(await code(await ask('nowhere.localhost')));
    expect(codes).toContain('ERR_RATE_LIMITED');
  });
});

describe('one’s own authenticator app', () => {
  const act = (path: string, code?: string) =>
    call('POST', `/portal/totp/${path}`, code === undefined ? undefined : { code });
  const totp = async (response: Response): Promise<OwnTotp> =>
    ownTotpSchema.parse(await json(response));

  it('counts once a code was seen, and goes by a code alone', async () => {
    const { setup } = await totp(await act('begin'));
    const secret = setup?.secret ?? '';
    expect((await totp(await call('GET', '/portal/totp'))).isSetUp).toBe(false);
    expect((await refusalOf(await act('verify', '000000'))).code).toBe('ERR_TOTP_REFUSED');
    const set = await totp(await act('verify', codeAt(secret, Date.now())));
    expect(set).toEqual({ isSetUp: true, recoveryCodesLeft: 20 });
    expect((await refusalOf(await act('begin'))).code).toBe('ERR_MFA_EXISTS');
    const [recovery = '', other = ''] = setup?.recoveryCodes ?? [];
    const renewed = await totp(await act('recovery-codes', recovery));
    expect(renewed.recoveryCodes).toHaveLength(20);
    expect((await refusalOf(await act('remove', other))).status).toBe(403);
    // The session proved the factor when it was set up: it still opens applications.
    await roundTrip(await alice.dial());
    expect((await totp(await act('remove', renewed.recoveryCodes?.[0]))).isSetUp).toBe(false);
  });
});
