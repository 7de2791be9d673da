import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:tls';
import { CONTROL_ALPN } from '@postern/shared/schemas';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ControlPeer,
  issueCredential,
  type PeerCredential,
} from '../../../test/harness/control-peer.ts';
import { createTestContext, type TestContext } from '../../../test/harness/controller-context.ts';
import { makeCsr } from '../../../test/harness/csr.ts';
import type { ControlServer } from '../context.ts';
import { openTokenServices, type TokenServices } from '../grants/token-services.ts';
import { repositories } from '../store/repositories.ts';
import { renewalDueMs } from './certificate-renewal.ts';
import { createControlServer } from './control-server.ts';

const DAY_MS = 86_400_000;
let ctx: TestContext;
let tokens: TokenServices;
let server: ControlServer;
const peers: ControlPeer[] = [];

beforeEach(async () => {
  ctx = await createTestContext();
  tokens = await openTokenServices(ctx);
  server = await createControlServer(ctx, tokens);
});
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.close();
  await server.close();
  tokens.close();
  await ctx.dispose();
});

async function dial(id: string, credential: PeerCredential): Promise<ControlPeer> {
  const ca = ctx.pki.trustBundlePem;
  const peer = await ControlPeer.connect({ port: server.address.port, ca }, credential, id);
  peers.push(peer);
  return peer;
}
/** A router that enrolled some days ago. */
async function enrolRouter(ageDays = 0): Promise<PeerCredential> {
  ctx.advance(-ageDays * DAY_MS);
  const credential = await issueCredential(ctx.pki, 'router', 'r1');
  ctx.advance(ageDays * DAY_MS);
  const { fingerprint } = credential;
  await ctx.insert('edgeRouters', { id: 'r1', isVerified: true, fingerprint });
  return credential;
}
async function enrolHost(ageDays = 0): Promise<PeerCredential> {
  ctx.advance(-ageDays * DAY_MS);
  const credential = await issueCredential(ctx.pki, 'identity', 'host');
  ctx.advance(ageDays * DAY_MS);
  const { fingerprint } = credential;
  await ctx.insert('identities', { id: 'host' });
  await ctx.insert('authenticators', { id: 'a', method: 'cert', identityId: 'host', fingerprint });
  return credential;
}
/** Answers the controller's question; what the peer has then. */
async function renew(peer: ControlPeer, id: string): Promise<PeerCredential> {
  await peer.next('renewCertificate');
  const { csr, keyPem } = await makeCsr(id);
  peer.connection.requestCertificate({ csr, serverCsr: csr });
  const { cert } = await peer.next('certificateIssued');
  return { certPem: cert, keyPem, fingerprint: '' };
}
const termDays = (pem: string): number => {
  const { validFrom, validTo } = new X509Certificate(pem);
  return Math.round((Date.parse(validTo) - Date.parse(validFrom)) / DAY_MS);
};

describe('renewalDueMs', () => {
  const due = (termMs: number): number =>
    renewalDueMs({
      validFrom: new Date(-5 * 60_000).toUTCString(),
      validTo: new Date(termMs).toUTCString(),
    });
  it('is after two thirds of the term, or 20 days', () => {
    expect(due(30 * DAY_MS)).toBe(20 * DAY_MS);
    expect(due(365 * DAY_MS)).toBe(20 * DAY_MS);
    expect(due(6000)).toBe(4000);
  });
});

describe('a certificate', () => {
  it('that is young is left alone', async () => {
    const peer = await dial('r1', await enrolRouter(19));
    peer.connection.subscribe();
    await peer.next('snapshot');
    await expect(
      Promise.race([
        peer.next('renewCertificate'),
        new Promise((_, reject) => setTimeout(reject, 100, new Error('not asked'))),
      ]),
    ).rejects.toThrow('not asked');
  });

  it('of a router is replaced once its holder comes with the successor, not before', async () => {
    const old = await enrolRouter(21);
    const successor = await renew(await dial('r1', old), 'r1');
    expect(termDays(successor.certPem)).toBe(30);
    // The answer was lost on the way: the old one still counts, and is asked about again.
    const again = await renew(await dial('r1', old), 'r1');
    await expect(dial('r1', successor)).rejects.toThrow();
    await dial('r1', again);
    await expect(dial('r1', old)).rejects.toThrow();
    expect(await repositories.edgeRouters.get(ctx.store.db, 'r1')).toMatchObject({
      fingerprint: new X509Certificate(again.certPem).fingerprint.replaceAll(':', '').toLowerCase(),
      unverifiedFingerprint: null,
      unverifiedCertPem: null,
    });
  });

  it('of a connector is renewed for 30 days though it enrolled for a year', async () => {
    const old = await enrolHost(21);
    expect(termDays(old.certPem)).toBe(365);
    const successor = await renew(await dial('host', old), 'host');
    expect(termDays(successor.certPem)).toBe(30);
    const host = await dial('host', successor);
    await host.next('hostState');
    await expect(dial('host', old)).rejects.toThrow();
  });

  it('is renewed when an administrator asks, and ends with its authenticator', async () => {
    const host = await dial('host', await enrolHost());
    await host.next('hostState');
    await ctx.store.write((tx) =>
      repositories.authenticators.update(tx, 'a', { isExtendRequested: true }),
    );
    const successor = await renew(host, 'host');
    const renewed = await dial('host', successor);
    expect(await repositories.authenticators.get(ctx.store.db, 'a')).toMatchObject({
      isExtendRequested: false,
    });
    await ctx.store.write((tx) => repositories.authenticators.remove(tx, 'a'));
    await renewed.connection.closed;
    await expect(dial('host', successor)).rejects.toThrow();
  });

  it('is not issued unasked, nor twice for one question, nor for another name', async () => {
    const { csr } = await makeCsr('r1');
    const young = await dial('r1', await enrolRouter());
    young.connection.requestCertificate({ csr, serverCsr: csr });
    await young.connection.closed;
    await ctx.store.write((tx) => repositories.edgeRouters.remove(tx, 'r1'));

    const old = await enrolRouter(21);
    const greedy = await dial('r1', old);
    await renew(greedy, 'r1');
    greedy.connection.requestCertificate({ csr, serverCsr: csr });
    await greedy.connection.closed;

    const impostor = await dial('r1', old);
    await impostor.next('renewCertificate');
    const other = await makeCsr('r2');
    impostor.connection.requestCertificate({ csr: other.csr, serverCsr: other.csr });
    await impostor.connection.closed;
    expect(await repositories.edgeRouters.get(ctx.store.db, 'r1')).toMatchObject({
      fingerprint: old.fingerprint,
    });
  });
});

describe('a new issuing authority', () => {
  it('is followed by those who are connected; who comes later comes with the old one’s certificate', async () => {
    const router = await dial('r1', await enrolRouter());
    router.connection.subscribe();
    await router.next('snapshot');
    const late = await enrolHost();
    const before = ctx.pki.issuingPem;
    // So that the times in certificates, whole seconds, tell before from after.
    ctx.advance(10_000);
    await ctx.pki.replaceIssuing('renewed');
    expect(ctx.pki.issuingPem).not.toBe(before);

    const successor = await renew(router, 'r1');
    const issuing = new X509Certificate(ctx.pki.issuingPem);
    expect(new X509Certificate(successor.certPem).verify(issuing.publicKey)).toBe(true);
    await renew(await dial('host', late), 'host');
  });

  it('leaves the listener at TLS 1.3', async () => {
    await ctx.pki.replaceIssuing('renewed');
    const socket = connect({
      host: '127.0.0.1',
      port: server.address.port,
      ca: ctx.pki.trustBundlePem,
      servername: 'localhost',
      ALPNProtocols: [CONTROL_ALPN],
      maxVersion: 'TLSv1.2',
    });
    const [error] = (await once(socket, 'error')) as [Error & { code?: string }];
    expect(error.message).toMatch(/protocol version/);
  });
});
