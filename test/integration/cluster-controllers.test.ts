/** Two controllers, processes of their own, on one PostgreSQL database. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositories } from '../../controller/src/store/repositories.ts';
import {
  adminPassword,
  AdminClient,
  copyAuthority,
  isCreated,
  startController,
  type ControllerProcess,
} from '../harness/store-controllers.ts';
import { postgresKind, type TestDatabase } from '../harness/stores.ts';

const kind = await postgresKind();
const CLIENTS = 8;
/** Requests of each client before, and after, a controller is killed. */
const REQUESTS = 15;

describe.skipIf(!kind)('two controllers on one database', () => {
  let database: TestDatabase;
  let dir: string;
  let a: ControllerProcess;
  let b: ControllerProcess;
  let password: string;
  const start = async (name: string) => startController(join(dir, name), await database.config());
  beforeAll(async () => {
    if (!kind) return;
    database = await kind.create();
    dir = await mkdtemp(join(tmpdir(), 'postern-cluster-'));
    a = await start('a');
    password = await adminPassword(a.dataDir);
    await copyAuthority(join(dir, 'a'), join(dir, 'b'));
    b = await start('b');
  });
  afterAll(async () => {
    await a.kill();
    await b.kill();
    await database.dispose();
    await rm(dir, { recursive: true, force: true });
  });

  it('refuses a controller of another authority, and says what to copy', async () => {
    await expect(start('stranger')).rejects.toThrow(/ERR_CONTROLLER_AUTHORITY[\s\S]*seal\.key/);
  });

  it('accepts at one the session opened at the other', async () => {
    const client = new AdminClient([a, b]);
    await client.signIn(password);
    const other = client.at(1);
    expect((await other.send('GET', 'current-identity')).status).toBe(200);
    expect((await client.send('DELETE', 'current-api-session')).status).toBe(200);
    expect((await other.send('GET', 'current-identity')).status).toBe(401);
    await client.close();
  });

  it('shows at one what was written at the other, at once', async () => {
    const client = new AdminClient([a, b]);
    await client.signIn(password);
    const body = { name: 'shown', encryptionRequired: true };
    const { status, body: created } = await client.send('POST', 'services', body);
    expect(status).toBe(201);
    const id = String(created.data?.['id']);
    expect((await client.at(1).send('GET', `services/${id}`)).status).toBe(200);
    await client.close();
  });

  it('redeems an enrollment once, whoever is asked', async () => {
    const client = new AdminClient([a, b]);
    await client.signIn(password);
    const identity = await client.send('POST', 'identities', {
      name: 'once',
      type: 'Device',
      isAdmin: false,
      enrollment: { updb: 'once' },
    });
    const id = String(identity.body.data?.['id']);
    const { body } = await client.send('GET', `identities/${id}`);
    const { updb } = body.data?.['enrollment'] as { updb: { token: string } };
    const attempts = Array.from({ length: 20 }, async (_, at) => {
      const path = `/edge/client/v1/enroll/updb?token=${updb.token}`;
      const answer = await client
        .at(at % 2)
        .sendTo(path, 'POST', { username: 'once', password: `a password ${at}` });
      return answer.status;
    });
    const statuses = await Promise.all(attempts);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status >= 500)).toEqual([]);
    await client.close();
  });

  it.each(['a', 'b'] as const)(
    'loses nothing when %s is killed under load; no request is sent more than twice',
    async (victim) => {
      const clients = Array.from(
        { length: CLIENTS },
        (_, at) => new AdminClient(at % 2 === 0 ? [a, b] : [b, a]),
      );
      await Promise.all(clients.map((client) => client.signIn(password)));
      const created: string[] = [];
      let halfWay: () => void = () => undefined;
      const reachedHalf = new Promise<void>((resolve) => (halfWay = resolve));
      const work = clients.map(async (client, at) => {
        for (let n = 0; n < 2 * REQUESTS; n++) {
          const name = `${victim}-${at}-${n}`;
          const body = { name, encryptionRequired: true };
          const answer = await client.sendOrRetry('POST', 'services', body);
          expect(isCreated(answer), JSON.stringify(answer)).toBe(true);
          created.push(name);
          if (created.length === CLIENTS * REQUESTS) halfWay();
        }
      });
      await reachedHalf;
      await { a, b }[victim].kill();
      await Promise.all(work);
      for (const client of clients) {
        // One for what was under way, and no controller came back.
        expect(client.retried).toBeLessThanOrEqual(1);
        await client.close();
      }
      const store = await database.open();
      const stored = new Set((await repositories.services.find(store.db)).map(({ name }) => name));
      await store.close();
      expect(created).toHaveLength(2 * CLIENTS * REQUESTS);
      expect(created.filter((name) => !stored.has(name))).toEqual([]);
      if (victim === 'a') a = await start('a');
      else b = await start('b');
    },
  );

  it('answers 503 while the database is away, and goes on when it is back', async () => {
    const client = new AdminClient([a, b]);
    await client.signIn(password);
    const server = await kind?.server();
    await server?.stop();
    expect((await client.send('GET', 'services')).status).toBe(503);
    await server?.start();
    expect((await client.send('GET', 'services')).status).toBe(200);
    const body = { name: 'afterwards', encryptionRequired: true };
    expect((await client.at(1).send('POST', 'services', body)).status).toBe(201);
    await client.close();
  });
});
