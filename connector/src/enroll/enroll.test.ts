import { createPrivateKey, randomUUID, webcrypto, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enroll } from './enroll.ts';
import { readIdentity, writeIdentity } from './identity-file.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

describe('enroll', () => {
  let server: Server;
  let issuer: string;
  let serverKeys: webcrypto.CryptoKeyPair;
  let caPem: string;
  const spent: string[] = [];

  beforeAll(async () => {
    x509.cryptoProvider.set(webcrypto as never);
    const caKeys = await newKeys();
    serverKeys = await newKeys();
    const ca = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=test CA',
      keys: caKeys,
      signingAlgorithm: algorithm,
      extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
    });
    const issue = (subject: string, publicKey: unknown, names: x509.JsonGeneralNames) =>
      x509.X509CertificateGenerator.create({
        subject,
        issuer: ca.subject,
        publicKey: publicKey as never,
        signingKey: caKeys.privateKey,
        signingAlgorithm: algorithm,
        extensions: [new x509.SubjectAlternativeNameExtension(names)],
      });
    const leaf = await issue('CN=controller', serverKeys.publicKey, [
      { type: 'ip', value: '127.0.0.1' },
    ]);
    caPem = ca.toString('pem');
    const pkcs7 = Buffer.from(new x509.X509Certificates([ca]).export('raw')).toString('base64');
    const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', serverKeys.privateKey));
    server = createServer(
      {
        cert: leaf.toString('pem'),
        key: createPrivateKey({ key, format: 'der', type: 'pkcs8' }).export({
          type: 'pkcs8',
          format: 'pem',
        }),
      },
      (incoming, response) => {
        if (incoming.url === '/.well-known/est/cacerts') {
          response.setHeader('content-type', 'application/pkcs7-mime');
          response.end(pkcs7);
          return;
        }
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () => {
          const token = new URL(incoming.url ?? '', issuer).searchParams.get('token') ?? '';
          if (spent.includes(token)) return response.writeHead(401).end('{}');
          spent.push(token);
          const request = new x509.Pkcs10CertificateRequest(Buffer.concat(chunks).toString());
          void issue(request.subject, request.publicKey, [
            { type: 'url', value: 'spiffe://test/identity/id-1' },
          ]).then((certificate) => {
            response.setHeader('content-type', 'application/json');
            response.end(JSON.stringify({ data: { cert: certificate.toString('pem') }, meta: {} }));
          });
        });
      },
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
  });

  const token = (claims: Record<string, unknown> = {}, key: unknown = serverKeys.privateKey) =>
    new SignJWT({
      iss: issuer,
      sub: 'id-1',
      jti: randomUUID(),
      em: 'ott',
      exp: Math.floor(Date.now() / 1000) + 60,
      ctrls: ['tls:127.0.0.1:1'],
      ...claims,
    })
      .setProtectedHeader({ alg: 'ES256' })
      .sign(key as never);

  it('spends a token for a certificate of its own key, and keeps it', async () => {
    const identity = await enroll(await token());
    expect(identity).toMatchObject({
      apiUrl: `${issuer}/edge/client/v1`,
      controlAddress: 'tls:127.0.0.1:1',
    });
    const certificate = new X509Certificate(identity.cert);
    expect(certificate.subjectAltName).toBe('URI:spiffe://test/identity/id-1');
    expect(certificate.checkPrivateKey(createPrivateKey(identity.key))).toBe(true);
    expect(identity.ca.trim()).toBe(caPem.trim());

    const folder = await mkdtemp(join(tmpdir(), 'postern-'));
    const path = join(folder, 'identity.json');
    await writeIdentity(path, identity);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readIdentity(path)).toEqual(identity);
    expect(await readIdentity(join(folder, 'none'))).toBeUndefined();
    await rm(folder, { recursive: true });
  });

  it('refuses a spent token', async () => {
    const once = await token();
    await enroll(once);
    await expect(enroll(once)).rejects.toMatchObject({ code: 'ERR_ENROLL_REFUSED' });
  });

  it.each<[string, () => Promise<string>]>([
    ['signed by another key', async () => token({}, (await newKeys()).privateKey)],
    ['that expired', () => token({ exp: 1 })],
    ['of another kind', () => token({ em: 'erott' })],
    ['for another host name', () => token({ iss: issuer.replace('127.0.0.1', 'localhost') })],
    ['that is none', () => Promise.resolve('nonsense')],
  ])('refuses a token %s', async (_what, make) => {
    const before = spent.length;
    await expect(enroll(await make())).rejects.toMatchObject({ code: 'ERR_ENROLL_TOKEN' });
    expect(spent).toHaveLength(before);
  });
});
