/**
 * A real controller, a real router, a host and a person who signs in as a browser does: one network
 * in one process, for what goes through all of them.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  connectorConfigSchema,
  createConnector,
  type Connector,
  type ConnectorConfigInput,
  type ConnectorDeps,
} from '@postern/connector';
import {
  controllerConfigSchema,
  createController,
  type ControllerConfigInput,
  type RunningController,
} from '@postern/controller';
import { noTracer, type Tracer } from '@postern/node/tracing';
import { createRouter, routerConfigSchema, type RunningRouter } from '@postern/router';
import { pointFromJwk, signEs256 } from '@postern/shared/crypto';
import { silentLogger } from '@postern/shared/log';
import type { DeclaredPosture } from '@postern/shared/schemas';
import { createKeySet, type VerificationKey } from '@postern/shared/grants';
import { connectSecure } from '@postern/shared/protocol/handshake';
import type { SecureSession } from '@postern/shared/protocol/session';
import type { Circuit, CloseReason, EdgeConnection } from '@postern/shared/protocol/edge';
import { decodeJwt } from 'jose';
import { createNodeRecordCipher } from '../../connector/src/sessions/node-record-cipher.ts';
import { ControlPeer } from './control-peer.ts';
import { makeCsr } from './csr.ts';
import { CLIENT, edgeClient, MANAGEMENT, type EdgeClient } from './edge-client.ts';
import { connectBrowser, connectHost, type BrowserConnection } from './router-peers.ts';
import {
  AppClient,
  json,
  LoginPage,
  type DialGrantResponse,
  type LoginResult,
  type TokenResponse,
} from './sign-in-flow.ts';
import { defaultKind } from './stores.ts';
import { UserAgent } from './user-agent.ts';

const LOGIN_ORIGIN = 'http://login.localhost:8080';
const APP_HOST = 'wiki.localhost:8080';
export const PASSWORD = 'correct horse battery';

export interface SignedIn {
  readonly sessionId: string;
  /** `jti` of the app token. */
  readonly tokenId: string;
  readonly page: LoginPage;
  readonly login: LoginResult;
  readonly app: AppClient;
  readonly browser: BrowserConnection;
  /** Opens a circuit to the host, which echoes. */
  dial(declared?: DeclaredPosture): Promise<Circuit>;
  /** A session with a connector that hosts the service. */
  connect(traceparent?: string): Promise<SecureSession>;
}

export class LiveNetwork {
  readonly controller: RunningController;
  readonly dataDir: string;
  readonly router: RunningRouter;
  readonly edge: EdgeClient;
  readonly admin: string;
  readonly ids: {
    readonly service: string;
    readonly person: string;
    readonly host: string;
    readonly router: string;
    readonly dialPolicy: string;
    readonly bindPolicy: string;
  };
  /** The host's control connection: what connectors are told. */
  readonly hostControl: ControlPeer;
  readonly host: EdgeConnection;
  readonly #closers: (() => unknown)[];

  private constructor(parts: {
    controller: RunningController;
    dataDir: string;
    router: RunningRouter;
    edge: EdgeClient;
    admin: string;
    ids: LiveNetwork['ids'];
    hostControl: ControlPeer;
    host: EdgeConnection;
    closers: (() => unknown)[];
  }) {
    this.controller = parts.controller;
    this.dataDir = parts.dataDir;
    this.router = parts.router;
    this.edge = parts.edge;
    this.admin = parts.admin;
    this.ids = parts.ids;
    this.hostControl = parts.hostControl;
    this.host = parts.host;
    this.#closers = parts.closers;
  }

  /** @param config of the controller, beyond what every test needs; `tracer` is the router's */
  static async start(
    config: Pick<ControllerConfigInput, 'certificates' | 'metrics'> = {},
    { tracer = noTracer }: { tracer?: Tracer } = {},
  ): Promise<LiveNetwork> {
    const dir = await mkdtemp(join(tmpdir(), 'postern-live-'));
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
        loginOrigin: LOGIN_ORIGIN,
        auth: { attemptsPerMinute: 10_000 },
        ...config,
      }),
      { logger: silentLogger, checkResponses: true },
    );
    closers.push(() => controller.close());
    const edge = edgeClient(controller);
    const admin = await login(edge, {
      username: 'admin',
      password: (await readFile(join(dir, 'controller', 'admin-password'), 'utf8')).trim(),
    });
    const create = async (plural: string, body: unknown): Promise<string> => {
      const answer = await edge(`${MANAGEMENT}/${plural}`, { body, session: admin });
      if (answer.status !== 201) throw new Error(`${plural}: ${answer.bytes.toString()}`);
      return answer.data.id as string;
    };
    const detail = async (path: string) =>
      (await edge(`${MANAGEMENT}/${path}`, { session: admin })).data;

    const service = await create('services', { name: 'wiki', encryptionRequired: true });
    await create('applications', {
      name: 'wiki',
      origin: `http://${APP_HOST}`,
      serviceId: service,
      loginMethods: ['password'],
      sessionHours: 1,
    });
    const person = await create('identities', {
      name: 'alice',
      type: 'Default',
      isAdmin: false,
      roleAttributes: ['staff'],
    });
    await create('authenticators', {
      method: 'updb',
      identityId: person,
      username: 'alice',
      password: PASSWORD,
    });
    const host = await create('identities', {
      name: 'host',
      type: 'Default',
      isAdmin: false,
      enrollment: { ott: true },
    });
    const policy = { semantic: 'AnyOf', serviceRoles: [`@${service}`] };
    const dialPolicy = await create('service-policies', {
      name: 'staff dials',
      type: 'Dial',
      identityRoles: ['#staff'],
      ...policy,
    });
    const bindPolicy = await create('service-policies', {
      name: 'host binds',
      type: 'Bind',
      identityRoles: [`@${host}`],
      ...policy,
    });
    const routers = { semantic: 'AnyOf', edgeRouterRoles: ['#all'] };
    await create('edge-router-policies', { name: 'all', identityRoles: ['#all'], ...routers });
    await create('service-edge-router-policies', {
      name: 'all',
      serviceRoles: ['#all'],
      ...routers,
    });
    const routerId = await create('edge-routers', { name: 'router 1' });
    const enrollmentJwtFile = join(dir, 'router.jwt');
    await writeFile(enrollmentJwtFile, (await detail(`edge-routers/${routerId}`)).enrollmentJwt);
    const listen = { host: '127.0.0.1', port: 0 };
    const router = await createRouter(
      routerConfigSchema.parse({
        stateDir: join(dir, 'router'),
        enrollmentJwtFile,
        edge: { ...listen, tls: 'none' },
        fabric: listen,
      }),
      { logger: silentLogger, tracer },
    );
    closers.push(() => router.close());

    const { token } = (await detail(`identities/${host}`)).enrollment.ott as { token: string };
    const { csr, keyPem } = await makeCsr(host);
    const enrolled = await edge(`${CLIENT}/enroll?method=ott&token=${token}`, { body: csr });
    const certPem = enrolled.data.cert as string;
    const hostControl = await ControlPeer.connect(
      { port: controller.control.port, ca: controller.trustBundlePem },
      { certPem, keyPem, fingerprint: '' },
      host,
    );
    closers.push(() => hostControl.close());
    const state = await hostControl.until('hostState', ({ routers: known }) => known.length > 0);
    const hostEdge = connectHost(
      router.fabricAddresses[0] ?? '',
      { cert: certPem, key: keyPem },
      controller.trustBundlePem,
    );
    closers.push(() => hostEdge.close());
    await hostEdge.opened;
    await hostEdge.bind({ bindGrant: state.services[0]?.bindGrant ?? '' }, (circuit) => {
      circuit.onMessage = (message) => circuit.send(message);
    });
    const network = new LiveNetwork({
      controller,
      dataDir: join(dir, 'controller'),
      router,
      edge,
      admin,
      ids: { service, person, host, router: routerId, dialPolicy, bindPolicy },
      hostControl,
      host: hostEdge,
      closers,
    });
    await network.until(async () => (await network.list('terminators')).length === 1);
    return network;
  }

  async list(plural: string): Promise<Record<string, any>[]> {
    return (await this.edge(`${MANAGEMENT}/${plural}`, { session: this.admin })).data;
  }

  /** Asks again and again until it holds, for at most 10 s: state that only a report will bring. */
  async until(holds: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 10_000;
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error('it did not come to hold within 10 s');
    }
  }

  /** The person signs in on a device of their own, up to a connection to the router. */
  async signIn(): Promise<SignedIn> {
    const agent = new UserAgent();
    const api = `${this.controller.public.url}/postern/v1`;
    const app = await AppClient.create(
      agent,
      await json(await agent.fetch(`${api}/applications/lookup?host=${APP_HOST}`)),
    );
    const uid = await app.begin();
    const page = await LoginPage.create(agent, app.info);
    const login = await json<LoginResult>(
      await page.call('POST', `/interactions/${uid}/password`, {
        body: { username: 'alice', password: PASSWORD },
      }),
    );
    const tokens = await json<TokenResponse>(await app.exchange(await app.resume(login.resumeUrl)));
    const grant = async (declared?: DeclaredPosture): Promise<DialGrantResponse> =>
      json(await app.dialGrant(tokens.access_token, { ...(declared && { declared }) }));
    const { privateKey, thumbprint } = app.key;
    const publicPoint = pointFromJwk(app.key.jwk as Parameters<typeof pointFromJwk>[0]);
    const browser = connectBrowser(this.router.edgeUrls[0] ?? '', tokens.access_token, {
      thumbprint,
      publicPoint,
      sign: (bytes) => signEs256(privateKey, bytes),
    });
    await browser.edge.opened;
    return {
      sessionId: decodeJwt(tokens.access_token)['sid'] as string,
      tokenId: decodeJwt(tokens.access_token).jti ?? '',
      page,
      login,
      app,
      browser,
      dial: async (declared) => browser.edge.dial((await grant(declared)).dialGrant),
      connect: async (traceparent) => {
        const { dialGrant, assertion, keys, service } = await grant();
        return connectSecure({
          circuit: await browser.edge.dial(dialGrant, { traceparent }),
          serviceId: service.id,
          keys: createKeySet(keys as unknown as VerificationKey[]),
          dialGrant,
          assertion,
          key: { privateKey, publicPoint },
          createCipher: createNodeRecordCipher,
        });
      },
    };
  }

  /** A connector for the service in the place of the host that echoes. */
  async replaceHost(
    target: string,
    more: Partial<ConnectorConfigInput> = {},
    deps: ConnectorDeps = {},
  ): Promise<Connector> {
    const post = async (plural: string, body: unknown): Promise<string> => {
      const path = `${MANAGEMENT}/${plural}`;
      return (await this.edge(path, { body, session: this.admin })).data.id as string;
    };
    const id = await post('identities', {
      name: 'connector',
      type: 'Default',
      isAdmin: false,
      enrollment: { ott: true },
    });
    await post('service-policies', {
      name: 'connector binds',
      type: 'Bind',
      semantic: 'AnyOf',
      identityRoles: [`@${id}`],
      serviceRoles: [`@${this.ids.service}`],
    });
    const { data } = await this.edge(`${MANAGEMENT}/identities/${id}`, { session: this.admin });
    const dir = await mkdtemp(join(tmpdir(), 'postern-live-connector-'));
    this.#closers.push(() => rm(dir, { recursive: true, force: true }));
    const enrollmentJwtFile = join(dir, 'connector.jwt');
    await writeFile(enrollmentJwtFile, data.enrollment.ott.jwt as string);
    const connector = await createConnector(
      connectorConfigSchema.parse({
        stateDir: join(dir, 'connector'),
        enrollmentJwtFile,
        services: [{ service: 'wiki', target }],
        ...more,
      }),
      deps,
    );
    this.#closers.push(() => connector.close());
    this.host.close();
    await this.until(async () => {
      const hosts = (await this.list('terminators')).map(({ hostId }) => hostId as string);
      return hosts.length === 1 && hosts[0] === id;
    });
    return connector;
  }

  /** One more router; it links with the first. */
  async addRouter(name: string): Promise<RunningRouter> {
    const path = `${MANAGEMENT}/edge-routers`;
    const created = await this.edge(path, { body: { name }, session: this.admin });
    const { data } = await this.edge(`${path}/${created.data.id}`, { session: this.admin });
    const dir = await mkdtemp(join(tmpdir(), 'postern-live-router-'));
    const enrollmentJwtFile = join(dir, 'router.jwt');
    await writeFile(enrollmentJwtFile, data.enrollmentJwt as string);
    const listen = { host: '127.0.0.1', port: 0 };
    const router = await createRouter(
      routerConfigSchema.parse({
        stateDir: join(dir, 'router'),
        enrollmentJwtFile,
        edge: { ...listen, tls: 'none' },
        fabric: listen,
      }),
      { logger: silentLogger },
    );
    this.#closers.push(async () => {
      await router.close();
      await rm(dir, { recursive: true, force: true });
    });
    return router;
  }

  /** An API session of the person. */
  login(): Promise<string> {
    return login(this.edge, { username: 'alice', password: PASSWORD });
  }

  async close(): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
  }
}

async function login(
  edge: EdgeClient,
  credentials: { username: string; password: string },
): Promise<string> {
  const answer = await edge(`${CLIENT}/authenticate?method=password`, { body: credentials });
  if (answer.status !== 200) throw new Error(answer.bytes.toString());
  return answer.data.token as string;
}

/** Sends one message and waits for its echo. */
export function roundTrip(circuit: Circuit): Promise<void> {
  return new Promise((resolve, reject) => {
    circuit.onMessage = () => resolve();
    circuit.onClose = (why) => reject(new Error(why.code));
    circuit.send(new Uint8Array([1, 2, 3]));
  });
}

/** Resolves with the reason when the circuit ends. */
export function ended(circuit: Circuit): Promise<CloseReason> {
  return new Promise((resolve) => (circuit.onClose = resolve));
}
