/** What a link costs beside its latency, as its two ends are configured (docs/protocol.md, "Connecting"). */
import { HeaderKey, type Message, type MessageHeaders } from '@postern/shared/protocol/channel';

/** Of a link that nobody made dearer. */
export const DEFAULT_LINK_COST = 1;

export function setLinkCost(headers: MessageHeaders, cost: number): MessageHeaders {
  return headers.setU16(HeaderKey.linkCost, cost);
}

/** The dearer of both ends' configurations counts, so that a link costs the same in both directions. */
export function agreedLinkCost(own: number, { headers }: Message): number {
  return Math.max(own, headers.u16(HeaderKey.linkCost) ?? DEFAULT_LINK_COST);
}

/** What paths count for a link, before the hop itself: its latency, and its cost above the default. */
export function linkWeight(link: { latencyMs: number; staticCost?: number | undefined }): number {
  return link.latencyMs + (link.staticCost ?? DEFAULT_LINK_COST) - DEFAULT_LINK_COST;
}
