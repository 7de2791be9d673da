/** The unmodified Go SDK of OpenZiti against our controller and routers. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connectorConfigSchema, createConnector } from '@postern/connector';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InteropProgram, runProgram } from '../harness/interop-program.ts';
import { startTestIssuer, type TestIssuer } from '../harness/test-issuer.ts';
import { SdkNetwork } from '../harness/sdk-network.ts';
import { buildGoProgram, goMissing } from './go-program.ts';

const MiB = 1024 * 1024;

if (goMissing !== undefined) process.stdout.write(`skipped: ${goMissing}\n`);

describe.skipIf(goMissing !== undefined)('Go SDK', () => {
  let program: string;
  let network: SdkNetwork;
  let issuer: TestIssuer;
  let caFile: string;
  let dialer: string;
  let host: string;
  const hosts: InteropProgram[] = [];

  const enroll = async (name: string, attributes: string[]): Promise<string> => {
    const { jwtFile } = await network.identity(name, attributes);
    const file = join(network.dir, `${name}.json`);
    await runProgram(program, ['enroll', jwtFile, file]);
    return file;
  };
  const startHost = async (identity: string, service: string, name: string) => {
    const started = new InteropProgram(program, ['host', identity, service, name]);
    hosts.push(started);
    await started.line('hosting');
    return started;
  };
  const terminators = async (count: number, service: string): Promise<void> =>
    network.until(async () => {
      const all = await network.list('terminators');
      return all.filter((one) => one['service'].name === service).length === count;
    });

  beforeAll(async () => {
    program = buildGoProgram();
    network = await SdkNetwork.start();
    issuer = await startTestIssuer('https://idp.interop.test');
    caFile = join(network.dir, 'ca.pem');
    await writeFile(caFile, network.controller.trustBundlePem);
    await network.create('external-jwt-signers', {
      name: 'idp',
      issuer: issuer.issuer,
      audience: 'postern',
      enabled: true,
      jwksEndpoint: issuer.jwksEndpoint,
      useExternalId: true,
    });
    await network.startRouter('r1');
    await network.startRouter('r2');
    await network.service('echo', { acceptedEncryption: ['ziti'] });
    await network.service('safe');
    dialer = await enroll('dialer', ['dials', 'on-r1']);
    host = await enroll('host', ['hosts', 'on-r2']);
  }, 300_000);
  afterAll(async () => {
    for (const one of hosts) one.kill();
    await issuer?.close();
    await network?.close();
  });

  it('enrols, authenticates by its certificate and lists services', async () => {
    const listed = await runProgram(program, ['services', dialer]);
    expect(listed).toEqual({ services: ['echo', 'safe'], identity: 'dialer' });
  });

  it('dials what another hosts, end-to-end encrypted, with half-close', async () => {
    const hosting = await startHost(host, 'echo', 'one');
    await terminators(1, 'echo');
    const done = await runProgram(program, ['dial', dialer, 'echo', String(3 * MiB + 17)]);
    expect(done).toMatchObject({ host: 'one', bytes: 3 * MiB + 17 });
    expect(await hosting.line('echoed')).toMatchObject({
      echoed: done['bytes'],
      sha256: done['sha256'],
    });
    // Routers say who calls, whatever a dialer calls itself.
    expect(await hosting.line('caller')).toEqual({ caller: 'dialer' });
    await hosting.stop();
    await terminators(0, 'echo');
  });

  it('carries 100 MB each way between routers', async () => {
    const hosting = await startHost(host, 'echo', 'far');
    const done = await runProgram(program, ['dial', dialer, 'echo', String(100 * MiB)]);
    expect(done).toMatchObject({ host: 'far', bytes: 100 * MiB });
    expect(await hosting.line('echoed')).toMatchObject({ sha256: done['sha256'] });
    await hosting.stop();
  });

  it('fails over to the second host when the first is gone', async () => {
    await terminators(0, 'echo');
    const second = await enroll('second host', ['hosts', 'anywhere']);
    const [first, other] = [
      await startHost(host, 'echo', 'first'),
      await startHost(second, 'echo', 'second'),
    ];
    await terminators(3, 'echo');
    const before = await runProgram(program, ['dial', dialer, 'echo', '1000']);
    const [gone, left] = before['host'] === 'first' ? [first, 'second'] : [other, 'first'];
    gone.kill();
    await gone.ended;
    const after = await runProgram(program, ['dial', dialer, 'echo', '1000']);
    expect(after).toMatchObject({ host: left, bytes: 1000 });
  });

  it.each(['legacy', 'oidc'])('dials and hosts after a %s login by certificate', async (login) => {
    const env = { INTEROP_LOGIN: login };
    const hosting = new InteropProgram(program, ['host', host, 'echo', login], env);
    hosts.push(hosting);
    await hosting.line('hosting');
    const done = await runProgram(program, ['dial', dialer, 'echo', '70000'], env);
    expect(done).toMatchObject({ bytes: 70_000 });
    await hosting.stop();
  });

  it.each([
    ['password', 'legacy'],
    ['password', 'oidc'],
    ['ext-jwt', 'legacy'],
    ['ext-jwt', 'oidc'],
  ])('logs in by %s (%s), without a certificate of its own', async (method, login) => {
    const hosting = await startHost(host, 'echo', 'for people');
    const identityId = await network.create('identities', {
      name: `${method} ${login}`,
      type: 'Default',
      isAdmin: false,
      externalId: `${method} ${login}`,
      roleAttributes: ['dials', 'anywhere'],
    });
    const password = 'correct horse battery';
    const username = `${method}-${login}`;
    await network.create('authenticators', { method: 'updb', identityId, username, password });
    const secret =
      method === 'password' ? username : await issuer.sign({ sub: `${method} ${login}` });
    const api = `https://127.0.0.1:${network.controller.admin.port}/edge/client/v1`;
    const args = ['login', api, caFile, method, secret, password, 'echo', '1000'];
    const person = new InteropProgram(program, args, { INTEROP_LOGIN: login });
    expect(await person.line('services')).toMatchObject({ identity: `${method} ${login}` });
    expect(await person.line('bytes')).toMatchObject({ bytes: 1000 });
    await person.ended;
    await hosting.stop();
  });

  it('dials a TCP service of our connector', async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.write('tcp\n');
      socket.pipe(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await network.service('database', { acceptedEncryption: ['authenticated', 'ziti'] });
    const { jwtFile } = await network.identity('connector', ['hosts', 'on-r2']);
    const { port } = server.address() as AddressInfo;
    const connector = await createConnector(
      connectorConfigSchema.parse({
        stateDir: join(network.dir, 'connector'),
        enrollmentJwtFile: jwtFile,
        controlAddresses: [`tls:127.0.0.1:${network.controller.control.port}`],
        services: [{ service: 'database', target: `tcp://127.0.0.1:${port}` }],
      }),
    );
    try {
      // One for each encryption.
      await terminators(2, 'database');
      const done = await runProgram(program, ['dial', dialer, 'database', String(20 * MiB)]);
      expect(done).toMatchObject({ host: 'tcp', bytes: 20 * MiB });
    } finally {
      await connector.close();
      server.close();
    }
  });

  it('is told why a service with authenticated encryption is not for it, on both sides', async () => {
    const why = /accepts authenticated encryption, not OpenZiti’s \(ERR_ENCRYPTION_MISMATCH\)/;
    await expect(runProgram(program, ['dial', dialer, 'safe', '1'])).rejects.toThrow(why);
    const refused = new InteropProgram(program, ['host', host, 'safe', 'x']);
    hosts.push(refused);
    await refused.logged(why);
    refused.kill();
  });
});
