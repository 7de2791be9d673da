/** Services hosted on this router: bindings of connected hosts, each a terminator. */
import { randomUUID } from 'node:crypto';
import { toHex } from '@postern/shared/bytes';
import { AppError } from '@postern/shared/errors';
import { verifyBindGrant, type BindGrantClaims } from '@postern/shared/grants';
import {
  ContentType,
  HeaderKey,
  MessageHeaders,
  Precedence,
  type Message,
  type PrecedenceName,
} from '@postern/shared/protocol/channel';
import type { CloseReason } from '@postern/shared/protocol/edge';
import type { Encryption, RouterTerminators } from '@postern/shared/schemas';
import { decodeUtf8 } from '@postern/shared/bytes';
import { required, type Peer } from '../net/peer.ts';
import { isExpired } from '../state/token-time.ts';
import { SdkPeer } from '../sdk/sdk-peer.ts';
import { verifySdkBind } from '../sdk/sdk-tokens.ts';
import { touches, type Impact } from '../state/impact.ts';
import type { RouterState } from '../state/router-state.ts';
import { removed, type Access } from './access.ts';
import { instanceOf, isInstanceOfAnother, type InstanceClaim } from './instances.ts';
import { reason, reasonOf } from './reason.ts';
import { headersOfHost } from './relayed-headers.ts';
import type { TerminatorCandidate } from './terminators.ts';

interface Bind extends TerminatorCandidate {
  readonly peer: Peer;
  /** The host's id for the binding on its connection. */
  readonly label: number;
  /** Identity + listener id: the same again replaces the binding. */
  readonly listener: string;
  cost: number;
  precedence: PrecedenceName;
  /** What it was before its host reported itself unhealthy, unless the host set another since. */
  healthyPrecedence?: PrecedenceName | undefined;
  /** As sent: it travels on to the dialing client's host in Dial. */
  grant: Uint8Array;
  /** What every dialer is told of the host: its key, when it sent one with its binding. */
  readonly hostHeaders: MessageHeaders | undefined;
  /** The host gives ids to its circuits itself, as old SDKs do. */
  readonly givesIds: boolean;
  claims: Pick<BindGrantClaims, 'exp' | 'out'>;
}

const MAX_LISTENER_ID_BYTES = 64;

export class BindTable {
  /** Called after terminators were added, removed or changed. */
  onChange: () => void = () => undefined;

  readonly #binds = new Map<string, Bind>();
  readonly #routerId: string;
  readonly #state: RouterState;
  readonly #access: Access;
  readonly #maxPerHost: number;

  constructor(routerId: string, state: RouterState, access: Access, maxPerHost: number) {
    this.#routerId = routerId;
    this.#state = state;
    this.#access = access;
    this.#maxPerHost = maxPerHost;
  }

  get size(): number {
    return this.#binds.size;
  }

  values(): IterableIterator<Bind> {
    return this.#binds.values();
  }

  /** As the controller is told of them. */
  report(): RouterTerminators {
    const terminators = [...this.#binds.values()].map(
      ({ id, serviceId, hostId, cost, precedence, encryption, instanceId, instanceProof }) => ({
        ...{ id, serviceId, hostId, cost, precedence, encryption },
        ...(instanceId !== undefined && { instanceId }),
        ...(instanceProof !== undefined && { instanceProof }),
      }),
    );
    return { terminators };
  }

  get(terminatorId: string): Bind | undefined {
    return this.#binds.get(terminatorId);
  }

  /** Handles Bind: answers StateConnected, or StateClosed with the reason. */
  async bind(peer: Peer, request: Message): Promise<void> {
    const { headers } = request;
    const label = required(headers.u32(HeaderKey.connId), 'bind id');
    if (!peer.isPeerLabel(label)) throw new AppError('ERR_CHANNEL_HEADER', 'bind id out of range');
    try {
      const listenerId = headers.bytes(HeaderKey.listenerId) ?? new Uint8Array(0);
      if (listenerId.length > MAX_LISTENER_ID_BYTES) {
        throw new AppError('ERR_GRANT_INVALID', 'listener id is too long');
      }
      const offer = {
        listener: `${peer.id} ${listenerId.length > 0 ? toHex(listenerId) : randomUUID()}`,
        cost: headers.u16(HeaderKey.cost) ?? 0,
        precedence: precedenceOf(headers),
        grant: request.body.slice(),
        ...instanceOf(headers),
        encryption: encryptionOf(peer, headers),
        hostHeaders: headersOfHost(headers),
        givesIds: peer.kind === 'sdk' && headers.bool(HeaderKey.routerProvidedConnId) !== true,
      };
      const claims = await this.#verify(peer, offer.grant);
      if (peer.closed) return;
      const denied =
        this.#access.bindDenied(peer.id, claims.svc) ??
        this.#access.encryptionDenied(claims.svc, offer.encryption) ??
        this.#instanceDenied({ ...offer, serviceId: claims.svc, hostId: peer.id });
      if (denied !== undefined) {
        refuse(peer, request, label, denied);
        return;
      }
      const id = this.#makeRoom(peer, label, offer.listener, claims.svc) ?? randomUUID();
      const { exp, out } = claims;
      const bind = {
        ...offer,
        id,
        peer,
        label,
        serviceId: claims.svc,
        hostId: peer.id,
        claims: { exp, out },
      };
      this.#binds.set(id, { ...bind, routerId: this.#routerId });
      const answer = new MessageHeaders().setU32(HeaderKey.connId, label);
      peer.reply(
        request,
        ContentType.stateConnected,
        answer.setBool(HeaderKey.routerProvidedConnId, true),
      );
      if (headers.bool(HeaderKey.supportsBindSuccess) === true) {
        peer.sendMessage(
          ContentType.bindSuccess,
          new MessageHeaders().setU32(HeaderKey.connId, label),
        );
      }
      this.onChange();
    } catch (error) {
      refuse(peer, request, label, reasonOf(error, 'ERR_GRANT_INVALID'));
    }
  }

  /** Handles UpdateBind: a renewed grant, another cost or precedence. There is no answer. */
  async update(peer: Peer, request: Message): Promise<void> {
    const label = required(request.headers.u32(HeaderKey.connId), 'bind id');
    const bind = this.#ofPeer(peer, label);
    if (bind === undefined) return;
    if (request.body.length > 0) {
      const grant = request.body.slice();
      try {
        const { exp, out } = await this.#verify(peer, grant, bind.serviceId);
        bind.grant = grant;
        bind.claims = { exp, out };
      } catch (error) {
        this.#end(bind, reasonOf(error, 'ERR_GRANT_INVALID'));
        return;
      }
    }
    bind.cost = request.headers.u16(HeaderKey.cost) ?? bind.cost;
    if (request.headers.has(HeaderKey.precedence)) {
      bind.precedence = precedenceOf(request.headers);
      bind.healthyPrecedence = undefined;
    }
    if (this.#binds.get(bind.id) === bind) this.onChange();
  }

  /** The binding that a connector's HealthEvent is about, or `undefined`: its UpdateBind says what follows. */
  reported(peer: Peer, label: number): { id: string; serviceId: string } | undefined {
    return this.#ofPeer(peer, label);
  }

  /** Handles HealthEvent of an SDK: a host that fails its own checks is used only when no other is left. */
  health(peer: Peer, request: Message): void {
    const bind = this.#ofPeer(peer, required(request.headers.u32(HeaderKey.connId), 'bind id'));
    const isHealthy = request.headers.bool(HeaderKey.healthStatus);
    if (bind === undefined || isHealthy === undefined) return;
    if (!isHealthy) {
      bind.healthyPrecedence ??= bind.precedence;
      bind.precedence = 'failed';
    } else if (bind.healthyPrecedence !== undefined) {
      bind.precedence = bind.healthyPrecedence;
      bind.healthyPrecedence = undefined;
    }
    this.onChange();
  }

  /** Handles Unbind, and StateClosed on a binding's id; false if there is no such binding. */
  unbind(peer: Peer, label: number): boolean {
    const bind = this.#ofPeer(peer, label);
    if (bind === undefined) return false;
    this.#binds.delete(bind.id);
    this.onChange();
    return true;
  }

  dropPeer(peer: Peer): void {
    const before = this.#binds.size;
    for (const bind of this.#binds.values()) if (bind.peer === peer) this.#binds.delete(bind.id);
    if (this.#binds.size !== before) this.onChange();
  }

  /** Ends bindings that the changed policy no longer allows. */
  reevaluate(impact: Impact): void {
    for (const bind of this.#binds.values()) {
      if (!touches(impact, { identityId: bind.hostId, serviceId: bind.serviceId })) continue;
      const denied =
        this.#access.bindDenied(bind.hostId, bind.serviceId) ??
        this.#access.encryptionDenied(bind.serviceId, bind.encryption);
      if (denied !== undefined) this.#end(bind, removed(denied));
    }
  }

  /** Ends bindings whose grant was not renewed. */
  expire(): void {
    for (const bind of this.#binds.values()) {
      if (isExpired(bind.claims, this.#state.tokenTime)) {
        this.#end(bind, reason('ERR_GRANT_INVALID', 'the bind grant expired'));
      }
    }
  }

  async #verify(
    peer: Peer,
    grant: Uint8Array,
    serviceId?: string,
  ): Promise<Pick<BindGrantClaims, 'svc' | 'exp' | 'out'>> {
    if (peer instanceof SdkPeer) return verifySdkBind(peer, grant, this.#state, serviceId);
    return verifyBindGrant(decodeUtf8(grant), {
      keys: this.#state,
      time: this.#state.tokenTime,
      hosts: [peer.id],
      ...(serviceId !== undefined && { serviceId }),
    });
  }

  /**
   * Removes what a new binding replaces. Returns the terminator id to keep when it is the same
   * listener for the same service. @throws AppError `ERR_ROUTER_OVERLOADED`
   */
  #makeRoom(peer: Peer, label: number, listener: string, serviceId: string): string | undefined {
    let count = 0;
    let kept: string | undefined;
    for (const bind of this.#binds.values()) {
      if (bind.listener === listener || (bind.peer === peer && bind.label === label)) {
        this.#binds.delete(bind.id);
        if (bind.listener === listener && bind.serviceId === serviceId) kept = bind.id;
        if (bind.peer !== peer || bind.label !== label)
          bind.peer.sendClosed(bind.label, reason('ERR_CIRCUIT_LOST', 'replaced'));
      } else if (bind.peer === peer) count++;
    }
    if (count >= this.#maxPerHost) throw new AppError('ERR_ROUTER_OVERLOADED', 'too many bindings');
    return kept;
  }

  /** Why a host may not have an instance: another has it, and they share no secret. */
  #instanceDenied(wanted: InstanceClaim): CloseReason | undefined {
    if (wanted.instanceId === undefined) return undefined;
    const others = [...this.#binds.values(), ...this.#state.terminatorsOf(wanted.serviceId)];
    return others.some((other) => isInstanceOfAnother(wanted, other))
      ? reason('ERR_ACCESS_NO_POLICY', 'the instance is another host’s')
      : undefined;
  }

  #ofPeer(peer: Peer, label: number): Bind | undefined {
    for (const bind of this.#binds.values())
      if (bind.peer === peer && bind.label === label) return bind;
    return undefined;
  }

  #end(bind: Bind, why: CloseReason): void {
    if (this.#binds.get(bind.id) !== bind) return;
    this.#binds.delete(bind.id);
    bind.peer.sendClosed(bind.label, why);
    this.onChange();
  }
}

/** SDKs of OpenZiti have their own way, our connectors ours unless they say so. */
function encryptionOf(peer: Peer, headers: MessageHeaders): Encryption {
  const isZiti = peer.kind === 'sdk' || headers.string(HeaderKey.encryption) === 'ziti';
  return isZiti ? 'ziti' : 'authenticated';
}

function precedenceOf(headers: MessageHeaders): PrecedenceName {
  const value = headers.u8(HeaderKey.precedence) ?? Precedence.default;
  const names = Object.keys(Precedence) as PrecedenceName[];
  const name = names.find((candidate) => Precedence[candidate] === value);
  if (name === undefined) throw new AppError('ERR_CHANNEL_HEADER', 'unknown precedence');
  return name;
}

function refuse(peer: Peer, request: Message, label: number, why: CloseReason): void {
  const headers = new MessageHeaders().setU32(HeaderKey.connId, label);
  peer.replyRefusal(request, ContentType.stateClosed, headers, why);
}
