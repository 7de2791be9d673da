/** What a connector hosts changes while it runs: by its own configuration and by configs of the controller. */
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogFields, Logger } from '@postern/shared/log';
import type { HostState } from '@postern/shared/schemas';
import { afterEach, describe, expect, it } from 'vitest';
import {
  connectorConfigSchema,
  createConnector,
  type ConnectorConfigInput,
} from '../../connector/src/index.ts';
import { startControl } from '../harness/connector-control.ts';
import { HOST, RouterNetwork, SERVICE } from '../harness/router-network.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type HostConfig = HostState['services'][number]['hostConfig'];

/** A connector, with its router and controller, whose configuration and state tests change. */
async function setUp(options: Partial<ConnectorConfigInput>, hostConfig?: HostConfig) {
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
  const stateWith = (config: HostConfig): HostState => ({
    identity: { id: HOST, name: 'Host' },
    keys: [network.grantSigner.entity],
    routers: [{ id: 'r1', name: 'r1', fabricAddresses: [...router.fabricAddresses] }],
    services: [
      {
        id: SERVICE,
        name: 'wiki',
        bindGrant,
        ...(config === undefined ? {} : { hostConfig: config }),
      },
    ],
  });
  const control = await startControl(network, () => stateWith(hostConfig));
  cleanups.push(() => control.stop());
  const configOf = (more: Partial<ConnectorConfigInput>) =>
    connectorConfigSchema.parse({ stateDir, controlAddresses: [control.address], ...more });
  const lines: { event: string; fields: LogFields }[] = [];
  const waiting = new Set<() => void>();
  const write = (event: string, fields: LogFields = {}) => {
    lines.push({ event, fields });
    for (const look of waiting) look();
  };
  const logger: Logger = {
    debug: write,
    info: write,
    warn: write,
    error: write,
    child: () => logger,
  };
  const connector = await createConnector(configOf(options), { logger });
  cleanups.push(() => connector.close());
  const terminators = () => network.controller.all('terminator');
  return {
    connector,
    configOf,
    stateWith,
    control,
    terminators,
    /** Fields of the next line of that event that `fits`. */
    logged: (event: string, fits: (fields: LogFields) => boolean = () => true) =>
      new Promise<LogFields>((resolve) => {
        const look = () => {
          const line = lines.find((one) => one.event === event && fits(one.fields));
          if (line === undefined) return;
          waiting.delete(look);
          resolve(line.fields);
        };
        waiting.add(look);
        look();
      }),
    until: (fits: (rows: ReturnType<typeof terminators>) => boolean, what: string) =>
      network.controller.changed.until(() => fits(terminators()), what),
  };
}

async function startEcho(): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

describe('a running connector', () => {
  it('takes services anew by a reload, and refuses what needs a restart', async () => {
    const wiki = { service: 'wiki', target: 'http://127.0.0.1:1' };
    const { connector, configOf, until, terminators } = await setUp({ services: [wiki] });
    await until((rows) => rows.length === 1, 'bound');

    await connector.reload(configOf({ services: [{ ...wiki, listen: { cost: 7 } }] }));
    await until((rows) => rows[0]?.cost === 7, 'its new cost');

    const before = terminators();
    await expect(
      connector.reload(configOf({ services: [wiki], limits: { maxStreams: 1 } })),
    ).rejects.toMatchObject({ code: 'ERR_CONNECTOR_RELOAD', message: /limits/ });
    const broken = { ...wiki, target: 'https://127.0.0.1:1', tls: { caFile: '/does/not/exist' } };
    await expect(connector.reload(configOf({ services: [broken] }))).rejects.toThrow(
      '/does/not/exist',
    );
    expect(terminators()).toEqual(before);

    await connector.reload(configOf({ services: [{ ...wiki, service: 'another' }] }));
    await until((rows) => rows.length === 0, 'unbound');
  });

  it('hosts what host.v1 says, where its own list covers the address', async () => {
    const port = await startEcho();
    const data = {
      protocol: 'tcp',
      address: '127.0.0.1',
      port,
      listenOptions: { cost: 5, precedence: 'required' },
    };
    const { until, control, stateWith, logged } = await setUp(
      { hostConfigs: { allow: [{ address: '127.0.0.1', ports: String(port) }] } },
      { type: 'host.v1', data },
    );
    await until((rows) => rows[0]?.cost === 5 && rows[0].precedence === 'required', 'bound');

    control.push(stateWith({ type: 'host.v1', data: { ...data, address: '169.254.169.254' } }));
    expect(await logged('connector.host-config-refused')).toMatchObject({
      service: 'wiki',
      error: { code: 'ERR_HOST_CONFIG', message: expect.stringContaining('169.254.169.254') },
    });
    await until((rows) => rows.length === 0, 'unbound');

    control.push(stateWith({ type: 'host.v2', data: { terminators: [data] } }));
    await until((rows) => rows.length === 1, 'bound by host.v2');
  });

  it('connects nowhere that only the controller names', async () => {
    const port = await startEcho();
    const { terminators, logged } = await setUp(
      { services: [{ service: 'other', target: `tcp://127.0.0.1:${port}` }] },
      { type: 'host.v1', data: { protocol: 'tcp', address: '127.0.0.1', port } },
    );
    await logged('connector.state');
    expect(terminators()).toEqual([]);
  });

  it('keeps a record of requests in a file of its own', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postern-audit-'));
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
    const auditFile = join(folder, 'audit.jsonl');
    const { connector } = await setUp({
      services: [{ service: 'wiki', target: 'http://127.0.0.1:1' }],
      auditFile,
    });
    await connector.close();
    expect(await readFile(auditFile, 'utf8')).toBe('');
  });
});
