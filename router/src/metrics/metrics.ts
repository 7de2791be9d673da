/** What one router counts, whatever the sink. docs/operations.md lists all of it. */
import { SECONDS_BUCKETS, type MetricSink, type Sample } from '@postern/node/metrics';
import { isReasonCode } from '@postern/shared/errors';
import type { ForwarderCounts } from '../circuits/forwarder.ts';
import type { Link } from '../links/link-registry.ts';
import type { PeerKind } from '../net/peer.ts';

/** Values read when somebody looks. */
interface MetricSources {
  connections: () => Record<PeerKind, number>;
  unauthenticated: () => number;
  circuits: () => number;
  binds: () => number;
  bufferedBytes: () => number;
  bufferLimitBytes: number;
  /** Body bytes that ends beside this router have in flight, by where they go. */
  inFlightBytes: () => Record<'to_host' | 'to_client', number>;
  connected: () => boolean;
  policyIndex: () => number;
  links: () => Iterable<Link>;
  forwarded: Readonly<ForwarderCounts>;
}

export class RouterMetrics {
  readonly #sink: MetricSink;
  readonly #hellos: (labels: { code: string }) => void;
  readonly #dials: (labels: { code: string }) => void;
  readonly #dialSeconds: (labels: object, value: number) => void;
  readonly #closed: (labels: { code: string }) => void;
  readonly #bytes: (labels: { direction: string }, add: number) => void;
  readonly #moved: (labels: object, add: number) => void;

  constructor(sink: MetricSink) {
    this.#sink = sink;
    this.#hellos = sink.counter({
      name: 'postern_router_hellos_total',
      help: 'Sign-ins of browsers and SDKs by result code.',
      labels: ['code'],
    });
    this.#dials = sink.counter({
      name: 'postern_router_dials_total',
      help: 'Dials by result code, at the first router.',
      labels: ['code'],
    });
    this.#dialSeconds = sink.histogram({
      name: 'postern_router_dial_seconds',
      help: 'From a dial to the joined circuit, at the first router.',
      buckets: SECONDS_BUCKETS,
    });
    this.#closed = sink.counter({
      name: 'postern_router_circuits_closed_total',
      help: 'Circuits that ended, by why, at the first router.',
      labels: ['code'],
    });
    this.#bytes = sink.counter({
      name: 'postern_router_circuit_bytes_total',
      help: 'Body bytes of circuits that ended, at the first router.',
      labels: ['direction'],
    });
    this.#moved = sink.counter({
      name: 'postern_router_circuits_moved_total',
      help: 'Circuits moved to a better way.',
    });
  }

  /** Adds what is read; once, when the parts it is read from exist. */
  observe(sources: MetricSources): void {
    this.#observeRouter(sources);
    this.#observeLinks(sources.links);
    this.#observeForwarding(sources.forwarded);
  }

  helloResult(code: string): void {
    this.#hellos({ code: boundedCode(code) });
  }

  dialResult(code: string): void {
    this.#dials({ code: boundedCode(code) });
  }

  dialed(seconds: number): void {
    this.#dialSeconds({}, seconds);
  }

  circuitClosed(code: string, toHost: number, toClient: number): void {
    this.#closed({ code: boundedCode(code) });
    this.#bytes({ direction: 'to_host' }, toHost);
    this.#bytes({ direction: 'to_client' }, toClient);
  }

  circuitsMoved(count: number): void {
    this.#moved({}, count);
  }

  #observeRouter(sources: MetricSources): void {
    const gauge = (name: string, help: string, read: () => number): void =>
      this.#sink.observe({ name: `postern_router_${name}`, help, read });
    gauge('circuits', 'Circuits open or opening.', sources.circuits);
    gauge('terminators', 'Services bound here.', sources.binds);
    gauge('buffered_bytes', 'Bytes waiting in send queues.', sources.bufferedBytes);
    gauge('buffer_limit_bytes', 'Bytes waiting from which on dials are refused.', () => {
      return sources.bufferLimitBytes;
    });
    gauge(
      'unauthenticated_sockets',
      'Connections that have not proved who they are.',
      sources.unauthenticated,
    );
    gauge('controller_connected', '1 while a controller is connected.', () =>
      sources.connected() ? 1 : 0,
    );
    gauge('policy_index', 'How far the policy held has come.', sources.policyIndex);
    this.#sink.observe({
      name: 'postern_router_connections',
      help: 'Authenticated connections by kind.',
      labels: ['kind'],
      read: () =>
        Object.entries(sources.connections()).map(([kind, count]) => [{ kind }, count] as const),
    });
    this.#sink.observe({
      name: 'postern_router_in_flight_bytes',
      help: 'Body bytes sent by ends beside this router and not yet taken by the other end.',
      labels: ['direction'],
      read: () =>
        Object.entries(sources.inFlightBytes()).map(
          ([direction, bytes]) => [{ direction }, bytes] as const,
        ),
    });
  }

  #observeLinks(links: MetricSources['links']): void {
    const ofEach = function* (read: (link: Link) => number): Generator<Sample<'peer'>> {
      for (const link of links()) yield [{ peer: link.routerId }, read(link)];
    };
    const link = (
      name: string,
      help: string,
      read: (link: Link) => number,
      kind: 'gauge' | 'counter' = 'gauge',
    ): void =>
      this.#sink.observe({
        name: `postern_router_link_${name}`,
        help,
        kind,
        labels: ['peer'],
        read: () => ofEach(read),
      });
    link('latency_seconds', 'Smoothed round trip.', ({ latencyMs }) => latencyMs / 1000);
    link('queued_bytes', 'Bytes waiting to be sent.', ({ peer }) => peer.socket.bufferedBytes);
    link(
      'sent_bytes_total',
      'Bytes handed to the network since it came up.',
      ({ peer }) => peer.socket.flushedBytes,
      'counter',
    );
    link('circuits', 'Circuits that go over it.', ({ peer }) => peer.legs.size);
  }

  #observeForwarding(counts: Readonly<ForwarderCounts>): void {
    const counter = (name: string, help: string, read: () => number): void =>
      this.#sink.observe({ name: `postern_router_${name}`, help, kind: 'counter', read });
    counter('forwarded_frames_total', 'Data frames relayed.', () => counts.frames);
    this.#sink.observe({
      name: 'postern_router_forwarded_bytes_total',
      help: 'Body bytes relayed, of all circuits that pass through.',
      kind: 'counter',
      labels: ['direction'],
      read: () => [
        [{ direction: 'to_host' }, counts.bytesToHost],
        [{ direction: 'to_client' }, counts.bytesToClient],
      ],
    });
    this.#sink.observe({
      name: 'postern_router_dropped_frames_total',
      help: 'Frames not relayed: late (their circuit had ended), flow_control (beyond the window), overload.',
      kind: 'counter',
      labels: ['reason'],
      read: () => [
        [{ reason: 'late' }, counts.droppedLate],
        [{ reason: 'flow_control' }, counts.droppedFlowControl],
        [{ reason: 'overload' }, counts.droppedOverload],
      ],
    });
  }
}

/** Codes may come from a host: only those of our table become labels, so that labels stay few. */
function boundedCode(code: string): string {
  return code === 'ok' || isReasonCode(code) ? code : 'other';
}
