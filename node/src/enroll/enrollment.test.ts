import { createPrivateKey, randomUUID, webcrypto, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as x509 from '../x509/index.ts';
import {
  createCertificateRequest,
  generateCertificateKeys,
  privateKeyPem,
} from './certificate-request.ts';
import { beginEnrollment } from './enrollment.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

async function enroll(token: string) {
  const enrollment = await beginEnrollment(token, 'ott');
  const keys = await generateCertificateKeys();
  const request = await createCertificateRequest(keys, enrollment.id);
  const { cert } = await enrollment.redeem('application/x-pem-file', request);
  return { enrollment, cert, key: privateKeyPem(keys) };
}

describe('beginEnrollment', () => {
  let server: Server;
  let issuer: string;
  let serverKeys: webcrypto.CryptoKeyPair;
  let caPem: string;
  const spent: string[] = [];
  /** How the server fails to redeem a token, if it does. */
  let answer: string | undefined;
  afterEach(() => {
    answer = undefined;
  });
  const failToAnswer = (response: ServerResponse) => {
    if (answer === 'nothing') response.destroy();
    else if (answer === 'cut off') {
      response.writeHead(200, { 'content-length': 100 });
      response.write('{"data":', () => response.destroy());
    } else if (answer === 'too long') response.end(Buffer.alloc(1024 * 1024, ' '));
    else response.end('{"data":{}}');
  };

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
        if (answer !== undefined) {
          failToAnswer(response);
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
      ctrls: ['tls:127.0.0.1:1', 'https://elsewhere'],
      ...claims,
    })
      .setProtectedHeader({ alg: 'ES256' })
      .sign(key as never);

  it('learns the authorities and spends a token for a certificate of its own key', async () => {
    const { enrollment, cert, key } = await enroll(await token());
    expect(enrollment).toMatchObject({
      id: 'id-1',
      apiUrl: `${issuer}/edge/client/v1`,
      controlAddresses: ['tls:127.0.0.1:1'],
    });
    expect(enrollment.ca.trim()).toBe(caPem.trim());
    const certificate = new X509Certificate(cert);
    expect(certificate.subjectAltName).toBe('URI:spiffe://test/identity/id-1');
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
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

  it.each(['cut off', 'too long', 'no certificate', 'nothing'])(
    'fails on an answer that is %s',
    async (kind) => {
      answer = kind;
      const code =
        kind === 'cut off' || kind === 'nothing' ? 'CONTROLLER_UNREACHABLE' : 'ENROLL_REFUSED';
      await expect(enroll(await token())).rejects.toMatchObject({ code: `ERR_${code}` });
    },
  );
});
