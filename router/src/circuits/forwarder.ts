/**
 * The data plane. A Data frame is looked up by (connection, label), gets four bytes rewritten and
 * is queued on the other connection: no copy of the body, nothing decoded, nothing allocated.
 */
import {
  DATA_PREFIX_BYTES,
  MAX_DATA_BODY_BYTES,
  PREFIX_BYTES,
  bodyLength,
  checkForeignData,
  decodeCredit,
  peekConnectionId,
  rewriteConnectionId,
} from '@postern/shared/protocol/channel';
import { CIRCUIT_WINDOW_BYTES } from '@postern/shared/protocol/edge';
import { readU32 } from '@postern/shared/bytes';
import { isAppError } from '@postern/shared/errors';
import type { RouterLimits } from '../config.ts';
import type { BufferBudget } from '../net/buffer-budget.ts';
import type { Peer } from '../net/peer.ts';
import { SdkPeer } from '../sdk/sdk-peer.ts';
import type { CircuitTable } from './circuit-table.ts';
import type { Leg } from './leg.ts';
import { reason, reasonOf } from './reason.ts';

const CREDIT_HEADERS_BYTES = 40;
/** Beyond so much waiting, small frames are copied out of the chunk they came in. */
const BACKLOG_BYTES = 64 * 1024;
const SMALL_FRAME_BYTES = 4 * 1024;

/** What went through, since the start. */
export interface ForwarderCounts {
  frames: number;
  bytesToHost: number;
  bytesToClient: number;
  /** For labels that are gone. */
  droppedLate: number;
  /** Beyond a window: their circuits were closed. */
  droppedFlowControl: number;
  /** Beyond the memory limits: their circuits were closed. */
  droppedOverload: number;
}

export class Forwarder {
  readonly counts: ForwarderCounts = {
    frames: 0,
    bytesToHost: 0,
    bytesToClient: 0,
    droppedLate: 0,
    droppedFlowControl: 0,
    droppedOverload: 0,
  };
  readonly #table: CircuitTable;
  readonly #budget: BufferBudget;
  readonly #limits: RouterLimits;
  readonly #nowMs: () => number;

  constructor(
    table: CircuitTable,
    budget: BufferBudget,
    limits: RouterLimits,
    nowMs: () => number = Date.now,
  ) {
    this.#table = table;
    this.#budget = budget;
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  /** Relays one Data frame. Frames for labels that are gone are late, not wrong: they are dropped. */
  data(peer: Peer, frame: Uint8Array): void {
    const label = peekConnectionId(frame);
    const leg = label === undefined ? undefined : peer.legs.get(label);
    if (leg === undefined) {
      this.counts.droppedLate++;
      return;
    }
    const circuit = leg.circuit;
    const out = circuit.opposite(leg);
    if (out === undefined) {
      this.counts.droppedFlowControl++;
      this.#table.close(
        circuit,
        reason('ERR_CIRCUIT_FLOW_CONTROL', 'data before the circuit was joined'),
      );
      return;
    }
    const bodyBytes = bodyLength(frame);
    if (leg.isEnd && !this.#isAllowed(leg, frame, bodyBytes)) {
      this.counts.droppedFlowControl++;
      this.#table.close(circuit, reason('ERR_CIRCUIT_FLOW_CONTROL'));
      return;
    }
    if (circuit.subject.encryption === 'ziti' && (leg.isEnd || out.isEnd)) {
      try {
        checkForeignData(frame);
      } catch (error) {
        this.#table.close(
          circuit,
          reason('ERR_CIRCUIT_FLOW_CONTROL', isAppError(error) ? error.message : ''),
        );
        return;
      }
    }
    const waiting = out.peer.socket.bufferedBytes;
    if (this.#isOverloaded(out.peer, waiting)) {
      this.counts.droppedOverload++;
      this.#table.close(circuit, reason('ERR_ROUTER_OVERLOADED'));
      return;
    }
    this.counts.frames++;
    if (leg === circuit.upstream) {
      circuit.bytesToHost += bodyBytes;
      this.counts.bytesToHost += bodyBytes;
    } else {
      circuit.bytesToClient += bodyBytes;
      this.counts.bytesToClient += bodyBytes;
    }
    if (out.isEnd) out.countForwarded(bodyBytes);
    rewriteConnectionId(frame, out.label);
    // A small frame that waits would keep its whole chunk in memory.
    const detach = waiting > BACKLOG_BYTES && frame.length < SMALL_FRAME_BYTES;
    out.peer.socket.send(detach ? frame.slice() : frame, out.label);
    if (leg.peer instanceof SdkPeer) leg.peer.sent(leg, bodyBytes, this.#nowMs());
    if (out.peer instanceof SdkPeer) out.peer.delivered(out, bodyBytes);
  }

  /** Relays one CircuitCredit frame, checked where it can be checked: beside the ends. */
  credit(peer: Peer, frame: Uint8Array): void {
    const label = peekConnectionId(frame);
    const leg = label === undefined ? undefined : peer.legs.get(label);
    const out = leg?.circuit.opposite(leg);
    if (leg === undefined || out === undefined) return;
    try {
      const credit = decodeCredit(frame);
      if (frame.length !== PREFIX_BYTES + CREDIT_HEADERS_BYTES) throw new Error('extra bytes');
      if (leg.isEnd && !leg.grants(credit.totalBytes)) return;
      if (out.isEnd) out.cover(credit);
      if (out.peer instanceof SdkPeer) {
        out.peer.covered(out);
        return;
      }
    } catch (error) {
      this.#table.close(leg.circuit, reasonOf(error, 'ERR_CIRCUIT_FLOW_CONTROL'));
      return;
    }
    rewriteConnectionId(frame, out.label);
    out.peer.socket.send(frame);
  }

  /**
   * Of ends of ours only Postern's fixed header layout: other headers would ride along without credit.
   * Those of SDKs are checked for themselves, and their connection is held back instead.
   */
  #isAllowed(leg: Leg, frame: Uint8Array, bodyBytes: number): boolean {
    if (leg.peer.kind === 'sdk') return true;
    const isPlain = readU32(frame, 12) === DATA_PREFIX_BYTES - PREFIX_BYTES;
    return (
      (isPlain || leg.circuit.subject.encryption === 'ziti') &&
      bodyBytes <= MAX_DATA_BODY_BYTES &&
      leg.countSent(bodyBytes)
    );
  }

  /**
   * Windows bound each circuit, and dials are refused when the total is reached. Circuits that were open
   * before end then if more waits for their end than its share of the total, so that it grows no further:
   * who does not read goes, who reads stays.
   */
  #isOverloaded(to: Peer, waiting: number): boolean {
    const isProgram = to.kind === 'client' || to.kind === 'sdk';
    if (isProgram && waiting > this.#limits.bufferedBytesPerPeer) return true;
    if (!this.#budget.exhausted) return false;
    if (isProgram) return waiting > this.#budget.fairShareBytes;
    return this.#budget.bytes > 2 * this.#budget.limitBytes && waiting > CIRCUIT_WINDOW_BYTES;
  }
}
