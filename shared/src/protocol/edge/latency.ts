import { ContentType, HeaderKey, MessageHeaders } from '../channel/index.ts';
import type { Clock, Message } from '../channel/index.ts';
import type { FrameSender } from './frame-sender.ts';

/** A stamp is a u64, or a 16-byte id from OpenZiti's parts; anything longer is not echoed. */
const MAX_STAMP_BYTES = 16;

/** Asks the peer for a sign of life, stamped with the time. */
export function sendLatency(sender: FrameSender, clock: Clock): void {
  const headers = new MessageHeaders().setU64(HeaderKey.uuid, BigInt(Math.round(clock.nowMs())));
  sender.sendMessage(ContentType.latency, { headers });
}

/** Answers a Latency message by a Result with the same stamp. */
export function answerLatency(sender: FrameSender, latency: Message): void {
  const headers = new MessageHeaders()
    .setI32(HeaderKey.replyFor, latency.sequence)
    .setBool(HeaderKey.success, true);
  const stamp = latency.headers.bytes(HeaderKey.uuid);
  if (stamp !== undefined && stamp.length <= MAX_STAMP_BYTES)
    headers.setBytes(HeaderKey.uuid, stamp);
  sender.sendMessage(ContentType.result, { headers });
}

/** Round trip in ms by the stamp that came back; `undefined` if this is no answer to {@link sendLatency}. */
export function readLatencyMs(result: Message, clock: Clock): number | undefined {
  if (result.headers.bytes(HeaderKey.uuid)?.length !== 8) return undefined;
  const stamp = result.headers.u64(HeaderKey.uuid);
  const elapsedMs = clock.nowMs() - Number(stamp);
  return elapsedMs >= 0 ? elapsedMs : undefined;
}
