/** Prometheus metrics of one router, in a registry of its own. */
import { isReasonCode } from '@postern/shared/errors';
import { Counter, Gauge, Registry } from 'prom-client';

/** Values read at scrape time. */
interface MetricSources {
  connections: () => Record<'client' | 'host' | 'link', number>;
  unauthenticated: () => number;
  circuits: () => number;
  binds: () => number;
  bufferedBytes: () => number;
  connected: () => boolean;
  linkLatenciesMs: () => ReadonlyMap<string, number>;
}

export class RouterMetrics {
  readonly #registry = new Registry();
  readonly #hellos: Counter<'code'>;
  readonly #dials: Counter<'code'>;
  readonly #bytes: Counter<'direction'>;

  constructor() {
    const registers = [this.#registry];
    this.#hellos = new Counter({
      name: 'postern_router_hellos_total',
      help: 'Browser sign-ins by result code.',
      labelNames: ['code'],
      registers,
    });
    this.#dials = new Counter({
      name: 'postern_router_dials_total',
      help: 'Dials by result code, at the first router.',
      labelNames: ['code'],
      registers,
    });
    this.#bytes = new Counter({
      name: 'postern_router_circuit_bytes_total',
      help: 'Body bytes of circuits that ended, at the first router.',
      labelNames: ['direction'],
      registers,
    });
  }

  /** Adds the gauges; once, when the parts they read exist. */
  observe(sources: MetricSources): void {
    const gauge = (name: string, help: string, read: () => number): void => {
      const metric: Gauge = new Gauge({
        name: `postern_router_${name}`,
        help,
        registers: [this.#registry],
        collect: () => metric.set(read()),
      });
    };
    gauge('circuits', 'Circuits open or opening.', sources.circuits);
    gauge('terminators', 'Services bound here.', sources.binds);
    gauge('buffered_bytes', 'Bytes waiting in send queues.', sources.bufferedBytes);
    gauge(
      'unauthenticated_sockets',
      'Connections that have not proved who they are.',
      sources.unauthenticated,
    );
    gauge('controller_connected', '1 while a controller is connected.', () =>
      sources.connected() ? 1 : 0,
    );
    const connections = new Gauge({
      name: 'postern_router_connections',
      help: 'Authenticated connections by kind.',
      labelNames: ['kind'],
      registers: [this.#registry],
      collect: () => {
        for (const [kind, count] of Object.entries(sources.connections()))
          connections.set({ kind }, count);
      },
    });
    const latency = new Gauge({
      name: 'postern_router_link_latency_ms',
      help: 'Smoothed round trip of each link.',
      labelNames: ['peer'],
      registers: [this.#registry],
      collect: () => {
        latency.reset();
        for (const [peer, ms] of sources.linkLatenciesMs()) latency.set({ peer }, ms);
      },
    });
  }

  helloResult(code: string): void {
    this.#hellos.inc({ code: boundedCode(code) });
  }

  dialResult(code: string): void {
    this.#dials.inc({ code: boundedCode(code) });
  }

  circuitBytes(toHost: number, toClient: number): void {
    this.#bytes.inc({ direction: 'to_host' }, toHost);
    this.#bytes.inc({ direction: 'to_client' }, toClient);
  }

  async scrape(): Promise<{ contentType: string; text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }
}

/** Codes may come from a host: only those of our table become labels, so that labels stay few. */
function boundedCode(code: string): string {
  return code === 'ok' || isReasonCode(code) ? code : 'other';
}
