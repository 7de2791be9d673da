/** A real controller and real routers in one process, for programs with an SDK of OpenZiti. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  controllerConfigSchema,
  createController,
  type ControllerConfigInput,
  type RunningController,
} from '@postern/controller';
import {
  createRouter,
  routerConfigSchema,
  type RouterConfigInput,
  type RunningRouter,
} from '@postern/router';
import { silentLogger, type Logger } from '@postern/shared/log';
import { makeCsr } from './csr.ts';
import { CLIENT, edgeClient, MANAGEMENT, type EdgeClient } from './edge-client.ts';
import { defaultKind } from './stores.ts';

const LISTEN = { host: '127.0.0.1', port: 0 };

interface SdkNetworkOptions {
  logger?: Logger;
  controller?: Partial<ControllerConfigInput>;
}

export class SdkNetwork {
  readonly dir: string;
  readonly controller: RunningController;
  readonly edge: EdgeClient;
  readonly admin: string;
  readonly routers = new Map<string, RunningRouter>();
  readonly #logger: Logger;
  readonly #closers: (() => unknown)[];

  private constructor(parts: {
    dir: string;
    controller: RunningController;
    edge: EdgeClient;
    admin: string;
    logger: Logger;
    closers: (() => unknown)[];
  }) {
    this.dir = parts.dir;
    this.controller = parts.controller;
    this.edge = parts.edge;
    this.admin = parts.admin;
    this.#logger = parts.logger;
    this.#closers = parts.closers;
  }

  /** A controller that lets identities with the attribute `anywhere` use every router. */
  static async start(options: SdkNetworkOptions = {}): Promise<SdkNetwork> {
    const logger = options.logger ?? silentLogger;
    const dir = await mkdtemp(join(tmpdir(), 'postern-sdk-'));
    const closers: (() => unknown)[] = [() => rm(dir, { recursive: true, force: true })];
    const database = await defaultKind.create();
    closers.push(() => database.dispose());
    const controller = await createController(
      controllerConfigSchema.parse({
        dataDir: join(dir, 'controller'),
        store: await database.config(),
        admin: { port: 0 },
        public: { port: 0, tls: 'none' },
        control: { port: 0 },
        loginOrigin: 'http://login.localhost:8080',
        auth: { attemptsPerMinute: 10_000, allowPrivateJwks: true },
        ...options.controller,
      }),
      { logger },
    );
    closers.push(() => controller.close());
    const edge = edgeClient(controller);
    const password = (await readFile(join(dir, 'controller', 'admin-password'), 'utf8')).trim();
    const login = await edge(`${CLIENT}/authenticate?method=password`, {
      body: { username: 'admin', password },
    });
    const admin = login.data.token as string;
    const network = new SdkNetwork({ dir, controller, edge, admin, logger, closers });
    const routers = { semantic: 'AnyOf', edgeRouterRoles: ['#all'] };
    await network.create('edge-router-policies', {
      name: 'all',
      identityRoles: ['#anywhere'],
      ...routers,
    });
    await network.create('service-edge-router-policies', {
      name: 'all',
      serviceRoles: ['#all'],
      ...routers,
    });
    return network;
  }

  /** @returns the new entity's id */
  async create(plural: string, body: unknown): Promise<string> {
    const answer = await this.edge(`${MANAGEMENT}/${plural}`, { body, session: this.admin });
    if (answer.status !== 201) throw new Error(`${plural}: ${answer.bytes.toString()}`);
    return answer.data.id as string;
  }

  async get(path: string): Promise<any> {
    return (await this.edge(`${MANAGEMENT}/${path}`, { session: this.admin })).data;
  }

  async list(plural: string): Promise<Record<string, any>[]> {
    return this.get(`${plural}?limit=500`);
  }

  /** A router, online; identities with the attribute `on-NAME` may use it. */
  async startRouter(name: string, config: Partial<RouterConfigInput> = {}): Promise<RunningRouter> {
    const id = await this.create('edge-routers', { name });
    await this.create('edge-router-policies', {
      name: `on ${name}`,
      semantic: 'AnyOf',
      identityRoles: [`#on-${name}`],
      edgeRouterRoles: [`@${id}`],
    });
    const enrollmentJwtFile = join(this.dir, `${name}.jwt`);
    await writeFile(enrollmentJwtFile, (await this.get(`edge-routers/${id}`)).enrollmentJwt);
    const router = await createRouter(
      routerConfigSchema.parse({
        stateDir: join(this.dir, name),
        enrollmentJwtFile,
        edge: { ...LISTEN, tls: 'none' },
        fabric: LISTEN,
        ...config,
      }),
      { logger: this.#logger },
    );
    this.routers.set(name, router);
    this.#closers.push(() => router.close());
    await this.until(async () => (await this.get(`edge-routers/${id}`)).isOnline === true);
    return router;
  }

  /** A service that everybody with the attribute `dials` dials and everybody with `hosts` hosts. */
  async service(name: string, members: Record<string, unknown> = {}): Promise<string> {
    const id = await this.create('services', { name, encryptionRequired: true, ...members });
    const policy = { semantic: 'AnyOf', serviceRoles: [`@${id}`] };
    await this.create('service-policies', {
      name: `dial ${name}`,
      type: 'Dial',
      identityRoles: ['#dials'],
      ...policy,
    });
    await this.create('service-policies', {
      name: `bind ${name}`,
      type: 'Bind',
      identityRoles: ['#hosts'],
      ...policy,
    });
    return id;
  }

  /** A new identity; answers the file its enrolment token lies in. */
  async identity(name: string, roleAttributes: string[]): Promise<{ id: string; jwtFile: string }> {
    const id = await this.create('identities', {
      name,
      type: 'Default',
      isAdmin: false,
      roleAttributes,
      enrollment: { ott: true },
    });
    const jwtFile = join(this.dir, `${name}.jwt`);
    await writeFile(jwtFile, (await this.get(`identities/${id}`)).enrollment.ott.jwt);
    return { id, jwtFile };
  }

  /** An identity enrolled by its certificate request; answers the identity file that SDKs read. */
  async enrolled(name: string, roleAttributes: string[]): Promise<string> {
    const { id } = await this.identity(name, roleAttributes);
    const { token } = (await this.get(`identities/${id}`)).enrollment.ott;
    const { csr, keyPem } = await makeCsr(id);
    const answer = await this.edge(`${CLIENT}/enroll?method=ott&token=${token}`, { body: csr });
    const file = join(this.dir, `${name}.json`);
    const pem = { key: keyPem, cert: answer.data.cert, ca: this.controller.trustBundlePem };
    const entries = Object.entries(pem).map(([part, text]) => [part, `pem:${text}`]);
    const ztAPI = `https://127.0.0.1:${this.controller.admin.port}`;
    await writeFile(file, JSON.stringify({ ztAPI, id: Object.fromEntries(entries) }));
    return file;
  }

  /** Asks again and again until it holds, for at most 20 s: state that only a report will bring. */
  async until(holds: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 20_000;
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error('it did not come to hold within 20 s');
    }
  }

  async close(): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
  }
}
