/** What this router knows of one circuit that passes through it. */
import type { MessageHeaders } from '@postern/shared/protocol/channel';
import type { CloseReason } from '@postern/shared/protocol/edge';
import type { Encryption } from '@postern/shared/schemas';
import type { Leg } from './leg.ts';

/** Who asked, for what: enough to decide again whether the circuit may go on. */
export interface CircuitSubject {
  readonly circuitId: string;
  readonly serviceId: string;
  readonly callerId: string;
  readonly sessionId: string;
  /** How its ends encrypt. Absent: `authenticated`. */
  readonly encryption?: Encryption | undefined;
}

export class RouterCircuit {
  readonly subject: CircuitSubject;
  /** True at the router the client is connected to: it reports the circuit. */
  readonly isIngress: boolean;
  /** Towards the client. */
  upstream!: Leg;
  /** Towards the host; set while the circuit is being routed, replaced when another way is tried. */
  downstream: Leg | undefined;
  /** `opening`: no data yet; `open`: joined; `closed`: gone from all tables. */
  state: 'opening' | 'open' | 'closed' = 'opening';
  /** Terminator and path in use, once chosen. */
  terminatorId: string | undefined;
  path: readonly string[] = [];
  /** Its ends resume on another circuit: it may be moved to a better way. */
  isMovable = false;
  /** When it was joined, ms since 1970. */
  openedMs = 0;
  /** What the ends tell each other while they join, when they are OpenZiti's (see `relayed-headers.ts`). */
  dialerHeaders: MessageHeaders | undefined;
  hostHeaders: MessageHeaders | undefined;
  /** W3C `traceparent` of the request it is dialed for, as the client or the router before says. */
  traceparent: string | undefined;
  bytesToHost = 0;
  bytesToClient = 0;
  /** Tells the requester that the circuit could not be opened. Used once, while opening. */
  readonly refuse: (why: CloseReason) => void;

  constructor(subject: CircuitSubject, isIngress: boolean, refuse: (why: CloseReason) => void) {
    this.subject = subject;
    this.isIngress = isIngress;
    this.refuse = refuse;
  }

  /** The leg a frame from `leg` leaves on; `undefined` until the circuit is joined. */
  opposite(leg: Leg): Leg | undefined {
    if (this.state !== 'open') return undefined;
    return leg === this.upstream ? this.downstream : this.upstream;
  }
}
