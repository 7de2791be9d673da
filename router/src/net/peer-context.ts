/** What every connection of the router works with, and what all kinds of connection handle alike. */
import type { Logger } from '@postern/shared/log';
import { ContentType, HeaderKey, type Message } from '@postern/shared/protocol/channel';
import { readCloseReason } from '@postern/shared/protocol/edge';
import {
  handleTraceRoute,
  handleTraceRouteResponse,
  type RouterName,
} from '../circuits/trace-route.ts';
import type { Access } from '../circuits/access.ts';
import type { BindTable } from '../circuits/bind-table.ts';
import type { CircuitTable } from '../circuits/circuit-table.ts';
import type { Dialer } from '../circuits/dialer.ts';
import type { Forwarder } from '../circuits/forwarder.ts';
import type { RouterLimits } from '../config.ts';
import type { RouteTracer } from '../inspect/route-tracer.ts';
import type { RouterMetrics } from '../metrics/metrics.ts';
import type { RouterState } from '../state/router-state.ts';
import type { BufferBudget } from './buffer-budget.ts';
import type { Peer } from './peer.ts';
import type { PeerRegistry } from './peer-registry.ts';
import type { RouterClock } from './router-clock.ts';

/** A connection that holds a session, which may end before it. */
interface Client {
  readonly session:
    | {
        readonly identityId: string;
        readonly sessionId: string;
        readonly serviceId?: string;
        readonly tokenId: string | undefined;
      }
    | undefined;
  /** Closes when the session may not go on. */
  recheck(): void;
  destroy(): void;
}

export interface PeerContext {
  readonly routerId: string;
  readonly limits: RouterLimits;
  readonly logger: Logger;
  readonly clock: RouterClock;
  readonly nowMs: () => number;
  readonly state: RouterState;
  readonly access: Access;
  readonly budget: BufferBudget;
  readonly table: CircuitTable;
  readonly binds: BindTable;
  readonly dialer: Dialer;
  readonly forwarder: Forwarder;
  readonly peers: PeerRegistry;
  readonly clients: Set<Client>;
  readonly metrics: RouterMetrics;
  readonly tracer: RouteTracer;
}

const selfOf = ({ routerId, state }: PeerContext): RouterName => ({
  id: routerId,
  name: state.get('router', routerId)?.name ?? routerId,
});

/** A peer that does not read does not get unbounded answers either. */
const MAX_LATENCY_BACKLOG_BYTES = 1024 * 1024;

/**
 * Latency, StateClosed of a circuit, and replies; other types are ignored, as the channel demands.
 * Returns false for a StateClosed whose label is no circuit's.
 */
export function handleCommon(context: PeerContext, peer: Peer, message: Message): boolean {
  if (message.contentType === ContentType.latency) {
    if (peer.socket.bufferedBytes < MAX_LATENCY_BACKLOG_BYTES) peer.answerLatency(message);
  } else if (message.contentType === ContentType.stateClosed) {
    if (peer.settle(message)) return true;
    const label = message.headers.u32(HeaderKey.connId);
    const leg = label === undefined ? undefined : peer.legs.get(label);
    if (leg === undefined) return false;
    context.table.close(leg.circuit, readCloseReason(message), leg);
  } else if (message.contentType === ContentType.traceRoute) {
    // From a host there is nothing to trace: it is where circuits end.
    if (peer.kind !== 'host') handleTraceRoute(selfOf(context), peer, message);
  } else if (message.contentType === ContentType.traceRouteResponse) {
    if (!context.tracer.take(peer, message)) handleTraceRouteResponse(peer, message);
  } else {
    peer.settle(message);
  }
  return true;
}
