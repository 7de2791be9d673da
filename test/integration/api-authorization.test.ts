/**
 * Who may do what: every operation of the OpenAPI documents by every kind of caller, and on objects
 * that are not the caller's.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERMISSION_TYPES } from '../../controller/src/edge-api/permissions.ts';
import {
  CLIENT,
  FABRIC,
  MANAGEMENT,
  PASSWORD,
  startEdgeController,
  type Answer,
  type EdgeController,
} from '../harness/edge-controller.ts';
import { isStream, targetsOf, type Target } from '../harness/request-generator.ts';

let edge: EdgeController;
let targets: Target[];
/** Tokens by kind of caller: `only:service` holds that permission, `but:service` every other. */
const callers = new Map<string, string>();

beforeAll(async () => {
  edge = await startEdgeController();
  const documents = await Promise.all(
    [MANAGEMENT, CLIENT, FABRIC].map(async (base) => targetsOf(base, await edge.document(base))),
  );
  targets = documents.flat().filter((target) => !isStream(target));
  callers.set('admin', edge.admin);
  callers.set('user', (await edge.createUser('plain')).token);
  const holders: [string, string[]][] = [
    ['readonly', ['admin_readonly']],
    ['all', [...PERMISSION_TYPES]],
    ...PERMISSION_TYPES.flatMap((type): [string, string[]][] => [
      [`only:${type}`, [type]],
      [`but:${type}`, PERMISSION_TYPES.filter((other) => other !== type)],
    ]),
  ];
  for (const [name, permissions] of holders)
    callers.set(name, (await edge.createUser(name.replace(':', '-'), { permissions })).token);
});
afterAll(() => edge.dispose());

/** Written out apart from the code that is tested (specs/edge-api.md §1.8). */
function isAllowed(access: string, caller: string): boolean {
  if (access === 'anyone' || caller === 'admin') return true;
  if (caller === 'anonymous') return false;
  if (access === 'session' || access === 'partial-session') return true;
  if (access === 'admin') return false;
  if (caller === 'readonly') return access === 'admin_readonly' || access.endsWith('.read');
  const [type = '', action] = access.split('.');
  if (caller === 'user' || action === undefined || type === 'controllers') return false;
  if (caller === 'all') return true;
  return caller.startsWith('only:') ? caller === `only:${type}` : caller !== `but:${type}`;
}

/** Callers that tell right from wrong for an operation. */
function callersFor(access: string): string[] {
  const [type = ''] = access.split('.');
  const isTyped = (PERMISSION_TYPES as readonly string[]).includes(type);
  const entityAdmins = isTyped ? [`only:${type}`, `but:${type}`] : ['all'];
  return ['anonymous', 'user', 'readonly', ...entityAdmins, 'admin'];
}

async function call(
  { base, method, path, operation }: Target,
  id: string,
  token: string | undefined,
  body?: unknown,
): Promise<Answer> {
  const sent = body ?? (operation.requestBody ? {} : undefined);
  return edge.call(method, base + path.replaceAll(/\{\w+\}/g, id), { token, body: sent });
}

const isRefusal = ({ status, body }: Answer): boolean =>
  status === 401 && body.error.code === 'UNAUTHORIZED';

describe('every operation', () => {
  it('is open to exactly those whom its declared access names', { timeout: 300_000 }, async () => {
    const wrong: string[] = [];
    const seen = new Map<string, number>();
    for (const target of targets) {
      const access = target.operation['x-access'];
      for (const caller of callersFor(access)) {
        const allowed = isAllowed(access, caller);
        // Logging out ends the session, so it gets one of its own.
        const endsSession = target.path === '/current-api-session' && target.method === 'delete';
        const token =
          endsSession && caller !== 'anonymous'
            ? ((await edge.login('user-plain', PASSWORD)).body.data.token as string)
            : callers.get(caller);
        const answer = await call(target, 'nope', token);
        if (isRefusal(answer) === allowed)
          wrong.push(
            `${target.method} ${target.base}${target.path} (${access}) by ${caller}: ${answer.status} ${answer.text.slice(0, 200)}`,
          );
        seen.set(caller, (seen.get(caller) ?? 0) + 1);
      }
    }
    expect(wrong.join('\n')).toBe('');
    expect(seen.get('anonymous')).toBe(targets.length);
    expect(targets.length).toBeGreaterThan(250);
  });

  it('is for somebody with rights unless it is known to be open', () => {
    const open = targets
      .filter(({ base, operation }) => base !== CLIENT && isOpen(operation['x-access']))
      .map(({ method, path }) => `${method} ${path}`)
      .filter((one) => !/^\w+ \/(current-|authenticate|specs|version|$)/.test(one));
    expect([...new Set(open)].sort()).toEqual([
      'get /.well-known/est/cacerts',
      'get /docs',
      'get /enumerated-capabilities',
      'get /network-jwts',
      'get /openapi.json',
    ]);
  });
});

describe('objects of others', () => {
  it('are not found by callers of the Client API, whatever the operation', async () => {
    const victim = await withOwnObjects('victim');
    const other = await withOwnObjects('other');
    const own = targets.filter(
      ({ path, operation }) =>
        path.includes('{') && /session$/.test(operation['x-access']) && !/^\/specs/.test(path),
    );
    expect(own.length).toBeGreaterThan(8);
    const reached: string[] = [];
    let hits = 0;
    for (const target of own) {
      for (const [kind, id] of Object.entries(victim.ids)) {
        const answer = await call(target, id, other.token);
        if (answer.status < 300)
          reached.push(`${target.method} ${target.base}${target.path} of ${kind}: ${answer.text}`);
        // The same request by its owner finds something, or the probe would prove nothing.
        if (target.method === 'get' && (await call(target, id, victim.token)).status === 200)
          hits++;
      }
    }
    expect(reached.join('\n')).toBe('');
    expect(hits).toBeGreaterThanOrEqual(4);
    expect((await call(current, '', victim.token)).status).toBe(200);
  });

  it('that belong to administrators are out of reach of those who hold every permission', async () => {
    const id = await edge.create('/identities', {
      name: 'second admin',
      type: 'User',
      isAdmin: true,
      enrollment: { ott: true },
    });
    const authenticator = await edge.create('/authenticators', {
      method: 'updb',
      identityId: id,
      username: 'second',
      password: PASSWORD,
    });
    const session = (await edge.login('second', PASSWORD)).body.data;
    const before = (await edge.manage('GET', `/identities/${id}`)).body.data;
    const ids = [id, authenticator, before.enrollment.ott.id as string];
    const bodies: Record<string, unknown> = {
      'put /identities/{id}': { name: 'taken over', type: 'User', isAdmin: true },
      'patch /identities/{id}': { name: 'taken over' },
      'post /identities/{id}/disable': { durationMinutes: 1 },
      'post /enrollments/{id}/refresh': { expiresAt: '2099-01-01T00:00:00Z' },
      'post /authenticators/{id}/re-enroll': { expiresAt: '2099-01-01T00:00:00Z' },
      'patch /authenticators/{id}': { password: 'another password' },
    };
    const reached: string[] = [];
    for (const target of targets) {
      const { base, method, path } = target;
      if (base !== MANAGEMENT || method === 'get' || !path.includes('{id}')) continue;
      for (const one of ids) {
        const answer = await call(target, one, callers.get('all'), bodies[`${method} ${path}`]);
        // Tracing is never on, so asking for it touches nothing.
        if (answer.status < 300 && path !== '/identities/{id}/trace')
          reached.push(`${method} ${path}: ${answer.text}`);
      }
    }
    expect(reached.join('\n')).toBe('');
    const after = (await edge.manage('GET', `/identities/${id}`)).body.data;
    // Signed anew each time it is shown, over the same token.
    after.enrollment.ott.jwt = before.enrollment.ott.jwt;
    expect(after).toEqual(before);
    expect((await call(current, '', session.token as string)).status).toBe(200);
    expect((await edge.login('second', PASSWORD)).status).toBe(200);
  });

  it('lend nobody their enrollment tokens', async () => {
    const id = await edge.create('/identities', {
      name: 'third admin',
      type: 'User',
      isAdmin: true,
      enrollment: { ott: true },
    });
    const router = await edge.create('/edge-routers', { name: 'pending router' });
    const seenBy = async (caller: string): Promise<string> => {
      const paths = [`/identities/${id}`, `/identities/${id}/enrollments`, '/enrollments?limit=-1'];
      const token = callers.get(caller);
      const answers = await Promise.all(
        [...paths, `/edge-routers/${router}`].map((path) =>
          edge.call('GET', MANAGEMENT + path, { token }),
        ),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      return answers.map(({ text }) => text).join();
    };
    const [identity, pending] = await Promise.all(
      [`/identities/${id}`, `/edge-routers/${router}`].map(
        async (path) => (await edge.manage('GET', path)).body.data,
      ),
    );
    const ofAdmin = identity.enrollment.ott.token as string;
    const ofRouter = pending.enrollmentToken as string;
    expect(await seenBy('admin')).toContain(ofAdmin);
    expect(await seenBy('all')).toContain(ofRouter);
    expect(await seenBy('all')).not.toContain(ofAdmin);
    expect(await seenBy('readonly')).not.toContain(ofAdmin);
    expect(await seenBy('readonly')).not.toContain(ofRouter);
    expect(await seenBy('readonly')).not.toMatch(/"jwt":"[^"]/);
  });

  it('cannot be made administrators, nor given rights, by those who are none', async () => {
    const manager = await edge.createUser('manager', { permissions: ['identity', 'enrollment'] });
    const asManager = (method: string, path: string, body: unknown) =>
      edge.call(method, MANAGEMENT + path, { token: manager.token, body });
    const user = { name: 'made by manager', type: 'User', isAdmin: false };
    for (const grant of [{ isAdmin: true }, { permissions: ['service.read'] }]) {
      expect(isRefusal(await asManager('POST', '/identities', { ...user, ...grant }))).toBe(true);
      expect(isRefusal(await asManager('PATCH', `/identities/${manager.id}`, grant))).toBe(true);
    }
    const created = await asManager('POST', '/identities', user);
    expect(created.status).toBe(201);
    const id = created.body.data.id as string;
    expect(isRefusal(await asManager('PUT', `/identities/${id}`, user))).toBe(true);
    const expiresAt = '2099-01-01T00:00:00Z';
    const enrollment = { method: 'ott', identityId: edge.adminId, expiresAt };
    expect(isRefusal(await asManager('POST', '/enrollments', enrollment))).toBe(true);
    expect(
      (await asManager('POST', '/enrollments', { ...enrollment, identityId: id })).status,
    ).toBe(201);
  });
});

const current: Target = {
  base: CLIENT,
  method: 'get',
  path: '/current-api-session',
  operation: { operationId: '', summary: '', 'x-access': 'session', responses: {} },
};

/** A user with a service that only they reach, a service session, a second session. */
async function withOwnObjects(name: string) {
  const { id, token } = await edge.createUser(name);
  const router = await edge.create('/edge-routers', { name: `router of ${name}` });
  const service = await edge.create('/services', {
    name: `service of ${name}`,
    encryptionRequired: true,
  });
  await edge.create('/service-policies', {
    name: `dial of ${name}`,
    type: 'Dial',
    semantic: 'AnyOf',
    identityRoles: [`@${id}`],
    serviceRoles: [`@${service}`],
  });
  await edge.create('/edge-router-policies', {
    name: `routers of ${name}`,
    semantic: 'AnyOf',
    identityRoles: [`@${id}`],
    edgeRouterRoles: [`@${router}`],
  });
  await edge.create('/service-edge-router-policies', {
    name: `service routers of ${name}`,
    semantic: 'AnyOf',
    serviceRoles: [`@${service}`],
    edgeRouterRoles: [`@${router}`],
  });
  const sessions = await edge.call('POST', `${CLIENT}/sessions`, {
    token,
    body: { serviceId: service, type: 'Dial' },
  });
  expect(sessions.status, sessions.text).toBe(201);
  const { authenticators } = (await edge.manage('GET', `/identities/${id}`)).body.data;
  return {
    token,
    ids: {
      service,
      session: sessions.body.data.id as string,
      authenticator: authenticators.updb.id as string,
      identity: id,
    },
  };
}

function isOpen(access: string): boolean {
  return ['anyone', 'session', 'partial-session'].includes(access);
}
