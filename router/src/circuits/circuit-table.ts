/** All circuits of this router: indexes for revocation, opening, closing, loss of a connection. */
import type { CloseReason } from '@postern/shared/protocol/edge';
import type { Peer } from '../net/peer.ts';
import { RouterCircuit, type CircuitSubject } from './circuit.ts';
import { Leg } from './leg.ts';
import { reason } from './reason.ts';

/** Told about circuits that joined and ended: metrics and controller events hang here. */
export interface CircuitObserver {
  /** A dial came to this router. */
  began?(circuit: RouterCircuit): void;
  opened(circuit: RouterCircuit): void;
  /** `joined` is false for a dial that failed. */
  closed(circuit: RouterCircuit, why: CloseReason, joined: boolean): void;
}

export class CircuitTable {
  readonly #circuits = new Map<string, RouterCircuit>();
  readonly #observer: CircuitObserver;

  constructor(observer: CircuitObserver) {
    this.#observer = observer;
  }

  get size(): number {
    return this.#circuits.size;
  }

  values(): IterableIterator<RouterCircuit> {
    return this.#circuits.values();
  }

  get(circuitId: string): RouterCircuit | undefined {
    return this.#circuits.get(circuitId);
  }

  has(circuitId: string): boolean {
    return this.#circuits.has(circuitId);
  }

  /** Body bytes that the ends beside this router have in flight. */
  inFlightBytes(): { to_host: number; to_client: number } {
    const bytes = { to_host: 0, to_client: 0 };
    for (const { upstream, downstream } of this.#circuits.values()) {
      bytes.to_host += upstream.inFlightBytes;
      bytes.to_client += downstream?.inFlightBytes ?? 0;
    }
    return bytes;
  }

  /** Registers a circuit that is being opened, with its leg towards the client. */
  begin(
    subject: CircuitSubject,
    peer: Peer,
    label: number,
    isIngress: boolean,
    refuse: (why: CloseReason) => void,
  ): RouterCircuit {
    const circuit = new RouterCircuit(subject, isIngress, refuse);
    circuit.upstream = new Leg(circuit, peer, label);
    peer.legs.set(label, circuit.upstream);
    this.#circuits.set(subject.circuitId, circuit);
    this.#observer.began?.(circuit);
    return circuit;
  }

  /** Reserves a label on the connection the circuit continues on. */
  extend(circuit: RouterCircuit, peer: Peer): Leg {
    const leg = new Leg(circuit, peer, peer.allocateLabel());
    peer.legs.set(leg.label, leg);
    circuit.downstream = leg;
    return leg;
  }

  /** Gives a leg the label that its other side chose; `undefined` when that is not its to choose. */
  relabel(leg: Leg, label: number): Leg | undefined {
    const { circuit, peer } = leg;
    if (circuit.downstream !== leg || !peer.isPeerLabel(label) || peer.legs.has(label))
      return undefined;
    peer.release(leg);
    const relabeled = new Leg(circuit, peer, label);
    peer.legs.set(label, relabeled);
    circuit.downstream = relabeled;
    return relabeled;
  }

  /** Gives up the way that was tried; `notify` when the next part may have joined it meanwhile. */
  retract(circuit: RouterCircuit, notify: CloseReason | undefined): void {
    const leg = circuit.downstream;
    circuit.downstream = undefined;
    if (leg === undefined) return;
    leg.peer.release(leg);
    if (notify !== undefined) leg.peer.sendClosed(leg.label, notify);
  }

  join(circuit: RouterCircuit): void {
    circuit.state = 'open';
    this.#observer.opened(circuit);
  }

  /**
   * Ends a circuit in both directions. StateClosed goes out after the data queued before it, to every
   * leg but `from` (whose connection said so, or is lost).
   */
  close(circuit: RouterCircuit, why: CloseReason, from?: Leg): void {
    if (circuit.state === 'closed') return;
    const joined = circuit.state === 'open';
    circuit.state = 'closed';
    this.#circuits.delete(circuit.subject.circuitId);
    circuit.upstream.peer.release(circuit.upstream);
    this.retract(circuit, circuit.downstream === from ? undefined : why);
    if (circuit.upstream !== from) {
      if (joined) circuit.upstream.peer.sendClosed(circuit.upstream.label, why);
      else circuit.refuse(why);
    }
    this.#observer.closed(circuit, why, joined);
  }

  /** A connection is gone: so are its circuits. */
  dropPeer(peer: Peer): void {
    const why =
      peer.kind === 'client'
        ? reason('ERR_CIRCUIT_LOST', 'client is gone')
        : reason('ERR_CIRCUIT_LOST');
    // Requests fail first, so that a dial under way can try another route before its circuit is dropped.
    peer.failRequests();
    for (const leg of [...peer.legs.values()]) this.close(leg.circuit, why, leg);
    peer.legs.clear();
  }
}
