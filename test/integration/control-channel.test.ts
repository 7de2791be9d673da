/** The control plane as a router meets it: a real controller, mutual TLS, and REST calls beside it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  controllerConfigSchema,
  createController,
  type RunningController,
} from '@postern/controller';
import { silentLogger } from '@postern/shared/log';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPki } from '../../controller/src/pki/open-pki.ts';
import type { Pki } from '../../controller/src/pki/pki.ts';
import { openStore } from '../../controller/src/store/open-store.ts';
import { repositories } from '../../controller/src/store/repositories.ts';
import { ControlPeer, issueCredential, type PeerCredential } from '../harness/control-peer.ts';
import { ManagementClient } from '../harness/management-client.ts';

let dataDir: string;
let controller: RunningController;
let management: ManagementClient;
let pki: Pki;
let router: { id: string; credential: PeerCredential };

const start = () =>
  createController(
    controllerConfigSchema.parse({
      dataDir,
      admin: { port: 0 },
      public: { port: 0, tls: 'none' },
      control: { port: 0 },
      loginOrigin: 'http://login.localhost:8080',
    }),
    { logger: silentLogger },
  );

const openOurPki = (clock: () => number = Date.now) =>
  openPki({
    dir: join(dataDir, 'pki'),
    trustDomain: 'postern',
    serverNames: ['localhost', '127.0.0.1', '::1'],
    clock,
  });

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'postern-control-'));
  controller = await start();
  management = await ManagementClient.signIn(controller, {
    username: 'admin',
    password: (await readFile(join(dataDir, 'admin-password'), 'utf8')).trim(),
  });
  const id = await management.create('edge-routers', { name: 'r1', isTunnelerEnabled: false });
  await controller.close();
  // Enrollment has its own tests: here its result is written down directly.
  pki = await openOurPki();
  router = { id, credential: await issueCredential(pki, 'router', id) };
  const store = await openStore({ file: join(dataDir, 'store.db'), clock: Date.now });
  await store.write((tx) =>
    repositories.edgeRouters.update(tx, id, {
      isVerified: true,
      fingerprint: router.credential.fingerprint,
    }),
  );
  await store.close();
  controller = await start();
  management = await ManagementClient.signIn(controller, {
    username: 'admin',
    password: (await readFile(join(dataDir, 'admin-password'), 'utf8')).trim(),
  });
});

afterAll(async () => {
  pki.close();
  await controller.close();
  await rm(dataDir, { recursive: true, force: true });
});

const target = () => ({ port: controller.control.port, ca: pki.trustBundlePem });

describe('the control channel', () => {
  it('brings a router the snapshot, and a policy’s end within 100 ms of the REST call', async () => {
    const policyId = await management.create('service-policies', {
      name: 'dial',
      type: 'Dial',
      semantic: 'AnyOf',
      identityRoles: ['#all'],
      serviceRoles: ['#all'],
    });
    const peer = await ControlPeer.connect(target(), router.credential, router.id);
    peer.connection.subscribe();
    const snapshot = await peer.next('snapshot');
    expect(snapshot.entities.servicePolicy.map(({ id }) => id)).toContain(policyId);
    expect(new Set(snapshot.entities.signingKey.map(({ use }) => use))).toEqual(
      new Set(['token', 'grant', 'assertion', 'session']),
    );

    const arrived = peer.next('delta').then((delta) => ({ delta, atMs: performance.now() }));
    await management.delete(`service-policies/${policyId}`);
    const answeredMs = performance.now();
    const { delta, atMs } = await arrived;
    expect(delta).toMatchObject({
      previousIndex: snapshot.index,
      changes: [{ op: 'delete', kind: 'servicePolicy', key: policyId }],
    });
    expect(atMs - answeredMs).toBeLessThan(100);
    peer.close();
  });

  it('continues from the router’s index after a restart of the controller', async () => {
    const before = await ControlPeer.connect(target(), router.credential, router.id);
    before.connection.subscribe();
    const { timeline, index } = await before.next('snapshot');
    await controller.close();
    await before.connection.closed;
    controller = await start();
    management = await ManagementClient.signIn(controller, {
      username: 'admin',
      password: (await readFile(join(dataDir, 'admin-password'), 'utf8')).trim(),
    });
    await management.create('services', { name: 'late', encryptionRequired: true });
    const after = await ControlPeer.connect(target(), router.credential, router.id);
    after.connection.subscribe({ timeline, index });
    const delta = await after.until('delta', ({ changes }) =>
      changes.some((change) => change.op === 'put' && change.kind === 'service'),
    );
    expect(delta.timeline).toBe(timeline);
    expect(delta.index).toBeGreaterThan(index);
    after.close();
  });

  it('shows over REST what the router reports', async () => {
    const peer = await ControlPeer.connect(target(), router.credential, router.id);
    peer.connection.subscribe();
    peer.connection.sendStatus({
      edgeUrls: ['ws://127.0.0.1:1/edge'],
      fabricAddresses: ['tls:127.0.0.1:2'],
      links: [],
    });
    await peer.until('delta', ({ changes }) =>
      changes.some(
        (change) => change.op === 'put' && change.kind === 'router' && change.value.isOnline,
      ),
    );
    expect(await management.get(`edge-routers/${router.id}`)).toMatchObject({ isOnline: true });
    peer.close();
  });

  it('refuses the wrong role, the wrong CA, an expired or superseded certificate, and none', async () => {
    const otherDir = await mkdtemp(join(tmpdir(), 'postern-other-ca-'));
    const otherPki = await openPki({
      dir: otherDir,
      trustDomain: 'postern',
      serverNames: ['localhost'],
      clock: Date.now,
    });
    const old = await openOurPki(() => Date.now() - 40 * 86_400_000);
    const refused: (PeerCredential | undefined)[] = [
      await issueCredential(pki, 'identity', router.id),
      await issueCredential(otherPki, 'router', router.id),
      await issueCredential(old, 'router', router.id),
      await issueCredential(pki, 'router', router.id),
      undefined,
    ];
    for (const credential of refused) {
      await expect(ControlPeer.connect(target(), credential, router.id)).rejects.toThrow();
    }
    old.close();
    otherPki.close();
    await rm(otherDir, { recursive: true, force: true });
  });
});
