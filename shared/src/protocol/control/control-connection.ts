import type { Logger } from '../../log/index.ts';
import type {
  CertificateIssued,
  CertificateRequest,
  CircuitEvent,
  CloseCircuit,
  Delta,
  HostRevocation,
  HostState,
  Inspect,
  Inspected,
  RouterCircuits,
  RouterStatus,
  RouterTerminators,
  Snapshot,
} from '../../schemas/index.ts';
import type { Clock, FrameLimits } from '../channel/index.ts';
import type { CloseReason, FramePipe } from '../edge/index.ts';
import { ControlChannel } from './control-channel.ts';
import { CONTROLLER_SENDS } from './messages.ts';
import type { ControlMessage } from './messages.ts';

/** How far a router's copy of the controller's data has come. */
export interface ControlPosition {
  /** Names one history of the controller's data; another one starts over. Empty: nothing held yet. */
  readonly timeline: string;
  readonly index: number;
}

export interface ControlConnectionOptions {
  readonly pipe: FramePipe;
  /** Id of this router or connector. */
  readonly ownId: string;
  /** Routers: replaces everything held. */
  readonly onSnapshot?: (snapshot: Snapshot) => void;
  /** Routers: the next change; deltas that don't fit are never handed on. */
  readonly onDelta?: (delta: Delta) => void;
  /** Routers: a circuit to close at once. */
  readonly onCloseCircuit?: (message: CloseCircuit) => void;
  /** Routers: a question about the present state, answered by {@link ControlConnection.sendInspected}. */
  readonly onInspect?: (question: Inspect) => void;
  /** Connectors: everything needed to host. */
  readonly onHostState?: (state: HostState) => void;
  /** Connectors: sessions to close at once. */
  readonly onHostRevocation?: (revocation: HostRevocation) => void;
  /** Asked for a successor of our certificate: {@link ControlConnection.requestCertificate}. */
  readonly onRenewCertificate?: () => void;
  /** The successor that was requested. */
  readonly onCertificateIssued?: (issued: CertificateIssued) => void;
  /** Default: the system's clock and timers. */
  readonly clock?: Clock;
  /** Default: silent. */
  readonly logger?: Logger;
}

/**
 * A router's or connector's connection to the controller. Reconnecting is its owner's: make a new one
 * and subscribe with the position reached. A handler that throws closes the connection.
 */
export class ControlConnection {
  readonly #channel: ControlChannel;
  readonly #options: ControlConnectionOptions;
  #position: ControlPosition | undefined;
  /** A gap was reported; deltas are dropped until the controller's answer fits. */
  #resynchronising = false;

  constructor(options: ControlConnectionOptions) {
    this.#options = options;
    this.#channel = new ControlChannel({
      pipe: options.pipe,
      role: 'client',
      ownId: options.ownId,
      accepts: CONTROLLER_SENDS,
      onMessage: (message) => this.#receive(message),
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      ...(options.logger === undefined ? {} : { logger: options.logger }),
    });
  }

  /** Resolves once the controller accepted us; rejects if the connection closes before. */
  get opened(): Promise<void> {
    return this.#channel.opened;
  }

  /** Resolves when the connection ended, whoever ended it. Never rejects. */
  get closed(): Promise<CloseReason> {
    return this.#channel.closed;
  }

  get isOpen(): boolean {
    return this.#channel.isOpen;
  }

  /** Limits for the FrameSplitter before this connection, at its present state. */
  get limits(): FrameLimits {
    return this.#channel.limits;
  }

  /** Position after the last snapshot or delta handed on; `undefined` before {@link subscribe}. */
  get position(): ControlPosition | undefined {
    return this.#position;
  }

  /** Takes one whole frame. Never throws. */
  receive(frame: Uint8Array): void {
    this.#channel.receive(frame);
  }

  /** The pipe ended by itself. Idempotent. */
  pipeClosed(reason: CloseReason): void {
    this.#channel.pipeClosed(reason);
  }

  /** Asks for changes from `position` on; the controller may answer with a snapshot instead. */
  subscribe(position: ControlPosition = { timeline: '', index: 0 }): void {
    this.#channel.send('subscribe', { timeline: position.timeline, index: position.index });
    this.#position = position;
  }

  sendStatus(status: RouterStatus): void {
    this.#channel.send('routerStatus', status);
  }

  sendTerminators(terminators: RouterTerminators): void {
    this.#channel.send('routerTerminators', terminators);
  }

  /** Every open circuit, before the first {@link sendCircuitEvent} of this connection. */
  sendCircuits(circuits: RouterCircuits): void {
    this.#channel.send('routerCircuits', circuits);
  }

  sendCircuitEvent(event: CircuitEvent): void {
    this.#channel.send('circuitEvent', event);
  }

  /** One for each {@link ControlConnectionOptions.onInspect}. */
  sendInspected(answer: Inspected): void {
    this.#channel.send('inspected', answer);
  }

  /** Only when asked; see {@link ControlConnectionOptions.onRenewCertificate}. */
  requestCertificate(request: CertificateRequest): void {
    this.#channel.send('certificateRequest', request);
  }

  /** Ends the connection. Idempotent. */
  close(reason?: CloseReason): void {
    this.#channel.close(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#channel[Symbol.asyncDispose]();
  }

  #receive(message: ControlMessage): void {
    switch (message.type) {
      case 'snapshot':
        this.#receiveSnapshot(message.value);
        return;
      case 'delta':
        this.#receiveDelta(message.value);
        return;
      case 'closeCircuit':
        this.#options.onCloseCircuit?.(message.value);
        return;
      case 'inspect':
        this.#options.onInspect?.(message.value);
        return;
      case 'hostState':
        this.#options.onHostState?.(message.value);
        return;
      case 'hostRevocation':
        this.#options.onHostRevocation?.(message.value);
        return;
      case 'renewCertificate':
        this.#options.onRenewCertificate?.();
        return;
      case 'certificateIssued':
        this.#options.onCertificateIssued?.(message.value);
        return;
      default:
      // The assembler accepts no other type.
    }
  }

  #receiveSnapshot(snapshot: Snapshot): void {
    if (this.#position === undefined) return;
    this.#options.onSnapshot?.(snapshot);
    this.#position = { timeline: snapshot.timeline, index: snapshot.index };
    this.#resynchronising = false;
  }

  #receiveDelta(delta: Delta): void {
    const position = this.#position;
    if (position === undefined) return;
    const sameTimeline = delta.timeline === position.timeline;
    if (sameTimeline && delta.previousIndex === position.index && delta.index >= position.index) {
      this.#options.onDelta?.(delta);
      this.#position = { timeline: delta.timeline, index: delta.index };
      this.#resynchronising = false;
      return;
    }
    const isOld = sameTimeline && delta.index <= position.index;
    if (isOld || this.#resynchronising) return;
    this.#resynchronising = true;
    this.subscribe(position);
  }
}
