/** A controller, routers and everything they need to be dialed through, in one process. */
import { mkdtemp, rm, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createRouter,
  routerConfigSchema,
  type RouterConfigInput,
  type RunningRouter,
} from '@postern/router';
import { silentLogger } from '@postern/shared/log';
import type { EdgeConnection } from '@postern/shared/protocol/edge';
import {
  connectBrowser,
  connectHost,
  createAppKey,
  type AppKey,
  type BrowserConnection,
} from './router-peers.ts';
import { FakeController } from './router-controller.ts';
import {
  ISSUER,
  createTestPki,
  createTestSigner,
  type TestPki,
  type TestSigner,
} from './router-pki.ts';

export const SERVICE = 'svc1';
export const USER = 'user1';
export const HOST = 'host1';
export const SESSION = 'session1';
const LISTEN = { host: '127.0.0.1', port: 0 };
const EDGE = { ...LISTEN, tls: 'none' as const };

export type TestRouterOptions = Partial<
  Pick<RouterConfigInput, 'edge' | 'fabric' | 'limits' | 'links'>
>;

export class RouterNetwork {
  readonly pki: TestPki;
  readonly controller: FakeController;
  readonly tokenSigner: TestSigner;
  readonly grantSigner: TestSigner;
  readonly appKey: AppKey;
  readonly routers = new Map<string, RunningRouter>();
  readonly #dir: string;
  readonly #closers: (() => void)[] = [];

  private constructor(parts: {
    pki: TestPki;
    controller: FakeController;
    tokenSigner: TestSigner;
    grantSigner: TestSigner;
    appKey: AppKey;
    dir: string;
  }) {
    this.pki = parts.pki;
    this.controller = parts.controller;
    this.tokenSigner = parts.tokenSigner;
    this.grantSigner = parts.grantSigner;
    this.appKey = parts.appKey;
    this.#dir = parts.dir;
  }

  /** A running controller that knows one service, its user and its host, and policies that allow all. */
  static async create(): Promise<RouterNetwork> {
    const pki = await createTestPki();
    const controller = new FakeController(await pki.issue('controller'), pki.ca);
    const [tokenSigner, grantSigner] = [
      await createTestSigner('token'),
      await createTestSigner('grant'),
    ];
    await controller.start();
    controller.put('signingKey', tokenSigner.entity);
    controller.put('signingKey', grantSigner.entity);
    controller.put('identity', {
      id: USER,
      name: 'User',
      disabled: false,
      roleAttributes: ['users'],
    });
    controller.put('identity', {
      id: HOST,
      name: 'Host',
      disabled: false,
      roleAttributes: ['hosts'],
    });
    controller.put('service', {
      id: SERVICE,
      name: 'Service',
      roleAttributes: [],
      encryptionRequired: true,
      terminatorStrategy: 'smartrouting',
    });
    const policy = {
      semantic: 'AnyOf' as const,
      serviceRoles: [`@${SERVICE}`],
      postureCheckRoles: [],
    };
    controller.put('servicePolicy', {
      id: 'dial',
      type: 'Dial',
      identityRoles: ['#users'],
      ...policy,
    });
    controller.put('servicePolicy', {
      id: 'bind',
      type: 'Bind',
      identityRoles: ['#hosts'],
      ...policy,
    });
    const everyRouter = { semantic: 'AnyOf' as const, edgeRouterRoles: ['#all'] };
    controller.put('edgeRouterPolicy', { id: 'erp', identityRoles: ['#all'], ...everyRouter });
    controller.put('serviceEdgeRouterPolicy', {
      id: 'serp',
      serviceRoles: ['#all'],
      ...everyRouter,
    });
    const dir = await mkdtemp(join(tmpdir(), 'postern-router-'));
    const appKey = await createAppKey();
    return new RouterNetwork({ pki, controller, tokenSigner, grantSigner, appKey, dir });
  }

  /** Starts a router, which has the controller's data then if there is one; `edge: undefined` or `fabric: undefined` leave a listener out. */
  async startRouter(id: string, options: TestRouterOptions = {}): Promise<RunningRouter> {
    const stateDir = await this.enrollRouter(id);
    const input: RouterConfigInput = { stateDir, edge: EDGE, fabric: LISTEN, ...options };
    const router = await createRouter(routerConfigSchema.parse(input), { logger: silentLogger });
    this.routers.set(id, router);
    if (this.controller.isRunning) await this.inSync();
    return router;
  }

  /** Gives a router its identity, and the controller the router, if they do not have them yet. Answers its state folder. */
  async enrollRouter(id: string): Promise<string> {
    const stateDir = this.stateDir(id);
    if (!this.controller.all('router').some((router) => router.id === id)) {
      const { key, cert } = await this.pki.issue(`router/${id}`);
      const identity = { key, clientCert: cert, serverCert: cert, ca: this.pki.ca };
      await mkdir(stateDir, { recursive: true });
      await writeFile(
        join(stateDir, 'identity.json'),
        JSON.stringify({ ...identity, controllers: [this.controller.address] }),
      );
      this.controller.put('router', {
        id,
        name: id,
        roleAttributes: [],
        cost: 0,
        noTraversal: false,
        disabled: false,
        isOnline: false,
        edgeUrls: [],
        fabricAddresses: [],
        links: [],
      });
    }
    return stateDir;
  }

  stateDir(routerId: string): string {
    return join(this.#dir, routerId);
  }

  router(id: string): RunningRouter {
    const router = this.routers.get(id);
    if (router === undefined) throw new Error(`no router ${id}`);
    return router;
  }

  /** Resolves when both routers report a link to each other. */
  linked(a: string, b: string): Promise<void> {
    return this.controller.changed.until(
      () => this.hasLink(a, b) && this.hasLink(b, a),
      `link between ${a} and ${b}`,
    );
  }

  hasLink(from: string, to: string): boolean {
    const router = this.controller.all('router').find(({ id }) => id === from);
    return router?.links.some(({ peerId }) => peerId === to) ?? false;
  }

  /** Resolves when every router has applied every change the controller made. */
  async inSync(): Promise<void> {
    const deadlineMs = Date.now() + 10_000;
    for (const [id, { metricsUrl }] of this.routers) {
      for (;;) {
        const health = (await (await fetch(`${metricsUrl}/health`)).json()) as {
          policyIndex: number;
        };
        if (health.policyIndex >= this.controller.index) break;
        if (Date.now() > deadlineMs) throw new Error(`${id} lags behind the controller`);
      }
    }
  }

  /** A host bound on `routerId`, by default at its first address; resolves when the controller knows the terminator. */
  async startHost(
    routerId: string,
    onDial: Parameters<EdgeConnection['bind']>[1],
    address = this.router(routerId).fabricAddresses[0] ?? '',
  ): Promise<EdgeConnection> {
    const host = connectHost(address, await this.pki.issue(`identity/${HOST}`), this.pki.ca);
    this.#closers.push(() => host.close());
    await host.opened;
    await host.bind({ bindGrant: await this.bindGrant() }, onDial);
    await this.controller.changed.until(
      () =>
        this.controller.all('terminator').some((terminator) => terminator.routerId === routerId),
      'terminator reported',
    );
    await this.inSync();
    return host;
  }

  async browser(
    routerId: string,
    claims: Record<string, unknown> = {},
  ): Promise<BrowserConnection> {
    const [url = ''] = this.router(routerId).edgeUrls;
    const browser = connectBrowser(url, await this.appToken(claims), this.appKey);
    this.#closers.push(() => browser.socket.terminate());
    return browser;
  }

  appToken(claims: Record<string, unknown> = {}): Promise<string> {
    return this.tokenSigner.sign('at+jwt', {
      ...times(300),
      aud: `urn:postern:service:${SERVICE}`,
      sub: USER,
      client_id: 'app1',
      cnf: { jkt: this.appKey.thumbprint },
      sid: SESSION,
      ...claims,
    });
  }

  dialGrant(claims: Record<string, unknown> = {}): Promise<string> {
    return this.grantSigner.sign('postern-dial+jwt', {
      ...times(120),
      aud: 'postern:dial',
      sub: USER,
      name: 'User',
      svc: SERVICE,
      sid: SESSION,
      cnf: { jkt: this.appKey.thumbprint },
      hosts: [HOST],
      jti: crypto.randomUUID(),
      ...claims,
    });
  }

  bindGrant(claims: Record<string, unknown> = {}): Promise<string> {
    return this.grantSigner.sign('postern-bind+jwt', {
      ...times(3600),
      aud: 'postern:bind',
      sub: HOST,
      svc: SERVICE,
      cnf: { jwk: this.grantSigner.entity.jwk },
      jti: crypto.randomUUID(),
      ...claims,
    });
  }

  async close(): Promise<void> {
    for (const close of this.#closers) close();
    await Promise.all([...this.routers.values()].map((router) => router.close()));
    await this.controller.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }
}

/** `iss`, `iat`, `exp` in so many seconds and `out` 15 min after it. */
function times(lifeSeconds: number): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  return { iss: ISSUER, iat: now, exp: now + lifeSeconds, out: now + lifeSeconds + 900 };
}
