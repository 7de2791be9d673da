/** Traceroute along a circuit: answered here, or handed on; the answer finds its way back by labels. */
import { encodeUtf8 } from '@postern/shared/bytes';
import {
  ContentType,
  HeaderKey,
  MessageHeaders,
  type Message,
} from '@postern/shared/protocol/channel';
import { TraceHopType } from '@postern/shared/protocol/edge';
import type { Peer } from '../net/peer.ts';
import type { Leg } from './leg.ts';

/** Whose connection has so much waiting is not asked and not answered: traceroutes are worth nothing then. */
const MAX_BACKLOG_BYTES = 1024 * 1024;

/** Who this router is, in its answer. */
export interface RouterName {
  id: string;
  name: string;
}

/** A request that comes in on `peer`. Those for labels that are gone, or not yet joined, are dropped. */
export function handleTraceRoute(self: RouterName, peer: Peer, request: Message): void {
  const found = legOf(peer, request);
  const out = found?.circuit.opposite(found);
  if (found === undefined || out === undefined) return;
  const { headers } = request;
  const left = Math.max(0, (headers.u32(HeaderKey.traceHops) ?? 0) - 1);
  const source = headers.u32(HeaderKey.traceSource) ?? request.sequence;
  const common = copyStamp(request, new MessageHeaders().setU32(HeaderKey.traceHops, left));
  if (left > 0) {
    if (isBusy(out.peer)) return;
    common.setU32(HeaderKey.connId, out.label).setU32(HeaderKey.traceSource, source);
    out.peer.sendMessage(ContentType.traceRoute, common);
    return;
  }
  if (isBusy(peer)) return;
  common
    .setU32(HeaderKey.connId, found.label)
    .setU32(HeaderKey.traceSource, source)
    .setString(HeaderKey.traceHopType, TraceHopType.router)
    .setString(HeaderKey.traceHopId, self.id);
  peer.reply(request, ContentType.traceRouteResponse, common, encodeUtf8(self.name));
}

/** An answer from further along the circuit, on its way to the client. */
export function handleTraceRouteResponse(peer: Peer, response: Message): void {
  const found = legOf(peer, response);
  const out = found?.circuit.opposite(found);
  if (found === undefined || out === undefined || found !== found.circuit.downstream) return;
  const { headers, body } = response;
  const source = headers.u32(HeaderKey.traceSource);
  if (source === undefined || isBusy(out.peer) || body.length > 256) return;
  const back = copyStamp(response, new MessageHeaders())
    // A reply to the request only where the client made it.
    .setI32(HeaderKey.replyFor, out.peer.kind === 'client' || out.peer.kind === 'sdk' ? source : 0)
    .setU32(HeaderKey.connId, out.label)
    .setU32(HeaderKey.traceSource, source)
    .setU32(HeaderKey.traceHops, headers.u32(HeaderKey.traceHops) ?? 0)
    .setString(HeaderKey.traceHopType, headers.string(HeaderKey.traceHopType) ?? '')
    .setString(HeaderKey.traceHopId, headers.string(HeaderKey.traceHopId) ?? '');
  out.peer.sendMessage(ContentType.traceRouteResponse, back, body);
}

function legOf(peer: Peer, { headers }: Message): Leg | undefined {
  const label = headers.u32(HeaderKey.connId);
  return label === undefined ? undefined : peer.legs.get(label);
}

function copyStamp({ headers }: Message, to: MessageHeaders): MessageHeaders {
  const stamp = headers.bytes(HeaderKey.traceStamp);
  return stamp?.length === 8 ? to.setBytes(HeaderKey.traceStamp, stamp) : to;
}

const isBusy = (peer: Peer): boolean => peer.socket.bufferedBytes > MAX_BACKLOG_BYTES;
