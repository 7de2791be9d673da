/** One router of the simulation: the router's own code over memory, and its connection to the controller. */
import { Backoff } from '@postern/node/retry';
import { silentLogger } from '@postern/shared/log';
import { decodeMessage, HELLO_LIMITS } from '@postern/shared/protocol/channel';
import type { Delta, Snapshot } from '@postern/shared/schemas';
import { routerLimitsSchema } from '../../../router/src/config.ts';
import { acceptHost } from '../../../router/src/fabric/host-connection.ts';
import { acceptLink } from '../../../router/src/links/link-connection.ts';
import { RouterMetrics } from '../../../router/src/metrics/metrics.ts';
import { BufferBudget } from '../../../router/src/net/buffer-budget.ts';
import { createRouterCore, type RouterCore } from '../../../router/src/router-core.ts';
import { RouterState } from '../../../router/src/state/router-state.ts';
import type { MemoryNetwork } from './memory-network.ts';
import type { RouterPlan } from './mesh-plan.ts';
import type { SimulatedController, Subscriber } from './simulated-controller.ts';

export const CONTROLLER = 'controller';
const CONTROL_LATENCY_MS = 5;
/** As `router/src/control/controller-channel.ts` has it. */
const REPORT_DELAY_MS = 20;
/** Silence after which router and controller give each other up (docs/protocol.md, "Connecting"). */
const CONTROL_SILENCE_MS = 20_000;
const limits = routerLimitsSchema.parse({});
const metrics = new RouterMetrics({
  counter: () => () => undefined,
  histogram: () => () => undefined,
  observe: () => undefined,
});

interface World {
  readonly network: MemoryNetwork;
  readonly controller: SimulatedController;
  readonly random: () => number;
}

export class SimulatedRouter {
  readonly plan: RouterPlan;
  readonly #world: World;
  #core: RouterCore | undefined;
  #subscriber: Subscriber | undefined;
  #disk: Snapshot | undefined;
  #isReporting = false;
  readonly #backoff: Backoff;
  #stop: () => void = () => undefined;

  constructor(plan: RouterPlan, world: World) {
    this.plan = plan;
    this.#world = world;
    this.#backoff = new Backoff({ random: world.random });
  }

  /** @throws Error while it is not running */
  get core(): RouterCore {
    if (this.#core === undefined) throw new Error(`${this.plan.id} is not running`);
    return this.#core;
  }

  get isRunning(): boolean {
    return this.#core !== undefined;
  }

  get isConnected(): boolean {
    return this.#subscriber !== undefined;
  }

  /** Starts, with what it knew when it crashed or with nothing. */
  start({ keepsDisk = false } = {}): void {
    const { network, random } = this.#world;
    const { clock } = network;
    const { id, groups, isDark } = this.plan;
    const state = new RouterState(() => clock.nowMs());
    if (keepsDisk && this.#disk !== undefined) state.load(this.#disk);
    const core = createRouterCore({
      routerId: id,
      limits,
      clock,
      state,
      budget: new BufferBudget(limits.bufferedBytes),
      metrics,
      observer: { opened: () => undefined, closed: () => undefined },
      links: {
        groups,
        cost: 1,
        accepts: !isDark,
        dial: (router) => network.dial(id, router.id, 'link'),
        random,
      },
      onReport: () => this.#report(),
      onState: () => undefined,
      logger: silentLogger,
    });
    const { binds } = core.context;
    const bind = binds.bind.bind(binds);
    binds.bind = (peer, message) => clock.hold(bind(peer, message));
    this.#core = core;
    if (!isDark) {
      network.listen(id, (socket, from, kind) => {
        if (kind === 'link') acceptLink(core.links.deps, socket, from, () => undefined);
        else
          socket.onFrame = (frame) => {
            const hello = decodeMessage(frame, HELLO_LIMITS);
            acceptHost(core.context, socket, from, hello, () => undefined);
          };
      });
    }
    const every = (ms: number, work: () => void): (() => void) => {
      let cancel = clock.schedule(ms * random(), function again() {
        work();
        cancel = clock.schedule(ms, again);
      });
      return () => cancel();
    };
    const timers = [
      every(limits.sweepMs, () => core.sweep()),
      every(limits.rerouteCycleMs, () => core.improve()),
      every(CONTROL_SILENCE_MS / 4, () => this.#watchControl()),
    ];
    this.#stop = () => timers.forEach((cancel) => cancel());
    core.links.refresh();
    this.#connect();
  }

  /** As if killed: every connection ends. */
  crash(): void {
    if (this.#core === undefined) return;
    this.#stop();
    this.#world.network.listen(this.plan.id, undefined);
    this.#disconnect();
    this.#core.close();
    this.#disk = this.#core.context.state.snapshot();
    this.#core = undefined;
  }

  /** The connection to the controller breaks; it comes back by itself. */
  resetControl(): void {
    if (this.#subscriber === undefined) return;
    this.#disconnect();
    this.#connectLater();
  }

  #connect(): void {
    const { network, controller } = this.#world;
    const { clock } = network;
    const { id } = this.plan;
    const core = this.#core;
    if (core === undefined || this.#subscriber !== undefined) return;
    if (!network.isReachable(id, CONTROLLER)) {
      this.#connectLater();
      return;
    }
    const { state } = core.context;
    /** After the way from the controller, unless the connection is gone by then. */
    const arrive = (apply: () => void): void => {
      if (!network.isReachable(id, CONTROLLER)) return;
      clock.schedule(CONTROL_LATENCY_MS, () => {
        if (this.#subscriber !== subscriber || this.#core !== core) return;
        try {
          apply();
        } catch {
          this.resetControl();
        }
      });
    };
    const subscriber: Subscriber = {
      snapshot: (snapshot: Snapshot) => arrive(() => state.load(snapshot)),
      delta: (delta: Delta) => arrive(() => state.apply(delta)),
    };
    this.#subscriber = subscriber;
    state.connected = true;
    this.#backoff.reset();
    controller.subscribe(id, state.position, subscriber);
    this.#report();
  }

  #connectLater(): void {
    this.#world.network.clock.schedule(this.#backoff.nextMs(), () => this.#connect());
  }

  #disconnect(): void {
    const subscriber = this.#subscriber;
    if (subscriber === undefined) return;
    this.#subscriber = undefined;
    if (this.#core !== undefined) this.#core.context.state.connected = false;
    this.#world.controller.lost(this.plan.id, subscriber);
  }

  /** Both ends notice silence alike. */
  #watchControl(): void {
    if (this.#subscriber === undefined) return;
    const { network } = this.#world;
    if (network.isReachable(this.plan.id, CONTROLLER)) return;
    const silent = this.#subscriber;
    network.clock.schedule(CONTROL_SILENCE_MS / 2, () => {
      if (this.#subscriber !== silent || network.isReachable(this.plan.id, CONTROLLER)) return;
      this.resetControl();
    });
  }

  #report(): void {
    if (this.#isReporting) return;
    this.#isReporting = true;
    const { network, controller } = this.#world;
    network.clock.schedule(REPORT_DELAY_MS, () => {
      this.#isReporting = false;
      const { id, isDark } = this.plan;
      if (this.#core === undefined || this.#subscriber === undefined) return;
      if (!network.isReachable(id, CONTROLLER)) return;
      const links = this.#core.linkReport();
      const terminators = this.#core.terminatorReport();
      const fabricAddresses = isDark ? [] : [`tls:${id}:1`];
      network.clock.schedule(CONTROL_LATENCY_MS, () => {
        controller.status(id, { edgeUrls: [], fabricAddresses, links });
        controller.terminators(id, terminators);
      });
    });
  }
}
