/** A person's own devices and sessions: seen and ended by them, and by nobody else. */
import { ownSessionsSchema, type OwnSessions } from '@postern/shared/schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLIENT, MANAGEMENT } from '../harness/edge-client.ts';
import { ended, LiveNetwork, PASSWORD, roundTrip, type SignedIn } from '../harness/live-network.ts';
import { refusalOf } from '../harness/sign-in-flow.ts';

let network: LiveNetwork;
let laptop: SignedIn;
let phone: SignedIn;

beforeAll(async () => {
  network = await LiveNetwork.start();
  laptop = await network.signIn();
  phone = await network.signIn();
});
afterAll(() => network.close());

async function list({ page, login }: SignedIn): Promise<OwnSessions['sessions']> {
  const response = await page.call('GET', '/sessions', { token: login.sessionToken });
  expect(response.status).toBe(200);
  return ownSessionsSchema.parse(await response.json()).sessions;
}
const end = ({ page, login }: SignedIn, id: string, options = {}) =>
  page.call('POST', `/sessions/${id}/end`, { token: login.sessionToken, ...options });

describe('a person', () => {
  it('sees their devices and programs, and which one asks', async () => {
    await network.login();
    const sessions = await list(laptop);
    expect(sessions.map(({ kind }) => kind).sort()).toEqual(['browser', 'browser', 'program']);
    expect(sessions.filter(({ current }) => current).map(({ id }) => id)).toEqual([
      laptop.sessionId,
    ]);
    expect(sessions.find(({ id }) => id === phone.sessionId)).toMatchObject({
      address: expect.stringContaining('127.0.0.1') as string,
      userAgent: expect.any(String) as string,
    });
  });

  it('ends another device: its circuits close, its sign-in is over, one’s own goes on', async () => {
    const lost = await network.signIn();
    const circuit = await lost.dial();
    await roundTrip(circuit);
    const closed = ended(circuit);
    const startMs = performance.now();
    expect((await end(laptop, lost.sessionId)).status).toBe(204);
    expect((await closed).code).toBe('ERR_SESSION_ENDED');
    // Not a measurement: the promise of the product.
    expect(performance.now() - startMs).toBeLessThan(1000);
    expect(
      (await lost.page.call('GET', '/sessions', { token: lost.login.sessionToken })).status,
    ).toBe(401);
    expect((await list(laptop)).map(({ id }) => id)).not.toContain(lost.sessionId);
    expect((await end(laptop, lost.sessionId)).status).toBe(404);
    await roundTrip(await laptop.dial());
  });

  it('is signed out everywhere when their password is changed: whoever knew it is out', async () => {
    const known = await network.signIn();
    const circuit = await known.dial();
    await roundTrip(circuit);
    const closed = ended(circuit);
    const [authenticator] = (await network.list('authenticators')).filter(
      ({ username }) => username === 'alice',
    );
    const changed = await network.edge(`${MANAGEMENT}/authenticators/${authenticator?.['id']}`, {
      method: 'PATCH',
      body: { password: PASSWORD },
      session: network.admin,
    });
    expect(changed.status).toBe(200);
    expect((await closed).code).toBe('ERR_SESSION_ENDED');
    const { status } = await known.page.call('GET', '/sessions', {
      token: known.login.sessionToken,
    });
    expect(status).toBe(401);
    [laptop, phone] = [await network.signIn(), await network.signIn()];
  });

  it('ends a program', async () => {
    const session = await network.login();
    const { data } = await network.edge(`${CLIENT}/current-api-session`, { session });
    expect((await end(laptop, data.id)).status).toBe(204);
    expect((await network.edge(`${CLIENT}/current-api-session`, { session })).status).toBe(401);
  });

  it('cannot end or find the session of another person', async () => {
    const { data } = await network.edge(`${MANAGEMENT}/current-api-session`, {
      session: network.admin,
    });
    expect(await refusalOf(await end(laptop, data.id))).toEqual({
      status: 404,
      code: 'ERR_SESSION_NOT_FOUND',
    });
    const still = await network.edge(`${MANAGEMENT}/current-api-session`, {
      session: network.admin,
    });
    expect(still.status).toBe(200);
  });
});

describe('the list is refused', () => {
  it('to another key that holds the token', async () => {
    const response = await phone.page.call('GET', '/sessions', {
      token: laptop.login.sessionToken,
    });
    expect(response.status).toBe(401);
  });

  it('to a proof made for another request, or used before', async () => {
    const { page, login } = laptop;
    const url = `${network.controller.public.url}/postern/v1/sessions`;
    const proof = await page.key.proof('GET', url, login.sessionToken);
    const call = (method: string, path: string) =>
      page.call(method, path, { token: login.sessionToken, proof });
    expect((await call('POST', `/sessions/${phone.sessionId}/end`)).status).toBe(401);
    expect((await call('GET', '/sessions')).status).toBe(200);
    expect((await call('GET', '/sessions')).status).toBe(401);
  });

  it('to pages of applications', async () => {
    const origin = laptop.app.info.origin;
    for (const [method, path] of [
      ['GET', '/sessions'],
      ['POST', `/sessions/${phone.sessionId}/end`],
    ] as const) {
      const response = await laptop.page.call(method, path, {
        token: laptop.login.sessionToken,
        origin,
      });
      expect(await refusalOf(response)).toEqual({ status: 403, code: 'ERR_ORIGIN_NOT_ALLOWED' });
    }
    expect((await list(laptop)).map(({ id }) => id)).toContain(phone.sessionId);
  });

  it('without a token', async () => {
    expect((await laptop.page.call('GET', '/sessions')).status).toBe(401);
  });
});
