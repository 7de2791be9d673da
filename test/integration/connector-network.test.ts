import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { connectorConfigSchema, createConnector } from '../../connector/src/index.ts';
import { startControl } from '../harness/connector-control.ts';
import { HOST, RouterNetwork, SERVICE } from '../harness/router-network.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe('createConnector', () => {
  it('binds on a real router, survives losing the controller, and hosts again from its last state', async () => {
    const network = await RouterNetwork.create();
    cleanups.push(() => network.close());
    const router = await network.startRouter('r1');
    const stateDir = await mkdtemp(join(tmpdir(), 'postern-connector-'));
    cleanups.push(() => rm(stateDir, { recursive: true, force: true }));
    const { key, cert } = await network.pki.issue(`identity/${HOST}`);
    const file = {
      ztAPI: 'https://127.0.0.1:1/edge/client/v1',
      id: { key: `pem:${key}`, cert: `pem:${cert}`, ca: `pem:${network.pki.ca}` },
    };
    await writeFile(join(stateDir, 'identity.json'), JSON.stringify(file));
    const bindGrant = await network.bindGrant();
    const control = await startControl(network, () => ({
      identity: { id: HOST, name: 'Host' },
      keys: [network.grantSigner.entity],
      routers: [{ id: 'r1', name: 'r1', fabricAddresses: [...router.fabricAddresses] }],
      services: [{ id: SERVICE, name: 'wiki', bindGrant }],
    }));
    cleanups.push(() => control.stop());
    const config = connectorConfigSchema.parse({
      stateDir,
      controlAddresses: [control.address],
      services: [{ service: 'wiki', target: 'http://127.0.0.1:1' }],
    });
    const isBound = () =>
      network.controller.all('terminator').some(({ hostId }) => hostId === HOST);

    const first = await createConnector(config);
    cleanups.push(() => first.close());
    await expect.poll(isBound, { timeout: 10_000 }).toBe(true);
    expect(first.identityId).toBe(HOST);
    expect(first.isConnected).toBe(true);
    expect(first.connectedRouters).toBe(1);

    control.stop();
    await expect.poll(() => first.isConnected, { timeout: 5000 }).toBe(false);
    expect(first.connectedRouters).toBe(1);
    await first.close();
    await expect.poll(isBound, { timeout: 10_000 }).toBe(false);

    const second = await createConnector(config);
    cleanups.push(() => second.close());
    await expect.poll(isBound, { timeout: 10_000 }).toBe(true);
    expect(second.isConnected).toBe(false);
  });

  it('is dialed last while its app fails the health check, and as before once it is well', async () => {
    const network = await RouterNetwork.create();
    cleanups.push(() => network.close());
    const router = await network.startRouter('r1');
    const stateDir = await mkdtemp(join(tmpdir(), 'postern-connector-'));
    cleanups.push(() => rm(stateDir, { recursive: true, force: true }));
    const { key, cert } = await network.pki.issue(`identity/${HOST}`);
    const id = { key: `pem:${key}`, cert: `pem:${cert}`, ca: `pem:${network.pki.ca}` };
    await writeFile(
      join(stateDir, 'identity.json'),
      JSON.stringify({ ztAPI: 'https://127.0.0.1:1/edge/client/v1', id }),
    );
    const bindGrant = await network.bindGrant();
    const control = await startControl(network, () => ({
      identity: { id: HOST, name: 'Host' },
      keys: [network.grantSigner.entity],
      routers: [{ id: 'r1', name: 'r1', fabricAddresses: [...router.fabricAddresses] }],
      services: [{ id: SERVICE, name: 'wiki', bindGrant }],
    }));
    cleanups.push(() => control.stop());
    let status = 200;
    const app = createHttpServer((_, response) => response.writeHead(status).end());
    app.listen(0, '127.0.0.1');
    await once(app, 'listening');
    cleanups.push(() => app.close());
    const url = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
    const connector = await createConnector(
      connectorConfigSchema.parse({
        stateDir,
        controlAddresses: [control.address],
        services: [
          {
            service: 'wiki',
            target: url,
            listen: { cost: 3, precedence: 'required', instanceId: 'alpha' },
            httpChecks: [
              {
                url,
                interval: '100ms',
                timeout: '5s',
                actions: [
                  { trigger: 'fail', action: 'mark unhealthy' },
                  { trigger: 'pass', action: 'mark healthy' },
                  { trigger: 'change', action: 'send event' },
                ],
              },
            ],
          },
        ],
      }),
    );
    cleanups.push(() => connector.close());
    const become = (precedence: string) =>
      network.controller.changed.until(
        () => network.controller.all('terminator').some((one) => one.precedence === precedence),
        `precedence ${precedence}`,
      );
    await become('required');
    expect(network.controller.all('terminator')).toMatchObject([{ cost: 3, instanceId: 'alpha' }]);
    status = 503;
    await become('failed');
    status = 200;
    await become('required');
  });

  it('says what is missing', async () => {
    const stateDir = join(tmpdir(), `postern-${randomUUID()}`);
    cleanups.push(() => rm(stateDir, { recursive: true, force: true }));
    const services = [{ service: 'wiki', target: 'http://127.0.0.1:1' }];
    await expect(
      createConnector(connectorConfigSchema.parse({ stateDir, services })),
    ).rejects.toMatchObject({ code: 'ERR_CONNECTOR_NOT_ENROLLED' });
  });
});
