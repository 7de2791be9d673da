/** One connector: the client's code over memory, on one router of its own at a time, bound to its service. */
import { Backoff } from '@postern/node/retry';
import { EdgeConnection } from '@postern/shared/protocol/edge';
import type { MemoryNetwork } from './memory-network.ts';
import type { ConnectorPlan } from './mesh-plan.ts';

export class SimulatedConnector {
  readonly plan: ConnectorPlan;
  readonly #network: MemoryNetwork;
  readonly #bindGrant: string;
  readonly #backoff: Backoff;
  #attempts = 0;

  constructor(
    plan: ConnectorPlan,
    network: MemoryNetwork,
    bindGrant: string,
    random: () => number,
  ) {
    this.plan = plan;
    this.#network = network;
    this.#bindGrant = bindGrant;
    this.#backoff = new Backoff({ random });
  }

  /** Connects, and again whenever the connection ends. */
  start(): void {
    void this.#run().then(() => {
      this.#network.clock.schedule(this.#backoff.nextMs(), () => this.start());
    });
  }

  async #run(): Promise<void> {
    const { id, homes } = this.plan;
    const home = homes[this.#attempts++ % homes.length] ?? '';
    const socket = await this.#network.dial(id, home, 'host').catch(() => undefined);
    if (socket === undefined) return;
    const edge = new EdgeConnection({
      pipe: { send: (frame) => socket.send(frame), bufferedBytes: 0, close: () => socket.end() },
      credentials: { mode: 'host' },
      clock: this.#network.clock,
    });
    socket.onFrame = (frame) => edge.receive(frame);
    socket.onClose = () =>
      edge.pipeClosed({ code: 'ERR_CIRCUIT_LOST', message: 'closed', retryable: true });
    try {
      await edge.opened;
      const binding = await edge.bind({ bindGrant: this.#bindGrant }, () => undefined);
      this.#backoff.reset();
      void binding.closed.then((reason) => edge.close(reason));
    } catch {
      edge.close({ code: 'ERR_CIRCUIT_LOST', message: 'could not bind', retryable: true });
    }
    await edge.closed;
  }
}
