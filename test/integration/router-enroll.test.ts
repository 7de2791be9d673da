import { X509Certificate, createPrivateKey } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRouter, routerConfigSchema, type RunningRouter } from '@postern/router';
import { silentLogger } from '@postern/shared/log';
import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestPki, type Credential, type TestPki } from '../harness/router-pki.ts';

const TOKEN = 'one-time';

let pki: TestPki;
let credential: Credential;
let server: Server;
let issuer: string;
let dir: string;
let spent: number;

beforeEach(async () => {
  pki = await createTestPki();
  credential = await pki.issue('controller', ['127.0.0.1']);
  spent = 0;
  server = createServer({ key: credential.key, cert: credential.cert }, (request, response) => {
    if (request.url === '/.well-known/est/cacerts') {
      response.end(pki.cacerts);
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url !== `/edge/client/v1/enroll?method=erott&token=${TOKEN}` || spent++ > 0) {
        response.writeHead(400).end();
        return;
      }
      const { certCsr, serverCertCsr } = JSON.parse(Buffer.concat(chunks).toString()) as Record<
        string,
        string
      >;
      void Promise.all([
        pki.issueFor(certCsr!, 'router/r1'),
        pki.issueFor(serverCertCsr!, 'router/r1'),
      ]).then(([cert, serverCert]) =>
        response.end(JSON.stringify({ data: { cert, serverCert, ca: '' }, meta: {} })),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  dir = await mkdtemp(join(tmpdir(), 'postern-enroll-'));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(dir, { recursive: true, force: true });
});

async function start(
  signer: Credential = credential,
  claims: Record<string, unknown> = {},
): Promise<RunningRouter> {
  const token = await new SignJWT({ em: 'erott', ctrls: ['tls:127.0.0.1:1'], ...claims })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(issuer)
    .setSubject('r1')
    .setJti(TOKEN)
    .setExpirationTime('1h')
    .sign(createPrivateKey(signer.key));
  const enrollmentJwtFile = join(dir, 'enrollment.jwt');
  await writeFile(enrollmentJwtFile, `${token}\n`);
  const fabric = { host: '127.0.0.1', port: 0, advertise: 'router.example.com:6262' };
  const config = routerConfigSchema.parse({
    stateDir: join(dir, 'state'),
    enrollmentJwtFile,
    fabric,
  });
  return createRouter(config, { logger: silentLogger });
}

const failure = (code: string) => expect.objectContaining({ code }) as Error;

describe('router enrollment', () => {
  it('turns a token into key and certificates, once, and starts from them again', async () => {
    const router = await start();
    expect(router.routerId).toBe('r1');
    expect(router.fabricAddresses).toEqual(['tls:router.example.com:6262']);
    await router.close();
    const path = join(dir, 'state', 'identity.json');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const identity = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>;
    const server = new X509Certificate(identity.serverCert!);
    expect(server.checkHost('router.example.com')).toBeDefined();
    expect(server.checkIP('127.0.0.1')).toBeDefined();
    expect(server.checkPrivateKey(createPrivateKey(identity.key!))).toBe(true);
    expect(identity.controllers).toEqual(['tls:127.0.0.1:1']);
    const again = await start();
    await again.close();
    expect(spent).toBe(1);
  });

  it('refuses a token that the controller’s TLS key did not sign', async () => {
    const stranger = await (await createTestPki()).issue('controller', ['127.0.0.1']);
    await expect(start(stranger)).rejects.toThrow(failure('ERR_ENROLL_TOKEN'));
    expect(spent).toBe(0);
  });

  it('refuses a token of another method', async () => {
    await expect(start(credential, { em: 'ott' })).rejects.toThrow(failure('ERR_ENROLL_TOKEN'));
  });

  it('says when the controller refuses', async () => {
    spent = 1;
    await expect(start()).rejects.toThrow(failure('ERR_ENROLL_REFUSED'));
  });

  it('says when the controller cannot be reached', async () => {
    issuer = 'https://127.0.0.1:1';
    await expect(start()).rejects.toThrow(failure('ERR_CONTROLLER_UNREACHABLE'));
  });

  it('needs a token when it has no identity', async () => {
    const config = routerConfigSchema.parse({ stateDir: join(dir, 'state') });
    await expect(createRouter(config, { logger: silentLogger })).rejects.toThrow(
      failure('ERR_ROUTER_NOT_ENROLLED'),
    );
  });
});
