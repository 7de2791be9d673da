/**
 * Traceroute along a circuit (docs/protocol.md, "Circuits"): a request with n hops left is answered by the
 * n-th router, or by the host if it comes so far.
 */
import { decodeUtf8 } from '../../bytes/index.ts';
import { ContentType, HeaderKey, MessageHeaders, type Message } from '../channel/index.ts';
import type { FrameSender } from './frame-sender.ts';

/** Hops asked for at most; paths are shorter (32 routers). */
export const MAX_TRACE_HOPS = 33;
/** Values of header `traceHopType`. */
export const TraceHopType = { router: 'forwarder', host: 'edge host' } as const;

/** One place on the way of a circuit, and the round trip to it. */
export interface TraceHop {
  readonly kind: 'router' | 'host';
  /** Router id; empty for a host. As far as one relies on the network. */
  readonly id: string;
  readonly name: string;
  readonly roundTripMs: number;
}

/** Sends one request; returns its sequence. */
export function sendTraceRoute(sender: FrameSender, connectionId: number, hops: number): number {
  const headers = new MessageHeaders()
    .setU32(HeaderKey.connId, connectionId)
    .setU32(HeaderKey.traceHops, hops);
  return sender.sendMessage(ContentType.traceRoute, { headers });
}

/** The host's answer: nothing comes behind it. */
export function answerTraceRoute(sender: FrameSender, request: Message): void {
  const { headers } = request;
  const hops = headers.u32(HeaderKey.traceHops) ?? 0;
  const answer = new MessageHeaders()
    .setI32(HeaderKey.replyFor, request.sequence)
    .setU32(HeaderKey.connId, headers.u32(HeaderKey.connId) ?? 0)
    .setU32(HeaderKey.traceHops, Math.max(0, hops - 1))
    .setString(HeaderKey.traceHopType, TraceHopType.host)
    .setString(HeaderKey.traceHopId, '');
  const source = headers.u32(HeaderKey.traceSource);
  if (source !== undefined) answer.setU32(HeaderKey.traceSource, source);
  sender.sendMessage(ContentType.traceRouteResponse, { headers: answer });
}

export function readTraceHop(response: Message, roundTripMs: number): TraceHop {
  const { headers, body } = response;
  const isHost = headers.string(HeaderKey.traceHopType) === TraceHopType.host;
  const id = headers.string(HeaderKey.traceHopId) ?? '';
  return {
    kind: isHost ? 'host' : 'router',
    id,
    name: body.length > 0 && body.length <= 256 ? decodeUtf8(body) : id,
    roundTripMs,
  };
}
