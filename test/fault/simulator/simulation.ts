/**
 * Routers and connectors of a whole network in one process, on a clock of its own: parts fail at random, and
 * after each round of failures everything must be exactly as {@link Oracle} says.
 */
import { Random } from '../../harness/random.ts';
import { ISSUER, createTestSigner } from '../../harness/router-pki.ts';
import { dialAll, type DialOutcome } from './dials.ts';
import { MemoryNetwork } from './memory-network.ts';
import { latencyMs, planMesh, type MeshPlan } from './mesh-plan.ts';
import { Oracle } from './oracle.ts';
import { SimulatedConnector } from './simulated-connector.ts';
import { SimulatedController } from './simulated-controller.ts';
import { SimulatedRouter } from './simulated-router.ts';
import { VirtualClock } from './virtual-clock.ts';

export const USER = 'user';
/** Nobody has converged who has not by then. */
const DEADLINE_MS = 180_000;
const LOOK_MS = 250;
const DIALS_PER_ROUND = 200;
/** Routers whose paths to all others are compared, a round. */
const SOURCES_PER_ROUND = 20;
const TEN_YEARS_S = 315_360_000;

export interface Round {
  /** Of routers, 0.1–0.75. */
  readonly failedShare: number;
  /** From the failures until everything was exact, by the virtual clock. */
  readonly convergedMs: number;
  /** Frames between routers, and between routers and connectors. */
  readonly frames: number;
  /** Messages between routers and controller. */
  readonly controlMessages: number;
  /** Processor time of this process. */
  readonly cpuMs: number;
  readonly links: number;
  readonly dials: DialOutcome;
}

export class Simulation {
  readonly plan: MeshPlan;
  readonly #random: Random;
  readonly #clock = new VirtualClock();
  readonly #network: MemoryNetwork;
  readonly #controller: SimulatedController;
  readonly #routers = new Map<string, SimulatedRouter>();
  readonly #connectors: SimulatedConnector[] = [];
  readonly #dialGrants = new Map<string, string>();
  #isolated: ReadonlySet<string> = new Set();

  private constructor(count: number, seed: number) {
    this.#random = new Random(seed);
    this.plan = planMesh(count, this.#random);
    this.#network = new MemoryNetwork(this.#clock, latencyMs);
    this.#controller = new SimulatedController(this.#clock);
  }

  /** Everything up, and exact. */
  static async start(count: number, seed: number): Promise<Simulation> {
    const simulation = new Simulation(count, seed);
    await simulation.#seed();
    simulation.#begin();
    await simulation.#converge();
    return simulation;
  }

  /** Other failures than before, until the network has adapted to them. @throws Error when it has not */
  async round(): Promise<Round> {
    const started = process.cpuUsage();
    const atMs = this.#clock.nowMs();
    const before = { frames: this.#network.frames, control: this.#controller.messages };
    const failedShare = this.#fail();
    const oracle = await this.#converge();
    const convergedMs = this.#clock.nowMs() - atMs;
    const frames = this.#network.frames - before.frames;
    const controlMessages = this.#controller.messages - before.control;
    this.#comparePaths(oracle);
    const dials = await this.#dial(oracle);
    const { user, system } = process.cpuUsage(started);
    return {
      ...{ failedShare, convergedMs, frames, controlMessages, dials },
      links: [...oracle.mesh.values()].reduce((sum, { links }) => sum + links.size, 0) / 2,
      cpuMs: (user + system) / 1000,
    };
  }

  /** Draws the next state of the world: half of the failed routers crash, half fall silent. */
  #fail(): number {
    const random = this.#random;
    const failedShare = 0.1 + 0.65 * random.next();
    const isolated = new Set<string>();
    for (const router of this.#routers.values()) {
      const isFailed = random.chance(failedShare);
      if (isFailed && random.chance(0.5)) isolated.add(router.plan.id);
      else if (isFailed) router.crash();
      else if (!router.isRunning) router.start({ keepsDisk: random.chance(0.5) });
      else if (random.chance(0.05)) router.resetControl();
    }
    this.#isolated = isolated;
    this.#network.isolate(isolated);
    const pairs: [string, string][] = [];
    for (const router of this.#routers.values()) {
      if (!router.isRunning) continue;
      for (const { routerId } of router.core.registry.values())
        if (random.chance(0.02)) pairs.push([router.plan.id, routerId]);
    }
    this.#network.cut(pairs);
    return failedShare;
  }

  async #converge(): Promise<Oracle> {
    const oracle = new Oracle(
      this.plan,
      (id) => this.#isUp(id),
      (a, b) => this.#network.isReachable(a, b),
    );
    let wrong: string | undefined;
    for (let waitedMs = 0; waitedMs < DEADLINE_MS; waitedMs += LOOK_MS) {
      await this.#clock.advance(LOOK_MS);
      wrong = this.#difference(oracle);
      if (wrong === undefined) return oracle;
    }
    throw new Error(`not converged after ${DEADLINE_MS} ms: ${wrong ?? ''}`);
  }

  #isUp(id: string): boolean {
    return this.#routers.get(id)?.isRunning === true && !this.#isolated.has(id);
  }

  /** The first thing found that is not as it must be. */
  #difference(oracle: Oracle): string | undefined {
    const reported = this.#controller.table('router');
    for (const { id } of this.plan.routers) {
      const links = oracle.mesh.get(id)?.links;
      const entity = reported.get(id);
      if (entity?.isOnline !== (links !== undefined)) return `${id}: online or not`;
      // What was last heard of one that is away stays as it is.
      if (links === undefined) continue;
      if (entity.links.length !== links.size) return `${id}: links as reported`;
      if (entity.links.some(({ peerId }) => !links.has(peerId))) return `${id}: a link`;
      const { registry, context } = this.#router(id).core;
      if (registry.size !== links.size) return `${id}: links`;
      if (context.state.position.index !== this.#controller.index) return `${id}: index`;
    }
    const hosted = new Map<string, string>();
    for (const { hostId, routerId } of this.#controller.table('terminator').values()) {
      if (!oracle.mesh.has(routerId)) continue;
      if (hosted.has(hostId)) return `${hostId}: two terminators`;
      hosted.set(hostId, routerId);
    }
    for (const { id, homes } of this.plan.connectors) {
      const at = hosted.get(id);
      if (at === undefined ? homes.some((home) => oracle.mesh.has(home)) : !homes.includes(at))
        return `${id}: terminator`;
    }
    for (const id of oracle.mesh.keys()) {
      const { state } = this.#router(id).core.context;
      for (const kind of ['router', 'terminator'] as const) {
        const truth = this.#controller.table(kind);
        let count = 0;
        for (const entity of state.all(kind)) {
          if (truth.get(entity.id) !== entity) return `${id}: its view of ${entity.id}`;
          count += 1;
        }
        if (count !== truth.size) return `${id}: number of ${kind}s`;
      }
    }
    return undefined;
  }

  #comparePaths(oracle: Oracle): void {
    const up = [...oracle.mesh.keys()];
    for (let i = 0; i < Math.min(SOURCES_PER_ROUND, up.length); i += 1) {
      const from = this.#random.pick(up);
      const { topology } = this.#router(from).core;
      for (const { id: to } of this.plan.routers) {
        const [found, cheapest] = [topology.pathTo(to), oracle.cost(from, to)];
        if (found?.cost !== cheapest || (found && oracle.walk([from, ...found.hops]) !== cheapest))
          throw new Error(`${from} → ${to}: ${String(found?.cost)} instead of ${String(cheapest)}`);
      }
    }
  }

  async #dial(oracle: Oracle): Promise<DialOutcome> {
    const up = [...oracle.mesh.keys()];
    if (up.length === 0) return { opened: 0, refused: 0 };
    const requests = Array.from({ length: DIALS_PER_ROUND }, () => ({
      router: this.#router(this.#random.pick(up)),
      serviceId: this.#random.pick(this.plan.services),
    }));
    const terminators = [...this.#controller.table('terminator').values()];
    const outcome = await dialAll(requests, {
      network: this.#network,
      oracle,
      grantOf: (serviceId) => this.#dialGrants.get(serviceId) ?? '',
      hostsOf: (serviceId) => terminators.filter((one) => one.serviceId === serviceId),
    });
    for (const id of up) {
      const { size } = this.#router(id).core.context.table;
      if (size !== 0) throw new Error(`${id} keeps ${size} circuits that have ended`);
    }
    return outcome;
  }

  #router(id: string): SimulatedRouter {
    const router = this.#routers.get(id);
    if (router === undefined) throw new Error(`no router ${id}`);
    return router;
  }

  #begin(): void {
    const random = (): number => this.#random.next();
    const world = { network: this.#network, controller: this.#controller, random };
    for (const plan of this.plan.routers)
      this.#routers.set(plan.id, new SimulatedRouter(plan, world));
    for (const router of this.#routers.values()) router.start();
    for (const connector of this.#connectors) connector.start();
  }

  /** What an administrator set up: everybody may use and host everything, everywhere. */
  async #seed(): Promise<void> {
    const controller = this.#controller;
    const signer = await createTestSigner('grant');
    controller.put('signingKey', signer.entity);
    const identity = (id: string, role: string): void =>
      controller.put('identity', { id, name: id, disabled: false, roleAttributes: [role] });
    const anyOf = { semantic: 'AnyOf' as const, serviceRoles: ['#all'], postureCheckRoles: [] };
    controller.put('servicePolicy', { id: 'd', type: 'Dial', identityRoles: ['#users'], ...anyOf });
    controller.put('servicePolicy', { id: 'b', type: 'Bind', identityRoles: ['#hosts'], ...anyOf });
    const routers = { semantic: 'AnyOf' as const, edgeRouterRoles: ['#all'] };
    controller.put('edgeRouterPolicy', { id: 'e', identityRoles: ['#all'], ...routers });
    controller.put('serviceEdgeRouterPolicy', { id: 's', serviceRoles: ['#all'], ...routers });
    identity(USER, 'users');
    for (const { id, cost, noTraversal } of this.plan.routers) {
      controller.put('router', {
        ...{ id, name: id, roleAttributes: [], cost, noTraversal, disabled: false },
        ...{ isOnline: false, edgeUrls: [], fabricAddresses: [], links: [] },
      });
    }
    const now = Math.floor(this.#clock.nowMs() / 1000);
    const times = { iss: ISSUER, iat: now, exp: now + TEN_YEARS_S, out: now + TEN_YEARS_S };
    for (const id of this.plan.services) {
      controller.put('service', {
        ...{ id, name: id, roleAttributes: [], encryptionRequired: true },
        terminatorStrategy: 'smartrouting',
      });
      const hosts = this.plan.connectors.filter(({ serviceId }) => serviceId === id);
      const claims = { ...times, aud: 'postern:dial', sub: USER, name: USER, svc: id, sid: 's' };
      const rest = { cnf: { jkt: 'k'.repeat(43) }, hosts: hosts.map((host) => host.id), jti: id };
      this.#dialGrants.set(id, await signer.sign('postern-dial+jwt', { ...claims, ...rest }));
    }
    for (const connector of this.plan.connectors) {
      const { id, serviceId: svc } = connector;
      identity(id, 'hosts');
      const claims = { ...times, aud: 'postern:bind', sub: id, svc, jti: id };
      const cnf = { jwk: signer.entity.jwk };
      const grant = await signer.sign('postern-bind+jwt', { ...claims, cnf });
      const random = (): number => this.#random.next();
      this.#connectors.push(new SimulatedConnector(connector, this.#network, grant, random));
    }
  }
}
