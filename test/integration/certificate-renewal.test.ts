/**
 * Certificates that live for seconds: routers and connectors renew them over and over, with new keys,
 * while what runs goes on.
 */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectorConfigSchema, createConnector } from '@postern/connector';
import { createRouter, routerConfigSchema } from '@postern/router';
import { silentLogger } from '@postern/shared/log';
import type { SecureSession } from '@postern/shared/protocol/session';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request } from '../harness/connector-client.ts';
import { openPki } from '../../controller/src/pki/open-pki.ts';
import { ControlPeer, issueCredential } from '../harness/control-peer.ts';
import { MANAGEMENT } from '../harness/edge-client.ts';
import { LiveNetwork } from '../harness/live-network.ts';
import { connectHost } from '../harness/router-peers.ts';

/** Renewed after four seconds. */
const TERM_SECONDS = 6;
const BEYOND_FIRST_TERM = { timeout: 20_000, interval: 50 };

const cleanups: (() => unknown)[] = [];
let network: LiveNetwork;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-renewal-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  network = await LiveNetwork.start({ certificates: { partHours: TERM_SECONDS / 3600 } });
  cleanups.push(() => network.close());
});
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

const create = async (plural: string, body: object): Promise<string> =>
  (await network.edge(`${MANAGEMENT}/${plural}`, { body, session: network.admin })).data.id;
const detail = async (path: string): Promise<Record<string, any>> =>
  (await network.edge(`${MANAGEMENT}/${path}`, { session: network.admin })).data;
const get = async (session: SecureSession): Promise<string> => (await request(session, '/')).text();

/** Starts a second router, on state of its own; `identity` reads what it keeps on disk. */
async function startRouter(name: string) {
  const id = await create('edge-routers', { name });
  const stateDir = join(folder, name);
  const enrollmentJwtFile = join(folder, `${name}.jwt`);
  await writeFile(enrollmentJwtFile, (await detail(`edge-routers/${id}`))['enrollmentJwt']);
  const listen = { host: '127.0.0.1', port: 0 };
  const config = routerConfigSchema.parse({ stateDir, enrollmentJwtFile, fabric: listen });
  const router = await createRouter(config, { logger: silentLogger });
  cleanups.push(() => router.close());
  const identity = async () =>
    JSON.parse(await readFile(join(stateDir, 'identity.json'), 'utf8')) as {
      key: string;
      clientCert: string;
      serverCert: string;
    };
  return { id, router, identity };
}

describe('a router', () => {
  it('renews its certificates before they end, and keeps its circuits and links meanwhile', async () => {
    const { id, router, identity } = await startRouter('second');
    const first = await identity();
    const person = await network.signIn();
    const circuit = await person.dial();
    const echo = (): Promise<void> =>
      new Promise((resolve) => {
        circuit.onMessage = () => resolve();
        circuit.send(new Uint8Array([1]));
      });
    let closed: unknown;
    circuit.onClose = (why) => (closed = why);
    await echo();
    const linkOf = async () => {
      const links = (await network.edge('/fabric/v1/links', { session: network.admin })).data;
      return (links as { id: string }[]).map((link) => link.id);
    };
    await expect.poll(linkOf, BEYOND_FIRST_TERM).toHaveLength(1);
    const links = await linkOf();

    // Past the end of the certificate it enrolled with.
    const end = Date.parse(new X509Certificate(first.clientCert).validTo);
    await expect.poll(() => Date.now(), BEYOND_FIRST_TERM).toBeGreaterThan(end);
    await expect
      .poll(async () => Date.parse(new X509Certificate((await identity()).clientCert).validTo))
      .toBeGreaterThan(end);
    const now = await identity();
    expect(now.key).not.toBe(first.key);
    const names = (pem: string) => new X509Certificate(pem).subjectAltName;
    expect(names(now.serverCert)).toBe(names(first.serverCert));
    await expect
      .poll(async () => (await detail(`edge-routers/${id}`))['isOnline'], BEYOND_FIRST_TERM)
      .toBe(true);
    expect((await detail(`edge-routers/${id}`))['isVerified']).toBe(true);
    expect(router.routerId).toBe(id);

    await echo();
    expect(closed).toBeUndefined();
    expect(await linkOf()).toEqual(links);

    // The predecessor is no longer taken, though the test's clock would still let it in for some.
    const target = { port: network.controller.control.port, ca: network.controller.trustBundlePem };
    await expect(
      ControlPeer.connect(
        target,
        { certPem: first.clientCert, keyPem: first.key, fingerprint: '' },
        id,
      ),
    ).rejects.toThrow();
  });
});

describe('a connector', () => {
  it('renews its certificate, goes on with old sessions and proves the new key in new ones', async () => {
    const app = createServer((_, response) => response.end('hello'));
    app.listen(0, '127.0.0.1');
    await once(app, 'listening');
    cleanups.push(() => app.close());
    const id = await create('identities', {
      name: 'connector',
      type: 'Default',
      isAdmin: false,
      enrollment: { ott: true },
    });
    await create('service-policies', {
      name: 'connector binds',
      type: 'Bind',
      semantic: 'AnyOf',
      identityRoles: [`@${id}`],
      serviceRoles: [`@${network.ids.service}`],
    });
    // The echoing host of this network would be picked as well.
    await network.edge(`${MANAGEMENT}/service-policies/${network.ids.bindPolicy}`, {
      method: 'DELETE',
      session: network.admin,
    });
    const stateDir = join(folder, 'connector');
    const enrollmentJwtFile = join(folder, 'connector.jwt');
    await writeFile(
      enrollmentJwtFile,
      (await detail(`identities/${id}`))['enrollment'].ott.jwt as string,
    );
    const connector = await createConnector(
      connectorConfigSchema.parse({
        stateDir,
        enrollmentJwtFile,
        services: [
          { service: 'wiki', target: `http://127.0.0.1:${(app.address() as AddressInfo).port}` },
        ],
      }),
    );
    cleanups.push(() => connector.close());
    const certificate = async (): Promise<X509Certificate> => {
      const file = JSON.parse(await readFile(join(stateDir, 'identity.json'), 'utf8')) as {
        id: { cert: string };
      };
      return new X509Certificate(file.id.cert.slice('pem:'.length));
    };
    // At both routers.
    const terminators = () => network.list('terminators');
    await expect.poll(async () => (await terminators()).length, BEYOND_FIRST_TERM).toBe(2);

    const enrolled = await certificate();
    const person = await network.signIn();
    const before = await person.connect();
    expect(await get(before)).toBe('hello');

    // It enrolled for a year; an administrator asks for a new certificate.
    const [authenticator] = (await network.list('authenticators')).filter(
      ({ identityId }) => identityId === id,
    );
    const asked = await network.edge(
      `${MANAGEMENT}/authenticators/${authenticator?.['id']}/request-extend`,
      { method: 'POST', session: network.admin, body: { rollKeys: true } },
    );
    expect(asked.status).toBe(200);
    const fingerprint = async () => (await certificate()).fingerprint256;
    await expect.poll(fingerprint, BEYOND_FIRST_TERM).not.toBe(enrolled.fingerprint256);
    // From now on by itself.
    const second = await fingerprint();
    await expect.poll(fingerprint, BEYOND_FIRST_TERM).not.toBe(second);
    expect((await certificate()).publicKey.equals(enrolled.publicKey)).toBe(false);
    await expect
      .poll(
        async () =>
          (await detail(`authenticators/${authenticator?.['id']}`))['isExtendRequested'] as boolean,
      )
      .toBe(false);

    expect(await get(before)).toBe('hello');
    const after = await (await network.signIn()).connect();
    expect(await get(after)).toBe('hello');
  });
});

describe('a stolen issuing authority', () => {
  it('is worth nothing to routers once it was replaced as compromised', async () => {
    const stolen = join(folder, 'stolen');
    await cp(join(network.dataDir, 'pki'), stolen, { recursive: true });
    const pki = await openPki({
      dir: stolen,
      trustDomain: 'postern',
      serverNames: [],
      clock: Date.now,
    });
    cleanups.push(() => pki.close());
    const [address = ''] = network.router.fabricAddresses;
    const ca = network.controller.trustBundlePem;
    const forged = async () => {
      const { certPem, keyPem } = await issueCredential(pki, 'identity', network.ids.host);
      const host = connectHost(address, { cert: certPem, key: keyPem }, ca);
      cleanups.push(() => host.close());
      return host;
    };
    await (
      await forged()
    ).opened;

    const rotated = await network.edge(`${MANAGEMENT}/key-rotations`, {
      body: { keys: ['issuing-authority'], isCompromised: true },
      session: network.admin,
    });
    expect(rotated.status).toBe(200);
    const issuing = new X509Certificate(
      await readFile(join(network.dataDir, 'pki', 'issuing.crt')),
    );
    const isRenewed = async () => {
      const { certPem } = await detail(`edge-routers/${network.ids.router}`);
      return new X509Certificate(certPem as string).verify(issuing.publicKey);
    };
    await expect.poll(isRenewed, BEYOND_FIRST_TERM).toBe(true);
    await expect((await forged()).opened).rejects.toThrow();
  });
});
