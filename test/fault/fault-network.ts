/**
 * A network of processes for faults. People reach the routers `in-…` only and connectors `out-…`
 * only; groups of links keep the two apart, so that every circuit crosses one of `transit-…`:
 *
 *     client → in-1, in-2 → transit-1, transit-2 → out-1, out-2 ← connector → app
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePorts } from '../../cli/src/demo/ports.ts';
import { adminPassword, AdminClient } from '../harness/store-controllers.ts';
import { startFaultApp, type FaultApp } from './fault-app.ts';
import { PartProcess } from './part-process.ts';

export const APP_HOST = 'fault.localhost';
export const USERNAME = 'alice';
export const PASSWORD = 'correct horse battery';

const HOST = '127.0.0.1';
/** Of the controller's control listener alone, so that it can be cut off. */
export const CONTROL_HOST = '127.0.0.9';
const groupsOf: Record<string, string[]> = {
  in: ['west'],
  transit: ['west', 'east'],
  out: ['east'],
};
export type Tier = keyof typeof groupsOf;
const ROUTERS = ['in-1', 'in-2', 'transit-1', 'transit-2', 'out-1', 'out-2'];

export interface FaultNetworkOptions {
  /** How many host the service; default 1. */
  readonly connectors?: number;
  /** Default 15. */
  readonly outageMinutes?: number;
}

interface Router {
  readonly part: PartProcess;
  readonly metricsUrl: string;
}

export class FaultNetwork {
  readonly dir: string;
  readonly app: FaultApp;
  readonly controller: PartProcess;
  /** The controller's data with a control port that no router knows. */
  readonly controllerAside: PartProcess;
  readonly publicUrl: string;
  readonly routers = new Map<string, Router>();
  /** By the identity of each. */
  readonly connectors = new Map<string, PartProcess>();
  readonly admin: AdminClient;

  private constructor(parts: {
    dir: string;
    app: FaultApp;
    controller: PartProcess;
    controllerAside: PartProcess;
    publicUrl: string;
    admin: AdminClient;
  }) {
    this.dir = parts.dir;
    this.app = parts.app;
    this.controller = parts.controller;
    this.controllerAside = parts.controllerAside;
    this.publicUrl = parts.publicUrl;
    this.admin = parts.admin;
  }

  /** Resolves when a circuit can be opened over every transit router. */
  static async start({
    connectors = 1,
    outageMinutes = 15,
  }: FaultNetworkOptions = {}): Promise<FaultNetwork> {
    const dir = await mkdtemp(join(tmpdir(), 'postern-fault-'));
    const [admin = 0, publicPort = 0, control = 0, aside = 0] = await findFreePorts(4);
    const adminUrl = `https://${HOST}:${admin}`;
    const publicUrl = `http://${HOST}:${publicPort}`;
    const dataDir = join(dir, 'controller');
    const controllerConfig = {
      dataDir,
      admin: { host: HOST, port: admin, url: adminUrl },
      public: { host: HOST, port: publicPort, tls: 'none', url: publicUrl },
      control: {
        host: CONTROL_HOST,
        port: control,
        advertise: [`tls:${CONTROL_HOST}:${control}`],
      },
      loginOrigin: 'http://login.localhost',
      auth: { attemptsPerMinute: 100_000 },
      sessions: { outageMinutes },
    };
    const controller = new PartProcess(dir, 'controller', 'controller', controllerConfig);
    const controllerAside = new PartProcess(dir, 'controller-aside', 'controller', {
      ...controllerConfig,
      control: { ...controllerConfig.control, port: aside },
    });
    await controller.start();
    const trustBundlePem = await readFile(join(dataDir, 'pki', 'root.crt'), 'utf8');
    const client = new AdminClient([{ adminUrl, trustBundlePem }]);
    await client.signIn(await adminPassword(dataDir));
    const app = await startFaultApp();
    const network = new FaultNetwork({
      ...{ dir, app, controller, controllerAside, publicUrl },
      admin: client,
    });
    try {
      await network.#seed(connectors);
      await Promise.all([...network.routers.values()].map(({ part }) => part.start()));
      await Promise.all([...network.connectors.values()].map((part) => part.start()));
      await network.#ready();
      return network;
    } catch (error) {
      await network.close();
      throw error;
    }
  }

  /** Routers of a tier that circuits run through now. */
  async inUse(tier: Tier): Promise<PartProcess[]> {
    const found: PartProcess[] = [];
    for (const [name, router] of this.routers) {
      if (name.startsWith(tier) && (await health(router)).circuits > 0) found.push(router.part);
    }
    return found;
  }

  /** Connections of browsers at all routers. */
  async clients(): Promise<number> {
    let clients = 0;
    for (const { metricsUrl } of this.routers.values()) {
      const text = await (await fetch(`${metricsUrl}/metrics`)).text();
      clients += Number(/connections\{[^}]*"client"[^}]*\} (\d+)/.exec(text)?.[1] ?? Number.NaN);
    }
    return clients;
  }

  /** Brings back what was killed or frozen. @throws Error when a router lacks links after 60 s */
  async restore(): Promise<void> {
    const routers = [...this.routers.values()].map(({ part }) => part);
    const parts = [...routers, ...this.connectors.values()];
    for (const part of parts) part.thaw();
    await Promise.all(parts.filter((part) => !part.isRunning).map((part) => part.start()));
    await this.#ready();
  }

  /** Where the identity a session ends at is run. @throws Error for one that is none of ours */
  connectorOf(identityId: unknown): PartProcess {
    const connector = this.connectors.get(String(identityId));
    if (connector === undefined) throw new Error(`no connector ${String(identityId)}`);
    return connector;
  }

  /** Makes the policy by which people may use the service. */
  async allowDials(): Promise<void> {
    await this.create('service-policies', {
      name: 'dial',
      type: 'Dial',
      semantic: 'AnyOf',
      identityRoles: ['#people'],
      serviceRoles: ['#all'],
    });
  }

  /** Deletes it. */
  async forbidDials(): Promise<void> {
    const filter = encodeURIComponent('name = "dial"');
    const { body } = await this.admin.send('GET', `service-policies?filter=${filter}`);
    const [policy] = body.data as unknown as { id: string }[];
    const { status } = await this.admin.send('DELETE', `service-policies/${policy?.id ?? ''}`);
    if (status !== 200) throw new Error(`deleting the policy was answered ${status}`);
  }

  /** Makes an entity of the Management API. Resolves with its id. */
  async create(path: string, body: object): Promise<string> {
    const answer = await this.admin.send('POST', path, body);
    if (answer.status !== 201) throw new Error(`${path} was answered ${answer.status}`);
    return String(answer.body.data?.['id']);
  }

  /** Links are up, and every connector hosts at both routers that it may use. */
  async #ready(): Promise<void> {
    await this.#linked();
    const deadlineMs = Date.now() + 60_000;
    for (;;) {
      const { body } = await this.admin.send('GET', 'terminators?limit=100');
      const terminators = body.data as unknown as unknown[];
      if (terminators.length === 2 * this.connectors.size) return;
      if (Date.now() > deadlineMs) throw new Error(`${terminators.length} terminators only`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #linked(): Promise<void> {
    const wanted = { in: 3, transit: 5, out: 3 };
    const deadlineMs = Date.now() + 60_000;
    for (const [name, router] of this.routers) {
      const tier = name.split('-')[0] as keyof typeof wanted;
      for (;;) {
        const { links } = await health(router).catch(() => ({ links: 0 }));
        if (links >= wanted[tier]) break;
        if (Date.now() > deadlineMs) throw new Error(`${name} has ${links} links only`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  async close(): Promise<void> {
    const parts = [
      ...this.connectors.values(),
      ...[...this.routers.values()].map(({ part }) => part),
      this.controller,
      this.controllerAside,
    ];
    for (const part of parts) part.thaw();
    await Promise.all(parts.map((part) => part.kill()));
    await this.admin.close();
    this.app.close();
    await rm(this.dir, { recursive: true, force: true });
  }

  async #seed(connectors: number): Promise<void> {
    const create = (path: string, body: object): Promise<string> => this.create(path, body);
    const detail = async (path: string) => (await this.admin.send('GET', path)).body.data ?? {};
    const token = async (name: string, jwt: unknown): Promise<string> => {
      const file = join(this.dir, `${name}.jwt`);
      await writeFile(file, String(jwt), { mode: 0o600 });
      return file;
    };
    for (const name of ROUTERS) {
      const tier = name.split('-')[0] ?? '';
      const id = await create('edge-routers', { name, roleAttributes: [tier] });
      const { enrollmentJwt } = await detail(`edge-routers/${id}`);
      const [metrics = 0] = await findFreePorts(1);
      const part = new PartProcess(this.dir, name, 'router', {
        stateDir: join(this.dir, name),
        enrollmentJwtFile: await token(name, enrollmentJwt),
        edge: { host: HOST, port: 0, tls: 'none' },
        fabric: { host: HOST, port: 0 },
        metrics: { host: HOST, port: metrics },
        links: { groups: groupsOf[tier] },
      });
      this.routers.set(name, { part, metricsUrl: `http://${HOST}:${metrics}` });
    }
    const service = await create('services', { name: 'fault', encryptionRequired: true });
    await create('applications', {
      name: 'fault',
      origin: `http://${APP_HOST}`,
      serviceId: service,
      loginMethods: ['password'],
      sessionHours: 1,
    });
    const person = await create('identities', {
      name: USERNAME,
      type: 'Default',
      isAdmin: false,
      roleAttributes: ['people'],
    });
    await create('authenticators', {
      method: 'updb',
      identityId: person,
      username: USERNAME,
      password: PASSWORD,
    });
    const anyOf = { semantic: 'AnyOf' };
    const serviceRoles = ['#all'];
    await this.allowDials();
    await create('service-policies', {
      name: 'bind',
      type: 'Bind',
      identityRoles: ['#connectors'],
      serviceRoles,
      ...anyOf,
    });
    for (const [identities, edgeRouters] of [
      ['#people', '#in'],
      ['#connectors', '#out'],
    ]) {
      await create('edge-router-policies', {
        name: `${identities} use ${edgeRouters}`,
        identityRoles: [identities],
        edgeRouterRoles: [edgeRouters],
        ...anyOf,
      });
    }
    await create('service-edge-router-policies', {
      name: 'all',
      serviceRoles,
      edgeRouterRoles: ['#all'],
      ...anyOf,
    });
    for (let i = 1; i <= connectors; i += 1) {
      const name = `connector-${i}`;
      const host = await create('identities', {
        name,
        type: 'Default',
        isAdmin: false,
        roleAttributes: ['connectors'],
        enrollment: { ott: true },
      });
      const { enrollment } = (await detail(`identities/${host}`)) as {
        enrollment?: { ott?: { jwt: string } };
      };
      const part = new PartProcess(this.dir, name, 'connector', {
        stateDir: join(this.dir, name),
        enrollmentJwtFile: await token(name, enrollment?.ott?.jwt),
        services: [{ service: 'fault', target: this.app.url }],
      });
      this.connectors.set(host, part);
    }
  }
}

async function health({ metricsUrl }: Router): Promise<{ links: number; circuits: number }> {
  const response = await fetch(`${metricsUrl}/health`);
  return (await response.json()) as { links: number; circuits: number };
}
