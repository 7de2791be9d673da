import { describe, expect, it } from 'vitest';
import { Session } from './session.ts';

/** A controller that answers by method and path. */
function controller(answers: Record<string, () => Response>) {
  const asked: string[] = [];
  const fake: typeof fetch = (url, init) => {
    const key = `${init?.method ?? 'GET'} ${(url as string).replace('/edge/management/v1', '')}`;
    asked.push(key);
    const answer = answers[key];
    if (!answer) throw new TypeError(`not answered: ${key}`);
    return Promise.resolve(answer());
  };
  return { session: new Session({ origin: '', fetch: fake }), asked };
}

const me = { id: 'i', name: 'Ann', isAdmin: true, isDefaultAdmin: false, permissions: [] };
const opened = (authQueries: object[]) => () =>
  Response.json({ data: { token: 't', authQueries } });
const refused = (code: string) => () => Response.json({ error: { code } }, { status: 401 });
const LOGIN = 'POST /authenticate?method=password';

describe('signing in', () => {
  it('is done once the password is right', async () => {
    const { session } = controller({
      [LOGIN]: opened([]),
      'GET /current-identity': () => Response.json({ data: me }),
    });
    let told = 0;
    session.subscribe(() => (told += 1));
    await session.signIn('ann', 'right');
    expect(session.state()).toMatchObject({ status: 'signed-in', me: { name: 'Ann' } });
    expect(told).toBe(1);
  });

  it('stays out when it is not', async () => {
    const { session } = controller({ [LOGIN]: refused('INVALID_AUTH') });
    await expect(session.signIn('ann', 'wrong')).rejects.toMatchObject({ apiCode: 'INVALID_AUTH' });
    expect(session.state()).toEqual({ status: 'signed-out', ended: false });
  });

  it('asks for a code where one is owed, until it is right', async () => {
    let isRight = false;
    const { session } = controller({
      [LOGIN]: opened([{ typeId: 'MFA' }]),
      'POST /authenticate/mfa': () =>
        isRight
          ? Response.json({ data: {} })
          : Response.json({ error: { code: 'MFA_INVALID_TOKEN' } }, { status: 400 }),
      'GET /current-identity': () => Response.json({ data: me }),
    });
    await session.signIn('ann', 'right');
    expect(session.state().status).toBe('code-owed');
    await expect(session.proveCode('000000')).rejects.toMatchObject({
      apiCode: 'MFA_INVALID_TOKEN',
    });
    expect(session.state().status).toBe('code-owed');
    isRight = true;
    await session.proveCode('123456');
    expect(session.state().status).toBe('signed-in');
  });
});

describe('a session', () => {
  const signedIn = async (more: Record<string, () => Response>) => {
    const made = controller({
      [LOGIN]: opened([]),
      'GET /current-identity': () => Response.json({ data: me }),
      ...more,
    });
    await made.session.signIn('ann', 'right');
    return made;
  };

  it('is ended at the controller too', async () => {
    const { session, asked } = await signedIn({
      'DELETE /current-api-session': () => Response.json({ data: {} }),
    });
    await session.signOut();
    expect(session.state()).toEqual({ status: 'signed-out', ended: false });
    expect(asked.at(-1)).toBe('DELETE /current-api-session');
  });

  it('is over here when the controller cannot be told', async () => {
    const { session } = await signedIn({});
    await session.signOut();
    expect(session.state().status).toBe('signed-out');
  });

  it('that ended elsewhere is noticed at the next call', async () => {
    const { session } = await signedIn({
      'GET /services': refused('UNAUTHORIZED'),
      'GET /current-api-session': refused('UNAUTHORIZED'),
    });
    const state = session.state();
    if (state.status !== 'signed-in') throw new Error('not signed in');
    await expect(state.client.call('GET', '/services')).rejects.toMatchObject({
      code: 'ERR_WEB_SIGNED_OUT',
    });
    expect(session.state()).toEqual({ status: 'signed-out', ended: true });
  });
});
