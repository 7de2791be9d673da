/**
 * One authenticated (or authenticating) connection of the router: a browser, a host or another
 * router. Owns what belongs to the connection: its circuit labels, outstanding requests and liveness.
 */
import {
  ContentType,
  EDGE_LIMITS,
  HeaderKey,
  MessageHeaders,
  decodeMessage,
  encodeMessage,
  type Message,
} from '@postern/shared/protocol/channel';
import { AppError } from '@postern/shared/errors';
import { refusal, type CloseReason } from '@postern/shared/protocol/edge';
import type { Leg } from '../circuits/leg.ts';
import type { FrameSocket } from './frame-socket.ts';

/** `sdk`: a program with an SDK of OpenZiti, which dials, hosts or both. */
export type PeerKind = 'client' | 'host' | 'link' | 'sdk';

/** Requests of ours that one peer may leave unanswered. */
const MAX_PENDING_REQUESTS = 4096;
/** Labels from here on are given by the accepting side of a link, and by routers to hosts. */
export const ACCEPTOR_LABELS_FROM = 0x8000_0000;

interface PeerOptions {
  /** True when we accepted the connection: our labels are of the upper half. */
  accepting: boolean;
  nowMs: number;
  /** A peer that makes us answer without reading is cut off beyond this queue. */
  maxQueuedBytes: number;
}

interface PendingRequest {
  answer: (reply: Message | undefined) => void;
  deadlineMs: number;
}

export class Peer {
  readonly kind: PeerKind;
  /** Identity id of a browser or host, router id of a link. */
  readonly id: string;
  readonly socket: FrameSocket;
  /** Open and opening circuits by the label they have on this connection. */
  readonly legs = new Map<number, Leg>();
  lastReceivedMs: number;
  closed = false;

  readonly #pending = new Map<number, PendingRequest>();
  #sequence = 0;
  #nextLabel: number;
  readonly #firstLabel: number;
  readonly #maxQueuedBytes: number;

  constructor(kind: PeerKind, id: string, socket: FrameSocket, options: PeerOptions) {
    this.kind = kind;
    this.id = id;
    this.socket = socket;
    this.lastReceivedMs = options.nowMs;
    this.#maxQueuedBytes = options.maxQueuedBytes;
    this.#firstLabel = options.accepting ? ACCEPTOR_LABELS_FROM : 1;
    this.#nextLabel = this.#firstLabel;
  }

  /** A label of our half that no circuit on this connection uses; never one used shortly before. */
  allocateLabel(): number {
    let label = this.#nextLabel;
    while (this.legs.has(label)) label = this.#after(label);
    this.#nextLabel = this.#after(label);
    return label;
  }

  /** True if `label` is one the other side may give. */
  isPeerLabel(label: number): boolean {
    return this.#firstLabel === ACCEPTOR_LABELS_FROM
      ? label < ACCEPTOR_LABELS_FROM
      : label >= ACCEPTOR_LABELS_FROM;
  }

  decode(frame: Uint8Array): Message {
    return decodeMessage(frame, EDGE_LIMITS);
  }

  /** Sends a message, with a label behind the data that waits for that circuit; returns its sequence. */
  sendMessage(
    contentType: number,
    headers: MessageHeaders,
    body?: Uint8Array,
    label?: number,
  ): number {
    const sequence = this.nextSequence();
    if (this.socket.bufferedBytes > this.#maxQueuedBytes) {
      this.socket.destroy(new AppError('ERR_PEER_STALLED', 'peer does not read'));
      return sequence;
    }
    this.socket.send(
      encodeMessage({ contentType, sequence, headers, ...(body && { body }) }),
      label,
    );
    return sequence;
  }

  /** Answers `request` with the given content type; copies header 128 as the channel demands. */
  reply(
    request: Message,
    contentType: number,
    headers = new MessageHeaders(),
    body?: Uint8Array,
  ): void {
    headers.setI32(HeaderKey.replyFor, request.sequence);
    const trace = request.headers.bytes(HeaderKey.uuid);
    if (trace !== undefined) headers.setBytes(HeaderKey.uuid, trace);
    this.sendMessage(contentType, headers, body);
  }

  /** Answers `request` with a message that refuses or ends something, and why. */
  replyRefusal(
    request: Message,
    contentType: number,
    headers: MessageHeaders,
    why: CloseReason,
  ): void {
    this.reply(request, contentType, headers, this.refusal(why, headers).body);
  }

  /** Tells that a circuit or binding of this connection ended, and why. */
  sendClosed(label: number, why: CloseReason): void {
    const { headers, body } = this.refusal(
      why,
      new MessageHeaders().setU32(HeaderKey.connId, label),
    );
    this.sendMessage(ContentType.stateClosed, headers, body, label);
  }

  /**
   * Sends a request. `answer` is called exactly once, synchronously with the reply's arrival (so that
   * frames right behind it find what it set up), or with `undefined` on timeout or loss.
   */
  request(
    contentType: number,
    headers: MessageHeaders,
    body: Uint8Array | undefined,
    deadlineMs: number,
    answer: (reply: Message | undefined) => void,
  ): void {
    if (this.closed || this.#pending.size >= MAX_PENDING_REQUESTS) {
      answer(undefined);
      return;
    }
    const sequence = this.sendMessage(contentType, headers, body);
    this.#pending.set(sequence, { answer, deadlineMs });
  }

  /** Hands a reply to the request it answers; false if nobody waits for it. */
  settle(reply: Message): boolean {
    const sequence = reply.headers.i32(HeaderKey.replyFor);
    const pending = sequence === undefined ? undefined : this.#pending.get(sequence);
    if (sequence === undefined || pending === undefined) return false;
    this.#pending.delete(sequence);
    pending.answer(reply);
    return true;
  }

  expireRequests(nowMs: number): void {
    for (const [sequence, pending] of this.#pending) {
      if (pending.deadlineMs > nowMs) continue;
      this.#pending.delete(sequence);
      pending.answer(undefined);
    }
  }

  /** After the connection is lost: every waiting request fails. */
  failRequests(): void {
    this.closed = true;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const request of pending) request.answer(undefined);
  }

  answerLatency(request: Message): void {
    this.reply(request, ContentType.result, new MessageHeaders().setBool(HeaderKey.success, true));
  }

  /** A circuit no longer goes over this connection. */
  release(leg: Leg): void {
    this.legs.delete(leg.label);
  }

  /** Adds why to headers, in the form this kind of peer understands; the body says it in words. */
  protected refusal(
    why: CloseReason,
    headers: MessageHeaders,
  ): { headers: MessageHeaders; body: Uint8Array } {
    return refusal(why, headers);
  }

  nextSequence(): number {
    this.#sequence = (this.#sequence + 1) & 0x7fff_ffff;
    return this.#sequence;
  }

  #after(label: number): number {
    const end = this.#firstLabel === ACCEPTOR_LABELS_FROM ? 0xffff_ffff : ACCEPTOR_LABELS_FROM - 1;
    return label >= end ? this.#firstLabel : label + 1;
  }
}

/** Required header of a message; throws `ERR_CHANNEL_HEADER`. */
export function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new AppError('ERR_CHANNEL_HEADER', `${name} is missing`);
  return value;
}
