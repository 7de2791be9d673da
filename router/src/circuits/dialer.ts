/** Opening a circuit at the router the client is connected to: authorise, choose, route, retry. */
import { randomBytes } from 'node:crypto';
import { decodeUtf8 } from '@postern/shared/bytes';
import { AppError } from '@postern/shared/errors';
import { verifyDialGrant, type DialGrantClaims } from '@postern/shared/grants';
import {
  ContentType,
  HeaderKey,
  MessageHeaders,
  type Message,
} from '@postern/shared/protocol/channel';
import type { CloseReason } from '@postern/shared/protocol/edge';
import type { RouterLimits } from '../config.ts';
import type { BufferBudget } from '../net/buffer-budget.ts';
import { required, type Peer } from '../net/peer.ts';
import type { RouterState } from '../state/router-state.ts';
import type { Access } from './access.ts';
import type { BindTable } from './bind-table.ts';
import type { CircuitTable } from './circuit-table.ts';
import type { RouterCircuit } from './circuit.ts';
import { readTraceparent } from './dial-spans.ts';
import { reason, reasonOf } from './reason.ts';
import { addHeaders } from './relayed-headers.ts';
import type { RouteStep } from './route-step.ts';
import type { Strategies } from './strategies/index.ts';
import type { StrategyDial, TerminatorStrategy } from './strategies/strategy.ts';
import type { TerminatorCosts } from './terminator-costs.ts';
import { rankTerminators, type TerminatorCandidate } from './terminators.ts';
import type { Topology } from './topology.ts';

/** Who a client connection proved to be, by its app token and key. */
export interface Caller {
  readonly identityId: string;
  readonly sessionId: string;
  /** RFC 7638 thumbprint of the app key. */
  readonly thumbprint: string;
  /** The one service the app token is for. */
  readonly serviceId: string;
}

interface DialerDeps {
  routerId: string;
  state: RouterState;
  access: Access;
  table: CircuitTable;
  binds: BindTable;
  topology: Topology;
  step: RouteStep;
  strategies: Strategies;
  costs: TerminatorCosts;
  budget: BufferBudget;
  limits: RouterLimits;
  nowMs: () => number;
}

/** Terminators or paths tried for one dial. */
const MAX_ATTEMPTS = 3;

interface Attempts {
  /** Who may answer; absent: whoever policy lets host. */
  readonly hosts: ReadonlySet<string> | undefined;
  /** The instance dialed; `undefined`: terminators of none. */
  readonly instanceId: string | undefined;
  /** Terminators that refused, and `from>to` edges that failed. */
  readonly failedTerminators: Set<string>;
  readonly failedEdges: Set<string>;
  left: number;
  lastFailure: CloseReason | undefined;
}

export class Dialer {
  readonly #deps: DialerDeps;

  constructor(deps: DialerDeps) {
    this.#deps = deps;
  }

  /**
   * Handles Connect: ends in StateConnected, or StateClosed with the reason. `admitted` is false when
   * the client dials more often than it may.
   *
   * @throws AppError `ERR_CHANNEL_HEADER` for a label the client must not use.
   */
  async connect(peer: Peer, caller: Caller, request: Message, admitted: boolean): Promise<void> {
    const { table, budget, limits } = this.#deps;
    const label = required(request.headers.u32(HeaderKey.connId), 'connection id');
    if (!peer.isPeerLabel(label) || peer.legs.has(label)) {
      throw new AppError('ERR_CHANNEL_HEADER', 'connection id out of range or in use');
    }
    const refuse = (why: CloseReason): void => {
      const headers = new MessageHeaders().setU32(HeaderKey.connId, label);
      peer.replyRefusal(request, ContentType.stateClosed, headers, why);
    };
    if (!admitted || budget.exhausted || peer.legs.size >= limits.circuitsPerClient) {
      refuse(reason('ERR_ROUTER_OVERLOADED'));
      return;
    }
    const subject = {
      circuitId: randomBytes(16).toString('base64url'),
      serviceId: caller.serviceId,
      callerId: caller.identityId,
      sessionId: caller.sessionId,
    };
    const circuit = table.begin(subject, peer, label, true, refuse);
    circuit.traceparent = readTraceparent(request);
    circuit.isMovable = request.headers.bool(HeaderKey.movable) === true;
    try {
      const claims = await this.#verify(caller, request.body);
      // The connection or the circuit may have ended during verification.
      if (circuit.state !== 'opening') return;
      const denied =
        this.#deps.access.dialDenied(subject, peer.socket.remoteAddress) ??
        this.#deps.access.encryptionDenied(subject.serviceId, 'authenticated');
      if (denied !== undefined) {
        table.close(circuit, denied);
        return;
      }
      const hostId = request.headers.string(HeaderKey.hostId);
      this.begin(
        circuit,
        request,
        new Set(claims.hosts.filter((id) => hostId === undefined || id === hostId)),
      );
    } catch (error) {
      table.close(circuit, reasonOf(error, 'ERR_GRANT_INVALID'));
    }
  }

  /**
   * Goes about opening a circuit that is allowed, to the instance that the request names, on one of these
   * hosts, or any that policy lets host.
   */
  begin(circuit: RouterCircuit, request: Message, hosts?: ReadonlySet<string>): void {
    this.#attempt(circuit, request, {
      hosts,
      instanceId: request.headers.string(HeaderKey.terminatorIdentity) || undefined,
      failedTerminators: new Set(),
      failedEdges: new Set(),
      left: MAX_ATTEMPTS,
      lastFailure: undefined,
    });
  }

  async #verify(caller: Caller, grant: Uint8Array): Promise<DialGrantClaims> {
    const claims = await verifyDialGrant(decodeUtf8(grant), {
      keys: this.#deps.state,
      time: this.#deps.state.tokenTime,
      serviceId: caller.serviceId,
      identityId: caller.identityId,
      thumbprint: caller.thumbprint,
    });
    if (claims.sid !== caller.sessionId)
      throw new AppError('ERR_GRANT_INVALID', 'grant of another session');
    return claims;
  }

  #attempt(circuit: RouterCircuit, request: Message, attempts: Attempts): void {
    const { table, step, topology, costs, limits, routerId, nowMs } = this.#deps;
    const { serviceId, callerId, encryption = 'authenticated' } = circuit.subject;
    const hosted = this.#candidates(serviceId, attempts);
    const usable = hosted.filter((one) => (one.encryption ?? 'authenticated') === encryption);
    const strategy = this.#strategyOf(serviceId);
    const token = request.headers.bytes(HeaderKey.stickinessToken);
    const dial = { serviceId, callerId, token };
    const terminator = this.#choose(usable, strategy, dial, attempts);
    const path = terminator && topology.pathTo(terminator.routerId, attempts.failedEdges);
    if (terminator === undefined || path === undefined || attempts.left === 0) {
      const nothing =
        usable.length > 0
          ? reason('ERR_NO_PATH')
          : hosted.length > 0
            ? reason('ERR_ENCRYPTION_MISMATCH', 'its hosts encrypt in another way')
            : reason('ERR_SERVICE_NOT_HOSTED');
      table.close(circuit, attempts.lastFailure ?? nothing);
      return;
    }
    attempts.left--;
    circuit.terminatorId = terminator.id;
    circuit.path = [routerId, ...path.hops];
    const deadlineMs = nowMs() + limits.routeTimeoutMs;
    step.extend(circuit, terminator.id, path.hops, deadlineMs, (failure) => {
      if (failure === undefined) {
        costs.dialSucceeded(terminator.id);
        strategy.joined?.(terminator, dial);
        this.#joined(circuit, request, strategy.token?.(terminator));
        return;
      }
      attempts.lastFailure = failure;
      if (!failure.retryable || circuit.upstream.peer.closed) {
        table.close(circuit, failure);
        return;
      }
      if (noteFailure(attempts, circuit, terminator.id, failure)) costs.dialFailed(terminator.id);
      this.#attempt(circuit, request, attempts);
    });
  }

  /** Terminators of the service that the grant permits, policy allows and no attempt has ruled out. */
  #candidates(serviceId: string, attempts: Attempts): TerminatorCandidate[] {
    const { binds, state, access, routerId } = this.#deps;
    const mayUse = (terminator: TerminatorCandidate): boolean =>
      terminator.serviceId === serviceId &&
      attempts.hosts?.has(terminator.hostId) !== false &&
      terminator.instanceId === attempts.instanceId &&
      !attempts.failedTerminators.has(terminator.id) &&
      access.mayHost(terminator.hostId, serviceId);
    const here = [...binds.values()].filter(mayUse);
    const elsewhere = [...state.terminatorsOf(serviceId)].filter(
      (terminator) => terminator.routerId !== routerId && mayUse(terminator),
    );
    return [...here, ...elsewhere];
  }

  #strategyOf(serviceId: string): TerminatorStrategy {
    const { strategies, state } = this.#deps;
    return strategies(state.get('service', serviceId)?.terminatorStrategy);
  }

  #choose(
    usable: readonly TerminatorCandidate[],
    strategy: TerminatorStrategy,
    dial: StrategyDial,
    { failedEdges }: Attempts,
  ): TerminatorCandidate | undefined {
    const { topology, costs } = this.#deps;
    const [cheapest, ...others] = rankTerminators(
      usable,
      (routerId) => topology.pathTo(routerId, failedEdges)?.cost,
      (terminatorId) => costs.of(terminatorId),
    );
    return cheapest && strategy.choose([cheapest, ...others], dial).terminator;
  }

  #joined(circuit: RouterCircuit, request: Message, token: Uint8Array | undefined): void {
    this.#deps.table.join(circuit);
    circuit.openedMs = this.#deps.nowMs();
    const headers = new MessageHeaders()
      .setU32(HeaderKey.connId, circuit.upstream.label)
      .setString(HeaderKey.circuitId, circuit.subject.circuitId);
    if (token !== undefined) headers.setBytes(HeaderKey.stickinessToken, token);
    addHeaders(headers, circuit.hostHeaders);
    circuit.upstream.peer.reply(request, ContentType.stateConnected, headers);
  }
}

/**
 * What not to try again: the terminator if it refused, for which true is answered, otherwise the links
 * behind the first hop.
 */
function noteFailure(
  attempts: Attempts,
  circuit: RouterCircuit,
  terminatorId: string,
  why: CloseReason,
): boolean {
  const edges = circuit.path.slice(1).map((to, i) => `${circuit.path[i] ?? ''}>${to}`);
  const suspects = edges.length > 1 ? edges.slice(1) : edges;
  if (why.code === 'ERR_NO_PATH' && suspects.length > 0) {
    suspects.forEach((edge) => attempts.failedEdges.add(edge));
    return false;
  }
  attempts.failedTerminators.add(terminatorId);
  return true;
}
