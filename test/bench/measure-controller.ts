/**
 * The controller at the size of `design.md`: log-ins, sessions, dial grants, a user's services, and a
 * policy change on its way to routers; against requests of the same run that do nothing of it.
 */
import { Pool } from 'undici';
import { hashPassword, verifyPassword } from '../../controller/src/auth/passwords.ts';
import { ControlPeer } from '../harness/control-peer.ts';
import { makeCsr } from '../harness/csr.ts';
import { CLIENT, MANAGEMENT } from '../harness/edge-client.ts';
import {
  AppClient,
  json,
  LoginPage,
  type LoginResult,
  type TokenResponse,
} from '../harness/sign-in-flow.ts';
import { UserAgent } from '../harness/user-agent.ts';
import {
  startController,
  storeName,
  type ControllerProcess,
  type ModelSize,
} from './controller-process.ts';
import { milliseconds, type FigureTable } from './figures.ts';

const FULL: ModelSize = { identities: 10_000, services: 1000, policies: 1000 };
const PASSWORD = 'correct horse battery';
const APP_HOST = 'wiki.localhost:8080';

interface Percentiles {
  p50: number;
  p99: number;
}

export async function measureController(table: FigureTable, size = FULL): Promise<void> {
  const controller = await startController();
  try {
    const emptyMiB = controller.memoryMiB();
    await controller.fill(size);
    const bench = await ControllerBench.prepare(controller);
    await bench.measure(table, size, emptyMiB);
    await bench.close();
  } finally {
    await controller.stop();
  }
}

class ControllerBench {
  readonly #controller: ControllerProcess;
  readonly #pool: Pool;
  readonly #admin: string;
  readonly #router: ControlPeer;
  readonly #ids: { service: string; policy: string; configType: string };

  private constructor(
    controller: ControllerProcess,
    pool: Pool,
    admin: string,
    router: ControlPeer,
    ids: { service: string; policy: string; configType: string },
  ) {
    this.#controller = controller;
    this.#pool = pool;
    this.#admin = admin;
    this.#router = router;
    this.#ids = ids;
  }

  /** A user of one team, one more service with a host, and a router that follows. */
  static async prepare(controller: ControllerProcess): Promise<ControllerBench> {
    const { edge } = controller;
    const credentials = { username: 'admin', password: await controller.adminPassword() };
    const login = await edge(`${CLIENT}/authenticate?method=password`, { body: credentials });
    const admin = login.data.token as string;
    const create = async (plural: string, body: object): Promise<string> => {
      const answer = await edge(`${MANAGEMENT}/${plural}`, { body, session: admin });
      if (answer.status !== 201) throw new Error(answer.bytes.toString());
      return answer.data.id as string;
    };
    const user = await create('identities', {
      name: 'bench user',
      type: 'Default',
      isAdmin: false,
      roleAttributes: ['team-1'],
    });
    await create('authenticators', {
      method: 'updb',
      identityId: user,
      username: 'bench',
      password: PASSWORD,
    });
    const host = await create('identities', { name: 'host', type: 'Default', isAdmin: false });
    const service = await create('services', { name: 'wiki', encryptionRequired: true });
    await create('applications', {
      name: 'wiki',
      origin: `http://${APP_HOST}`,
      serviceId: service,
      loginMethods: ['password'],
      sessionHours: 1,
    });
    const services = { semantic: 'AnyOf', serviceRoles: [`@${service}`] };
    const policy = await create('service-policies', {
      name: 'bench dials',
      type: 'Dial',
      identityRoles: [`@${user}`],
      ...services,
    });
    await create('service-policies', {
      name: 'host binds',
      type: 'Bind',
      identityRoles: [`@${host}`],
      ...services,
    });
    const routers = { semantic: 'AnyOf', edgeRouterRoles: ['#all'] };
    await create('edge-router-policies', { name: 'all', identityRoles: ['#all'], ...routers });
    await create('service-edge-router-policies', {
      name: 'all',
      serviceRoles: ['#all'],
      ...routers,
    });
    const configType = await create('config-types', { name: 'bench', schema: { type: 'object' } });
    const router = await enrolRouter(
      controller,
      admin,
      await create('edge-routers', { name: 'r' }),
    );
    router.connection.subscribe();
    await router.next('snapshot');
    router.connection.sendStatus({
      edgeUrls: ['ws://127.0.0.1:1/edge'],
      fabricAddresses: [],
      links: [],
    });
    router.connection.sendTerminators({
      terminators: [{ id: 't1', serviceId: service, hostId: host, cost: 0, precedence: 'default' }],
    });
    await router.until('delta', ({ changes }) => changes.some(({ kind }) => kind === 'terminator'));
    const pool = new Pool(controller.adminUrl, {
      connections: 1,
      connect: { ca: controller.trustBundlePem, servername: 'localhost' },
    });
    return new ControllerBench(controller, pool, admin, router, { service, policy, configType });
  }

  async measure(table: FigureTable, size: ModelSize, emptyMiB: number): Promise<void> {
    const scale = `${storeName}, ${size.identities} identities, ${size.services} services, ${size.policies} policies`;
    const body = { username: 'bench', password: PASSWORD };
    const hash = await hashPassword(PASSWORD);
    const verify = await time(20, () => verifyPassword(hash, PASSWORD));
    const authenticate = await time(20, () =>
      this.#call('POST', `${CLIENT}/authenticate?method=password`, '', body),
    );
    const version = await time(300, () => this.#call('GET', `${CLIENT}/version`, ''));
    const session = (await this.#login()).token;
    const listed = await time(300, () =>
      this.#call('GET', `${CLIENT}/services?limit=100`, session),
    );
    const sessions: string[] = [];
    for (let i = 0; i < 50; i += 1) sessions.push((await this.#login()).token);
    const write = await this.#patches(`config-types/${this.#ids.configType}`);
    const opened = await time(50, (i) =>
      this.#call('POST', `${CLIENT}/sessions`, sessions[i] ?? '', { serviceId: this.#ids.service }),
    );
    const grants = await this.#dialGrants();
    const pushed = await this.#policyChanges((i) => ({
      semantic: i % 2 === 0 ? 'AllOf' : 'AnyOf',
    }));
    const broad = await this.#policyChanges((i) => ({
      identityRoles: i % 2 === 0 ? ['#all'] : ['#team-1'],
    }));

    const add = (what: string, measured: Percentiles, against: string, base: Percentiles) =>
      table.add(
        `Controller on ${scale}: ${what}`,
        `p50 ${milliseconds(measured.p50)}, p99 ${milliseconds(measured.p99)}`,
        `${against}: p50 ${milliseconds(base.p50)}, p99 ${milliseconds(base.p99)}`,
      );
    add('listing a user’s services', listed, '`GET /version`', version);
    add('log-in by password', authenticate, 'its argon2id alone', verify);
    add('service session', opened, 'a PATCH that routers do not see', write);
    add('dial grant', grants, '`GET /version`', version);
    add(
      'policy change, sent to arrived at a router',
      pushed,
      'a PATCH that routers do not see',
      write,
    );
    add(
      'policy change that gives everybody a service or takes it from all but a team, sent to arrived',
      broad,
      'a PATCH that routers do not see',
      write,
    );
    table.add(
      `Controller on ${scale}: memory`,
      `${this.#controller.memoryMiB().toFixed(0)} MiB resident`,
      `${emptyMiB.toFixed(0)} MiB when empty`,
    );
  }

  async close(): Promise<void> {
    this.#router.close();
    await this.#pool.close();
  }

  async #login(): Promise<{ token: string }> {
    const body = { username: 'bench', password: PASSWORD };
    return this.#call('POST', `${CLIENT}/authenticate?method=password`, '', body);
  }

  async #call(method: 'GET' | 'POST' | 'PATCH', path: string, session: string, body?: object) {
    const response = await this.#pool.request({
      method,
      path,
      headers: {
        ...(session && { 'zt-session': session }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = (await response.body.json()) as { data: { token: string } };
    if (response.statusCode >= 300) throw new Error(`${path}: ${JSON.stringify(answer)}`);
    return answer.data;
  }

  #patches(path: string): Promise<Percentiles> {
    return time(50, (i) =>
      this.#call('PATCH', `${MANAGEMENT}/${path}`, this.#admin, { tags: { round: i } }),
    );
  }

  /** From sending the change until a router has it. */
  #policyChanges(change: (round: number) => object): Promise<Percentiles> {
    const { policy } = this.#ids;
    return time(50, async (i) => {
      const arrived = this.#router.until('delta', ({ changes }) =>
        changes.some(
          (change) =>
            change.op === 'put' && change.kind === 'servicePolicy' && change.value.id === policy,
        ),
      );
      await this.#call('PATCH', `${MANAGEMENT}/service-policies/${policy}`, this.#admin, change(i));
      await arrived;
    });
  }

  /** Over HTTP on the public listener; the client's proofs are made before. */
  async #dialGrants(): Promise<Percentiles> {
    const rounds = 100;
    const agent = new UserAgent();
    const api = `${this.#controller.publicUrl}/postern/v1`;
    const app = await AppClient.create(
      agent,
      await json(await agent.fetch(`${api}/applications/lookup?host=${APP_HOST}`)),
    );
    const uid = await app.begin();
    const page = await LoginPage.create(agent, app.info);
    const login = await json<LoginResult>(
      await page.call('POST', `/interactions/${uid}/password`, {
        body: { username: 'bench', password: PASSWORD },
      }),
    );
    const { access_token: token } = await json<TokenResponse>(
      await app.exchange(await app.resume(login.resumeUrl)),
    );
    const proofs: string[] = [];
    for (let i = 0; i < rounds; i += 1)
      proofs.push(await app.key.proof('POST', `${api}/dial-grants`, token));
    return time(rounds, async (i) => {
      const proof = proofs[i];
      await json(await app.dialGrant(token, proof === undefined ? {} : { proof }));
    });
  }
}

async function enrolRouter(
  { edge, controlPort, trustBundlePem }: ControllerProcess,
  admin: string,
  id: string,
): Promise<ControlPeer> {
  const { data } = await edge(`${MANAGEMENT}/edge-routers/${id}`, { session: admin });
  const client = await makeCsr(id);
  const server = await makeCsr(id);
  const enrolled = await edge(
    `${CLIENT}/enroll?method=erott&token=${data.enrollmentToken as string}`,
    { body: { certCsr: client.csr, serverCertCsr: server.csr } },
  );
  const credential = { certPem: enrolled.data.cert as string, keyPem: client.keyPem };
  return ControlPeer.connect(
    { port: controlPort, ca: trustBundlePem },
    { ...credential, fingerprint: '' },
    id,
  );
}

/** Times `rounds` runs, one after the other, in milliseconds. */
async function time(
  rounds: number,
  run: (round: number) => Promise<unknown>,
): Promise<Percentiles> {
  const times: number[] = [];
  for (let i = 0; i < rounds; i += 1) {
    const start = performance.now();
    await run(i);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number =>
    times[Math.min(rounds - 1, Math.floor(rounds * share))] ?? NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
